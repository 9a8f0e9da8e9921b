"""Attacks on the firewall: from inside real cabins, and from the host towards them.

Every attack has its twin that must pass, so that a closed door is seen to be the firewall's
doing and not a broken road.
"""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest
from aiodocker import Docker

from stateroom.domain.cabin import Cabin
from stateroom.engines import docker_objects as objects
from stateroom.guard.state import Moment, in_place, read_state
from stateroom.guard.table import FAMILY, table_name
from tests.contract import engine_lab
from tests.contract.engine_lab import Lab, docker, run

EDGE, STEWARD, STRANGER, ROOT = 61_903, 61_901, 61_977, 0
CABIN_PORT = 18789

KNOCK = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), 2).close()
    print("open")
except OSError as error:
    print("closed")
"""
LISTEN = """
import socket, sys
server = socket.create_server((sys.argv[1], int(sys.argv[2])))
print("ready", flush=True)
while True:
    server.accept()[0].close()
"""


class Guarding:
    """The real guard as a process of its own."""

    def __init__(self, lab: Lab) -> None:
        self.state = lab.home / "guard" / "state.json"
        self.words = [
            sys.executable, "-m", "stateroom.guard",
            "--installation", lab.installation.id,
            "--broker-port", str(lab.installation.broker_port),
            "--allow", str(EDGE), "--allow", str(STEWARD),
            "--state", str(self.state),
        ]  # fmt: skip
        self.begin()

    def begin(self) -> None:
        self.process = subprocess.Popen(self.words, stderr=subprocess.DEVNULL)
        eventually(lambda: in_place(self.state))

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=10)


@dataclass
class Field:
    """Two cabins, each with a server inside, and a broker's stand-in on the host."""

    lab: Lab
    one: Cabin
    two: Cabin
    guard: Guarding


def eventually(claim: Callable[[], bool]) -> None:
    end = time.monotonic() + 15
    while not claim():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.01)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("firewall")
    with engine_lab.lab("e2", "10.215.0.0/17", 18073, folder) as one:
        yield one


@pytest.fixture(scope="module")
def field(lab: Lab) -> Iterator[Field]:
    guard = Guarding(lab)
    one, two = lab.cabin(), lab.cabin()

    async def prepare() -> None:
        async with Docker() as client:
            for cabin in (one, two):
                await lab.engine(client).prepare(cabin, ())

    asyncio.run(prepare())
    broker = listen("0.0.0.0", lab.installation.broker_port)
    other = listen("0.0.0.0", 18074)
    try:
        for cabin in (one, two):
            serve_inside(lab, cabin)
        yield Field(lab, one, two, guard)
    finally:
        for process in (broker, other):
            process.kill()
            process.wait()
        guard.end()
        run("nft", "delete", "table", FAMILY, table_name(lab.installation), ok=False)


def listen(address: str, port: int) -> subprocess.Popen[str]:
    words = [sys.executable, "-c", LISTEN, address, str(port)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.stdout.close()
    return process


def serve_inside(lab: Lab, cabin: Cabin) -> None:
    label = f"{objects.INSTALLATION}={lab.installation.prefix}"
    name = f"{cabin.name}-server"
    docker(
        "run", "--detach", "--name", name, "--label", label,
        "--network", f"container:{objects.holder_name(cabin.name)}",
        "--entrypoint", "python3", lab.image, "-c", LISTEN, "0.0.0.0", str(CABIN_PORT),
    )  # fmt: skip
    eventually(lambda: "ready" in docker("logs", name))


def from_cabin(field: Field, address: object, port: int) -> str:
    name = f"{field.one.name}-server"
    return docker("exec", name, "python3", "-c", KNOCK, str(address), str(port))


def from_host(uid: int, address: object, port: int) -> str:
    """From a process of the host under that uid."""
    return run(
        "setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups",
        "/usr/bin/env", "python3", "-c", KNOCK, str(address), str(port),
    )  # fmt: skip


def own_addresses() -> set[str]:
    """Every IPv4 address of this host but loopback and the labs' bridges."""
    found = json.loads(run("ip", "-json", "-4", "address"))
    return {
        info["local"]
        for link in found
        if link["ifname"] != "lo" and not link["ifname"].startswith("st")
        for info in link["addr_info"]
    }


def test_the_broker_answers_on_the_cabins_own_gateway(field: Field) -> None:
    """The one thing that a cabin may reach."""
    assert from_cabin(field, field.one.gateway, field.lab.installation.broker_port) == "open"


def test_nothing_else_of_the_host_answers(field: Field) -> None:
    """Another port on the own gateway is closed, and so is every port on any other address of
    this host, docker0's among them, though servers listen there."""
    assert from_cabin(field, field.one.gateway, 18074) == "closed"
    addresses = own_addresses()
    assert addresses
    for address in addresses:
        for port in (18074, field.lab.installation.broker_port):
            assert from_cabin(field, address, port) == "closed", address


def test_another_cabin_is_out_of_reach(field: Field) -> None:
    """Neither its server nor the broker on its gateway answers."""
    assert from_host(EDGE, field.two.address, CABIN_PORT) == "open"
    assert from_cabin(field, field.two.address, CABIN_PORT) == "closed"
    assert from_cabin(field, field.two.gateway, field.lab.installation.broker_port) == "closed"


@pytest.mark.parametrize("address", ["169.254.169.254", "192.0.2.1", "example.org"])
def test_the_world_is_out_of_reach(field: Field, address: str) -> None:
    """The cloud's metadata address, an address of the internet, and a name."""
    assert from_cabin(field, address, 80) == "closed"


def test_only_edge_and_steward_reach_a_cabin(field: Field) -> None:
    """A cabin takes who comes from its gateway for our proxy, so no other uid may."""
    assert from_host(EDGE, field.one.address, CABIN_PORT) == "open"
    assert from_host(STEWARD, field.one.address, CABIN_PORT) == "open"
    assert from_host(STRANGER, field.one.address, CABIN_PORT) == "closed"
    assert from_host(ROOT, field.one.address, CABIN_PORT) == "closed"


def test_the_broker_has_no_other_clients(field: Field) -> None:
    """Not from loopback, not from the host's addresses."""
    for address in ("127.0.0.1", *own_addresses()):
        assert from_host(STRANGER, address, field.lab.installation.broker_port) == "closed"
        assert from_host(STRANGER, address, 18074) == "open"


def test_another_container_does_not_reach_a_cabin(field: Field) -> None:
    """A container on Docker's default bridge, which is routed through this host."""
    knock = ("python3", "-c", KNOCK, str(field.one.address), str(CABIN_PORT))
    label = f"{objects.INSTALLATION}={field.lab.installation.prefix}"
    words = ("run", "--rm", "--label", label, "--entrypoint", knock[0], field.lab.image)
    assert docker(*words, *knock[1:]) == "closed"


def test_ipv6_is_not_spoken(field: Field) -> None:
    """The host's end of the bridge does not answer on its link-local address either."""
    addresses = json.loads(run("ip", "-json", "-6", "address", "show", "dev", field.one.name))
    for info in [info for link in addresses for info in link.get("addr_info", [])]:
        assert from_cabin(field, f"{info['local']}%eth0", 18074) == "closed"
    assert from_cabin(field, "::1", CABIN_PORT) == "closed"


def test_a_table_that_is_removed_comes_back(field: Field) -> None:
    """Removed, emptied or flushed with everything else of ours: it is put back and works."""
    name = table_name(field.lab.installation)
    whole = run("nft", "-s", "list", "table", FAMILY, name)
    for harm in (
        ("delete", "table", FAMILY, name),
        ("flush", "table", FAMILY, name),
        ("insert", "rule", FAMILY, name, "from_cabin", "accept"),
    ):
        run("nft", *harm)
        eventually(lambda: run("nft", "-s", "list", "table", FAMILY, name, ok=False) == whole)
    assert from_cabin(field, field.one.gateway, 18074) == "closed"
    assert from_host(EDGE, field.one.address, CABIN_PORT) == "open"


def test_the_guard_ends_and_the_table_stays(field: Field) -> None:
    """Told to end, or killed, it leaves the table; a new guard takes it over."""
    name = table_name(field.lab.installation)
    assert field.guard.end() == 0
    assert "from_cabin" in run("nft", "list", "table", FAMILY, name)
    field.guard.begin()
    field.guard.process.kill()
    field.guard.process.wait()
    assert "from_cabin" in run("nft", "list", "table", FAMILY, name)
    later = Moment.now()
    assert not read_state(field.guard.state, replace(later, seconds=later.seconds + 16))
    field.guard.begin()


def test_an_open_stream_survives_a_new_table(field: Field) -> None:
    """Replacing the table cuts no connection that was allowed."""
    hold = (
        "import socket,sys\n"
        f"s=socket.create_connection(('{field.two.address}',18790),5)\n"
        "print('open',flush=True);sys.stdin.readline();s.sendall(b'x');print(s.recv(1).decode())"
    )
    words = [
        "setpriv", f"--reuid={EDGE}", f"--regid={EDGE}", "--clear-groups",
        "/usr/bin/env", "python3", "-c", hold,
    ]  # fmt: skip
    echo = (
        "import socket\nc=socket.create_server(('0.0.0.0',18790))\nprint('ready',flush=True)\n"
        "s=c.accept()[0]\ns.sendall(s.recv(1))"
    )
    server = subprocess.Popen(
        ["docker", "exec", f"{field.two.name}-server", "python3", "-c", echo],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert server.stdout is not None
    assert server.stdout.readline() == "ready\n"
    client = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert client.stdin is not None
    assert client.stdout is not None
    assert client.stdout.readline() == "open\n"
    field.guard.end()
    field.guard.begin()
    said, _ = client.communicate("go\n", timeout=10)
    assert said == "x\n"
    server.communicate(timeout=10)

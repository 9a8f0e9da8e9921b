"""A hostile tenant's view: from inside a real cabin, as the cabin's own user, everything that
is closed is tried. Every attack has a counterpart that works, so that none passes because the
tool was missing."""

from __future__ import annotations

import json
import socket
import subprocess
import textwrap
from pathlib import Path

import pytest

from stateroom.domain.cabin import FIRST_UID
from tests.e2e.cabins import Agent, agent_of, uids
from tests.e2e.installation import Stateroom, docker, run
from tests.e2e.shared import stateroom
from tests.e2e.talk import must

__all__ = ["stateroom"]

CONNECT = """
const net = require("net"), tried = JSON.parse(process.argv[1]);
Promise.all(tried.map(([host, port]) => new Promise((done) => {
  const s = net.connect({host, port});
  const end = (how) => { s.destroy(); done([host + ":" + port, how]); };
  s.setTimeout(3000, () => end("silence"));
  s.on("connect", () => end("open")).on("error", (e) => end(e.code));
}))).then((all) => console.log(JSON.stringify(Object.fromEntries(all))));
"""


@pytest.fixture(scope="module")
def acme(stateroom: Stateroom) -> Agent:
    stateroom.ready("acme")
    return agent_of(stateroom, "acme")


@pytest.fixture(scope="module")
def globex(stateroom: Stateroom) -> Agent:
    stateroom.ready("globex")
    return agent_of(stateroom, "globex")


def connects(agent: Agent, *targets: tuple[str, int]) -> dict[str, str]:
    """What became of a TCP connection from inside to each target."""
    said = agent.run("node", "-e", CONNECT, json.dumps(targets))
    assert said.code == 0, said.err
    return dict(json.loads(said.out))


def node(agent: Agent, script: str, given: str = "") -> str:
    said = agent.node(textwrap.dedent(script), given)
    assert said.code == 0, said.err
    return said.out.strip()


def addresses_of_host() -> set[str]:
    """Every IPv4 address that this machine has, on whatever interface."""
    shown = json.loads(run("ip", "-json", "-4", "address", "show"))
    return {a["local"] for link in shown for a in link["addr_info"]} - {"127.0.0.1"}


def test_the_brokers_port_on_its_own_bridge_is_the_only_way_out(
    stateroom: Stateroom, acme: Agent, globex: Agent
) -> None:
    """Of everything a cabin may try to reach, its own gateway's broker port alone answers: no
    other port of the gateway, no other address of the host with or without a service behind it,
    no other cabin's gateway, broker or runtime, no metadata service, nothing outside."""
    https, http, api, broker = stateroom.ports
    open_here = (acme.gateway, broker)
    closed = [
        *((acme.gateway, port) for port in (22, 53, 80, https, http, api, 2375, 18789)),
        *((own, port) for own in addresses_of_host() - {acme.gateway}
          for port in (22, https, api, broker)),
        (globex.gateway, broker), (globex.address, 18789), (globex.address, 22),
        ("169.254.169.254", 80), ("1.1.1.1", 443), ("8.8.8.8", 53), ("172.17.0.1", 80),
        ("192.168.0.1", 80), ("10.0.0.1", 80),
    ]  # fmt: skip
    with socket.create_server(("0.0.0.0", 0)) as listening:
        # A service that anybody may reach is still not for cabins.
        port = listening.getsockname()[1]
        closed += [(own, port) for own in addresses_of_host()]
        found = connects(acme, open_here, *closed)
    assert found.pop(f"{open_here[0]}:{broker}") == "open"
    assert {target for target, how in found.items() if how == "open"} == set()


def test_no_datagram_leaves_either(acme: Agent) -> None:
    """UDP to the host and to outside is dropped too, so a tunnel over DNS has no way."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("0.0.0.0", 0))
        listening.settimeout(1.0)
        port = listening.getsockname()[1]
        listening.sendto(b"ours", (acme.gateway, port))
        assert listening.recv(16) == b"ours"
        targets = [acme.gateway, *addresses_of_host()]
        node(acme, f"""
            const s = require("dgram").createSocket("udp4");
            for (const h of {json.dumps(targets)}) s.send("out", {port}, h);
            setTimeout(() => s.close(), 300);
        """)
        with pytest.raises(TimeoutError):
            listening.recv(16)


def test_names_of_outside_are_not_resolved(acme: Agent) -> None:
    """DNS leads nowhere: neither a public name nor another container's is found."""
    for name in ("example.com", "example.org", "host.docker.internal"):
        said = acme.node(f"""
            require("dns").lookup("{name}", (e) => process.exit(e ? 7 : 0));
        """)
        assert said.code == 7, name


def test_ipv6_is_not_spoken(acme: Agent) -> None:
    """No IPv6 address but loopback: a second protocol would be a second way out."""
    found = node(acme, """
        const all = Object.values(require("os").networkInterfaces()).flat();
        console.log(all.filter((a) => a.family === "IPv6" && !a.internal).length);
    """)
    assert found == "0"


def test_raw_sockets_and_namespaces_are_refused(acme: Agent) -> None:
    """No capability is held or can be gained: no raw packets, no new network, no mount, no
    change of the interface or of the host's name."""
    status = acme.sh("cat /proc/self/status")
    for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        line = next(line for line in status.splitlines() if line.startswith(kind))
        assert int(line.split()[1], 16) == 0, line
    assert "NoNewPrivs:\t1" in status
    for attempt in (
        "mount -t tmpfs none /tmp", "unshare -m true", "unshare -n true", "hostname other",
        "mknod /tmp/loop0 b 7 0", "chown 0 /tmp", "unshare -Ur mount -t tmpfs none /mnt",
    ):  # fmt: skip
        assert acme.run("sh", "-c", f"{attempt} 2>&1").code != 0, attempt


def test_everything_but_its_data_and_tmp_is_read_only(acme: Agent) -> None:
    """The image, what the platform set and the entry point cannot be changed; /data and /tmp
    can."""
    for path in (
        "/etc/passwd", "/opt/new", "/new", "/usr/bin/new", "/run/new", "/run/stateroom/new",
        "/run/stateroom/openclaw.json", "/run/stateroom/env", "/.stateroom/cabin-init",
        "/proc/sys/kernel/hostname", "/sys/new", "/dev/new",
    ):  # fmt: skip
        assert acme.run("sh", "-c", f"echo x > {path}").code != 0, path
    assert acme.sh("echo x > /data/probe && cat /data/probe && rm /data/probe") == "x"
    assert acme.sh("echo x > /tmp/probe && cat /tmp/probe && rm /tmp/probe") == "x"
    assert acme.run("sh", "-c", "rm -rf /run/stateroom/secrets /run/stateroom/env").code != 0


def test_every_cabin_has_users_of_its_own(acme: Agent, globex: Agent) -> None:
    """No uid of one cabin is one of another's or a person's, and none is root; every process
    of the cabin runs under the cabin's."""
    assert set(uids(acme)).isdisjoint(uids(globex))
    assert min(uids(acme)) >= FIRST_UID
    for agent in (acme, globex):
        owners = {Path(f"/proc/{pid}").stat().st_uid for pid in agent.pids()}
        assert owners == {min(uids(agent))}


def test_only_its_own_files_are_in_sight(
    stateroom: Stateroom, acme: Agent, globex: Agent
) -> None:
    """Nothing mounted inside leads to another cabin's content or disk, to our keys, or to the
    Docker socket; the other cabin's name appears nowhere."""
    mounts = acme.sh("cat /proc/self/mountinfo")
    assert acme.cabin in mounts
    assert globex.cabin not in mounts
    assert "docker.sock" not in mounts
    home = str(stateroom.home)
    for path in ("/var/run/docker.sock", home, "/content", "/grants", "/dev/stateroom"):
        assert acme.run("sh", "-c", f"test -e {path}").code != 0, path
    devices = acme.sh("ls /dev").split()
    assert not [d for d in devices if d.startswith(("loop", "sd", "vd", "nvme", "mem", "kmsg"))]
    # Each cabin's folder in the tmpfs is its own: the other's uid may not even enter it.
    assert acme.content.is_dir()
    uid = min(uids(globex))
    entered = subprocess.run(
        ["cat", str(acme.content / "env")], user=uid, group=uid, extra_groups=[],
        capture_output=True, check=False,
    )  # fmt: skip
    assert entered.returncode != 0


def test_another_cabins_broker_key_is_refused(
    stateroom: Stateroom, acme: Agent, globex: Agent
) -> None:
    """A key stolen from one cabin does not work from another, and no key at all neither; its
    own does."""
    keys = {a.slug: a.environment()["STATEROOM_BROKER_KEY"] for a in (acme, globex)}
    for slug, key in keys.items():
        stateroom.revealed[f"broker key {slug}"] = key

    def ask(key: str) -> int:
        return int(node(acme, f"""
            const key = require("fs").readFileSync(0, "utf8").trim();
            fetch("http://{acme.gateway}:{stateroom.ports[3]}/v1/chat/completions", {{
              method: "POST",
              headers: {{"authorization": "Bearer " + key, "content-type": "application/json"}},
              body: JSON.stringify({{model: "demo-1", messages: [{{role: "user", content: "x"}}]}}),
            }}).then((r) => console.log(r.status));
        """, f"{key}\n"))

    assert ask(keys["acme"]) == 200
    assert ask(keys["globex"]) in (401, 403)
    assert ask("") == 401


def test_the_host_cannot_reach_a_runtime_but_as_the_edge(
    stateroom: Stateroom, acme: Agent
) -> None:
    """OpenClaw trusts whoever comes from the bridge's address, so nobody on the host may: not
    another user, not root. Through the edge it answers."""
    target = f"http://{acme.address}:18789/healthz"
    words = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "1", target]
    for uid in (65534, 0):
        done = subprocess.run(
            words, user=uid, group=uid, extra_groups=[], capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode != 0, f"uid {uid} got {done.stdout}"
    with stateroom.door("acme") as door:
        assert must(door.models()).status_code == 200


def test_a_neighbour_on_the_engine_cannot_reach_a_runtime(
    stateroom: Stateroom, acme: Agent, globex: Agent
) -> None:
    """A process in the other cabin's namespace, under an image and a user that the tenant does
    not control, and a container on the host's network both get nothing."""
    image = docker("inspect", "-f", "{{.Image}}", acme.holder)
    label = f"stateroom.installation={stateroom.prefix}"
    script = (
        "import socket,sys\n"
        f"try: socket.create_connection(('{acme.address}', 18789), 3)\n"
        "except OSError: sys.exit(7)\n"
    )
    for network in (f"container:{globex.holder}", "host"):
        done = subprocess.run(
            ["docker", "run", "--rm", "--label", label, "--network", network, "--user", "0:0",
             "--entrypoint", "python3", image, "-c", script],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 7, f"{network}: {done.stdout} {done.stderr}"


def test_the_parts_of_ours_hold_no_more_than_they_need(stateroom: Stateroom) -> None:
    """The api has neither Docker's socket nor a key that opens secrets; nobody but the steward
    has the socket; every part is read-only and has no capability but the guard's one."""
    secret = (stateroom.home / "steward" / "seal.key").read_bytes()
    assert len(secret) > 16
    for part in ("api", "steward", "broker", "edge", "guard", "holder"):
        shown = json.loads(docker("inspect", f"{stateroom.prefix}-{part}"))[0]
        host = shown["HostConfig"]
        sources = [mount.get("Source", "") for mount in shown["Mounts"]]
        has_socket = any(source.endswith("docker.sock") for source in sources)
        assert has_socket == (part == "steward"), part
        keys = str(stateroom.home / "steward")
        has_keys = any(keys == source or keys.startswith(f"{source}/") for source in sources)
        assert has_keys == (part == "steward"), part
        assert not any(source.startswith(str(stateroom.home / "ca") + "/") for source in sources)
        assert str(stateroom.home / "ca") not in sources
        assert host["ReadonlyRootfs"]
        assert not host["Privileged"]
        assert host["CapDrop"] == ["ALL"]
        assert (host["CapAdd"] or []) == (["NET_ADMIN"] if part == "guard" else []), part
        pid = shown["State"]["Pid"]
        for key in ("seal.key", "sign.pem"):
            seen = Path(f"/proc/{pid}/root{stateroom.home}/steward/{key}").exists()
            assert seen == (part == "steward"), (part, key)
    assert (stateroom.home / "admin.key").stat().st_mode & 0o777 == 0o600

"""Whether this host can carry cabins at all: what the engine tells, and what only trying shows.

Other people's firewall rules are asked after ours. So nobody can read from ours that a cabin
reaches the broker: a bridge like a cabin's is made, somebody on it asks, and it goes again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from aiodocker import Docker
from aiodocker.exceptions import DockerError

from stateroom.domain.cabin import Installation
from stateroom.errors import Permanent
from stateroom.installation import machine

TRIES = 5
_ASK = """
import socket, sys, time
said = ""
for left in reversed(range(int(sys.argv[3]))):
    try:
        with socket.create_connection((sys.argv[1], int(sys.argv[2])), 2) as line:
            line.sendall(b"GET /healthz HTTP/1.0\\r\\n\\r\\n")
            said = "" if b" 200 " in line.recv(64) else "it does not answer as the broker does"
    except OSError as error:
        said = str(error)
    if not said:
        break
    time.sleep(0.5 if left else 0)
print(said)
"""
"""Prints why not; with the standard library's smallest part, so that any image of ours has it."""


def unfit(info: Mapping[str, Any]) -> str:
    """Why the engine cannot be used, with what to do; "" where nothing speaks against it.
    info: what the engine says of itself."""
    options = [str(option) for option in info.get("SecurityOptions") or []]
    if any("name=rootless" in option for option in options):
        return (
            "it runs rootless, and then it has no part in the host's network, firewall and disks, "
            "which cabins are closed with; use a Docker engine that runs as root (STATEROOM_DOCKER "
            "says which)"
        )
    if any("name=userns" in option for option in options):
        return (
            "it maps users (userns-remap), so that the uids of cabins and of our parts, which "
            "firewall and files go by, are other ones on the host; take `userns-remap` out of "
            "/etc/docker/daemon.json and restart Docker"
        )
    return ""


async def must_be_fit(docker: Docker) -> None:
    """Raises Permanent where cabins cannot work here, before anything is made."""
    if wrong := unfit(await docker.system.info()):
        raise Permanent(f"this Docker engine cannot be used: {wrong}")


async def cabin_reaches_broker(docker: Docker, image: str, installation: Installation) -> str:
    """Why not, with what to do; "" where it does. The guard's table and the broker must be there.
    Raises DockerError or Permanent where it cannot be tried."""
    async with _bridge(docker, installation) as (network, gateway):
        words = ["python3", "-c", _ASK, str(gateway), str(installation.broker_port), str(TRIES)]
        said = await machine.run_once(
            docker, image, words, installation.prefix, (), network, [], {}, user="65534:65534"
        )
    if not said.strip():
        return ""
    prefix, port = installation.prefix, installation.broker_port
    return (
        f"from a bridge like a cabin's it cannot be reached at {gateway}:{port} "
        f"({said.strip()}), so no model answers. Rules of this host drop it (ufw, firewalld or "
        f"your own): let TCP port {port} in from {installation.subnets} on interfaces {prefix}-*, "
        f"with ufw: `ufw allow proto tcp from {installation.subnets} to any port {port}`"
    )


@asynccontextmanager
async def _bridge(
    docker: Docker, installation: Installation
) -> AsyncIterator[tuple[str, IPv4Address]]:
    """The name of a network like a cabin's and its gateway, in the last place of the pool, which
    the last possible cabin would have."""
    name = f"{installation.prefix}-doctor"
    place = _last(installation.subnets)
    await _remove(docker, name)  # Left behind by one that was killed.
    await docker.networks.create({
        "Name": name,
        "CheckDuplicate": True,
        "Driver": "bridge",
        "Internal": True,
        "IPAM": {"Config": [{"Subnet": str(place), "Gateway": str(place[1])}]},
        "Options": {"com.docker.network.bridge.name": name},
        "Labels": {"stateroom.doctor": installation.prefix},
    })  # fmt: skip
    try:
        yield name, place[1]
    finally:
        await _remove(docker, name)


async def remove_bridge(docker: Docker, installation: Installation) -> None:
    """Of a check that was killed."""
    await _remove(docker, f"{installation.prefix}-doctor")


def _last(pool: IPv4Network) -> IPv4Network:
    return IPv4Network((int(pool.broadcast_address) & ~7, 29))


async def _remove(docker: Docker, name: str) -> None:
    with suppress(DockerError):
        network = await docker.networks.get(name)
        await network.delete()

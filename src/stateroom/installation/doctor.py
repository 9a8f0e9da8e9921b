"""What `stateroom doctor` looks at: engine, kernel, ports, our own parts, and the way of a cabin to
the broker. It changes nothing: what it makes to try that way is gone when it has answered."""

from __future__ import annotations

import asyncio
import shutil
import socket
from ipaddress import IPv4Network

from aiodocker import Docker
from aiodocker.exceptions import DockerError

from stateroom.domain.cabin import PARTS, Installation
from stateroom.errors import Permanent
from stateroom.guard.state import in_place
from stateroom.installation import database, host_check, machine
from stateroom.installation.doctor_files import examine_files
from stateroom.installation.finding import Finding
from stateroom.layout import Layout
from stateroom.settings import Settings

OLDEST_API = (1, 41)
LOW_DISK_MB = 4096
_NOT_ALWAYS = ("relay",)
"""There where the database is reached by network, and nowhere else."""


async def examine(settings: Settings) -> tuple[Finding, ...]:
    docker = Docker(settings.docker)
    try:
        engine = await _engine(docker, settings)
        if engine[0].verdict == "wrong":
            return (*engine, _disk(settings))
        return (*engine, _disk(settings), *await _parts(docker, settings))
    finally:
        await docker.close()


async def _engine(docker: Docker, settings: Settings) -> tuple[Finding, ...]:
    try:
        info, version = await asyncio.gather(docker.system.info(), docker.version())
    except (DockerError, OSError) as error:
        detail = f"{settings.docker} does not answer ({error}); `scripts/up` installs and starts it"
        return (Finding("wrong", "engine", detail),)
    api = tuple(int(n) for n in str(version["ApiVersion"]).split("."))
    if api < OLDEST_API:
        detail = f"API {version['ApiVersion']} is too old; Docker 20.10 or later is needed"
        return (Finding("wrong", "engine", detail),)
    if wrong := host_check.unfit(info):
        return (Finding("wrong", "engine", wrong),)
    return (Finding("good", "engine", machine.engine_facts(info)), *_kernel(info))


def _kernel(info: dict[str, object]) -> tuple[Finding, ...]:
    options = info.get("SecurityOptions") or []
    found: list[Finding] = []
    seccomp = isinstance(options, list) and any("seccomp" in str(option) for option in options)
    found.append(
        Finding("good", "seccomp", "the engine's default profile is in force")
        if seccomp
        else Finding("note", "seccomp", "the kernel has none: one layer less around cabins")
    )
    if not info.get("SwapLimit", True):
        found.append(Finding("note", "swap", "no swap accounting: sleeping cabins stay in memory"))
    return tuple(found)


def _disk(settings: Settings) -> Finding:
    place = settings.home if settings.home.exists() else settings.home.anchor
    free = shutil.disk_usage(place).free // 2**20
    verdict = "good" if free > LOW_DISK_MB else "wrong"
    return Finding(verdict, "disk", f"{free} MiB are free under {place}")


async def _parts(docker: Docker, settings: Settings) -> tuple[Finding, ...]:
    layout = Layout(settings.home)
    try:
        known = machine.known_installation(layout)
    except Permanent as error:
        return (Finding("wrong", "parts", error.message),)
    if not known:
        return (Finding("note", "parts", f"nothing at {settings.home} yet: `stateroom up`"),)
    installation = Installation(known, IPv4Network(settings.subnets), settings.broker_port)
    seen = await machine.seen_parts(docker, installation)
    wanted = [name for name in PARTS if name in seen or name not in _NOT_ALWAYS]
    found = [_part(name, seen.get(name)) for name in wanted]
    found += [
        await _database(docker, name, seen[name].container)
        for name in ("api", "steward")
        if name in seen and seen[name].running
    ]
    firewall = in_place(layout.guard_state)
    found.append(
        Finding("good", "firewall", "the guard sees its table in place")
        if firewall
        else Finding("wrong", "firewall", "not known to be in place, so nothing is started")
    )
    if firewall and "broker" in seen and seen["broker"].running:
        found.append(await _way_to_broker(docker, installation))
    found.append(_port("edge", settings.edge_address, settings.https_port))
    found.append(_port("api", "127.0.0.1", settings.api_port))
    return (*found, *await examine_files(settings))


async def _way_to_broker(docker: Docker, installation: Installation) -> Finding:
    what = "cabin to broker"
    try:
        image = await machine.image_of_ours(docker, installation)
        wrong = await host_check.cabin_reaches_broker(docker, image, installation)
    except (DockerError, Permanent, TimeoutError) as error:
        return Finding("note", what, f"it could not be tried: {error}")
    return Finding("wrong", what, wrong) if wrong else Finding("good", what, "it is let through")


async def _database(docker: Docker, part: str, container: str) -> Finding:
    """Asked inside the part: each has its own way there."""
    try:
        wrong = await database.ask_part(docker, container)
    except (DockerError, TimeoutError) as error:
        wrong = f"{part} cannot be asked: {error}"
    if wrong:
        return Finding("wrong", f"database of {part}", wrong)
    return Finding("good", f"database of {part}", "it answers")


def _part(name: str, seen: machine.Seen | None) -> Finding:
    if seen is None:
        return Finding("wrong", name, "there is no such container: `stateroom up`")
    if not seen.running:
        return Finding("wrong", name, "it does not run: `stateroom up`")
    return Finding("good", name, "runs")


def _port(what: str, address: str, port: int) -> Finding:
    try:
        with socket.create_connection((address, port), timeout=2.0):
            return Finding("good", f"{what} port", f"{address}:{port} accepts connections")
    except OSError as error:
        return Finding("wrong", f"{what} port", f"{address}:{port}: {error}")

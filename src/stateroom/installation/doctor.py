"""What `stateroom doctor` looks at: engine, kernel, ports, our own parts. It only reads."""

from __future__ import annotations

import asyncio
import shutil
import socket
import time
from dataclasses import dataclass
from ipaddress import IPv4Network

from aiodocker import Docker
from aiodocker.exceptions import DockerError

from stateroom.domain.cabin import PARTS, Installation
from stateroom.guard.state import read_state
from stateroom.installation import machine
from stateroom.layout import Layout
from stateroom.settings import Settings

OLDEST_API = (1, 41)
LOW_DISK_MB = 4096


@dataclass(frozen=True, slots=True)
class Finding:
    """verdict: "good", "note" (works, with less) or "wrong". detail says what to do."""

    verdict: str
    what: str
    detail: str


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
    known = machine.known_installation(layout)
    if not known:
        return (Finding("note", "parts", f"nothing at {settings.home} yet: `stateroom up`"),)
    installation = Installation(known, IPv4Network(settings.subnets), settings.broker_port)
    seen = await machine.seen_parts(docker, installation)
    found = [_part(name, seen.get(name)) for name in PARTS]
    firewall = read_state(layout.guard_state, time.time())
    found.append(
        Finding("good", "firewall", "the guard sees its table in place")
        if firewall
        else Finding("wrong", "firewall", "not known to be in place, so nothing is started")
    )
    found.append(_port("edge", settings.edge_address, settings.https_port))
    found.append(_port("api", "127.0.0.1", settings.api_port))
    return tuple(found)


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

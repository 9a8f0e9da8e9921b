"""Bringing an installation up: the one story that `stateroom up` tells, step by step.

Every step looks first and does only what is missing, so running it again changes nothing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from ipaddress import IPv4Network

from aiodocker import Docker
from aiodocker.exceptions import DockerError

from stateroom.domain.cabin import Installation
from stateroom.edge.addresses import listen_addresses
from stateroom.errors import Permanent
from stateroom.installation import database, host_check, machine, outside, own_home, standing
from stateroom.installation import parts as table
from stateroom.layout import Layout
from stateroom.settings import Settings
from stateroom.store.address import Address

Report = Callable[[str], None]
"""Takes one line for people; whoever shows it adds the time."""


@dataclass(frozen=True, slots=True)
class Images:
    """Image ids on this engine."""

    openclaw: str
    stateroom: str


@dataclass(frozen=True, slots=True)
class Raised:
    """changed: names of the parts that had to be made or started. is_new: there was none before."""

    installation: Installation
    changed: tuple[str, ...]
    is_new: bool


async def bring_up(docker: Docker, settings: Settings, images: Images, report: Report) -> Raised:
    """Home, volumes, parts; afterwards the api answers. Raises StateroomError."""
    layout = Layout(settings.home)
    own_home.must_be_fit(layout)
    settings.home.mkdir(parents=True, exist_ok=True)
    known = machine.known_installation(layout)
    installation = Installation(
        known or await machine.free_installation(docker),
        IPv4Network(settings.subnets),
        settings.broker_port,
    )
    environment = settings_environment(settings)
    report("home, keys and certificates")
    address = database.hand_over(settings)
    try:
        outside.hand_over(layout, os.environ)
        furnished = await _furnish(docker, settings, installation, images, environment)
    finally:
        layout.handed_database.unlink(missing_ok=True)
        outside.take_back(layout)
    ground = await _ground(docker, settings, installation, images, furnished, environment, address)
    if not address.sqlite:
        report(f"asking the {address.shown}")
        await database.must_answer(docker, ground, furnished["database_file"])
    if furnished["database_file"] != str(layout.database_url("steward")):
        await _help(docker, settings, installation, images, environment, "--adopt-database")
    changed = await _raise_parts(docker, ground, report)
    report("waiting for the api")
    await standing.must_stand(settings, lambda: _down(docker, ground))
    if "broker" in changed or "guard" in changed:
        await _try_way_to_broker(docker, images, installation, report)
    return Raised(installation, changed, is_new=not known)


async def _try_way_to_broker(
    docker: Docker, images: Images, installation: Installation, report: Report
) -> None:
    """Told and no more: somebody may be about to open it."""
    report("the way from a cabin to the broker")
    try:
        wrong = await host_check.cabin_reaches_broker(docker, images.stateroom, installation)
    except TimeoutError:
        wrong = "it could not be tried: Docker did not answer in time"
    except (DockerError, Permanent) as error:
        wrong = f"it could not be tried: {error}"
    if wrong:
        report(f"the broker: {wrong}")


async def _furnish(
    docker: Docker,
    settings: Settings,
    installation: Installation,
    images: Images,
    environment: Mapping[str, str],
) -> Mapping[str, str]:
    """What home.py says: `entry_point`, `edge_files`, `broker_files`, `database_file` and
    `database_key`."""
    said = await _help(docker, settings, installation, images, environment)
    return {name: str(value) for name, value in json.loads(said).items()}


async def _help(
    docker: Docker,
    settings: Settings,
    installation: Installation,
    images: Images,
    environment: Mapping[str, str],
    *words: str,
) -> str:
    """Runs home.py as the helper."""
    command = [
        "python3", "-m", "stateroom.installation.home",
        "--installation", installation.id,
        "--owner", f"{os.getuid()}:{os.getgid()}",
        *(f"--listen={address}" for address in listen_addresses(settings.edge_address)),
        *words,
    ]  # fmt: skip
    label = installation.prefix
    return await machine.run_helper(docker, images.stateroom, command, settings, environment, label)


async def _ground(
    docker: Docker,
    settings: Settings,
    installation: Installation,
    images: Images,
    furnished: Mapping[str, str],
    environment: Mapping[str, str],
    address: Address,
) -> table.Ground:
    ground = table.Ground(
        settings=settings,
        installation=installation,
        image=images.stateroom,
        entry_point=furnished["entry_point"],
        docker_group=machine.docker_group(settings),
        content_mount="",
        environment=environment,
        database=address,
        database_key=furnished["database_key"],
        edge_files=furnished["edge_files"],
        broker_files=furnished["broker_files"],
    )
    await machine.ensure_volumes(docker, ground)
    return replace(ground, content_mount=await machine.mountpoint(docker, installation))


async def _down(docker: Docker, ground: table.Ground) -> list[str]:
    """The parts that do not run just now; one that the engine restarts again and again is among
    them."""
    seen = await machine.seen_parts(docker, ground.installation)
    return [
        part.name
        for part in table.parts(ground)
        if part.name not in seen or not seen[part.name].running
    ]


async def _raise_parts(docker: Docker, ground: table.Ground, report: Report) -> tuple[str, ...]:
    seen = await machine.seen_parts(docker, ground.installation)
    changed: list[str] = []
    parts = table.parts(ground)
    for name in seen.keys() - {part.name for part in parts}:
        # A relay, where the database is no longer reached by network.
        await machine.take_down(docker.containers.container(seen[name].container))
    for part in parts:
        if await machine.ensure_part(docker, ground, part, seen.get(part.name)):
            report(f"started {part.name}")
            changed.append(part.name)
    return tuple(changed)


def settings_environment(settings: Settings) -> dict[str, str]:
    """What our parts need to read the same settings as we did, whatever these came from. Not
    the database's address: parts.py gives it to those who have the database."""
    defaults = Settings(home=settings.home)
    found = {"STATEROOM_HOME": str(settings.home)}
    for field in fields(Settings):
        value = getattr(settings, field.name)
        ours = field.name != "home" and not field.name.startswith("database")
        if ours and value != getattr(defaults, field.name):
            found[f"STATEROOM_{field.name.upper()}"] = str(value)
    return found

"""Bringing an installation down: stop, or remove without a trace."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from ipaddress import IPv4Network
from pathlib import Path

from aiodocker import Docker

from stateroom.domain.cabin import Installation
from stateroom.engines.docker import DockerEngine
from stateroom.errors import Permanent
from stateroom.installation import machine
from stateroom.layout import Layout
from stateroom.settings import Settings


async def bring_down(
    docker: Docker, settings: Settings, *, purge: bool, keep_images: bool = False
) -> list[str]:
    """What was done, a sentence each. Raises Permanent where there is no installation."""
    known = machine.known_installation(Layout(settings.home))
    if not known:
        raise Permanent(f"there is no Stateroom at {settings.home}; STATEROOM_HOME says where")
    installation = Installation(known, IPv4Network(settings.subnets), settings.broker_port)
    stopped = await machine.lower(docker, installation)
    cabins = await machine.stop_cabins(docker, installation)
    said = [f"Stopped {', '.join(stopped) or 'nothing'} and {cabins} runtimes."]
    if purge:
        said += await _purge(docker, settings, installation)
        if not keep_images:
            said.append(f"Removed {await machine.remove_images(docker)} images of ours.")
    return said


async def _purge(docker: Docker, settings: Settings, installation: Installation) -> list[str]:
    image = await machine.image_of_parts(docker, installation)
    await machine.remove_parts(docker, installation)
    if image:
        await _erase_cabins(docker, settings, installation, image)
        await machine.remove_firewall(docker, image, installation)
        await machine.empty_home(docker, image, settings, installation)
    await machine.remove_volumes(docker, installation)
    with suppress(OSError):
        settings.home.rmdir()
    return [f"Removed every container, network and volume of ours, and {settings.home}."]


async def _erase_cabins(
    docker: Docker, settings: Settings, installation: Installation, image: str
) -> None:
    """By the engine's own verbs, so that loops and nodes go the way they came."""
    with tempfile.TemporaryDirectory() as nowhere:
        engine = DockerEngine(
            docker, installation, content_root=Path(nowhere), content_mount=nowhere,
            home=settings.home, helper_image=image, entrypoint="",
        )
        for cabin in (await engine.observe()).places:
            await engine.release(cabin)
            await engine.erase_data(cabin)

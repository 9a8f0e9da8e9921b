"""Bringing an installation down: stop, or remove without a trace."""

from __future__ import annotations

import tempfile
from ipaddress import IPv4Network
from pathlib import Path

from aiodocker import Docker

from stateroom.domain.cabin import Installation
from stateroom.engines.docker import DockerEngine
from stateroom.errors import Permanent
from stateroom.installation import host_check, machine, own_home
from stateroom.layout import Layout
from stateroom.settings import Settings


async def bring_down(
    docker: Docker, settings: Settings, *, purge: bool, keep_images: bool = False
) -> list[str]:
    """What was done, a sentence each. Raises Permanent where there is no installation, or where
    a part of it could not be removed."""
    known = machine.known_installation(Layout(settings.home))
    if not known:
        if purge and not keep_images and (left := await machine.remove_unused_images(docker)):
            return [f"Removed {left} images of ours, which was all that was left."]
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
    """Stopped anywhere, it can be begun again: the home goes last, and of the home the file that
    says which installation this is."""
    image = await machine.image_of_ours(docker, installation)
    if not image:
        raise Permanent(
            "none of our images is on this Docker any more, and disks can only be put away with "
            "one: run `stateroom up --empty`, and then this again"
        )
    await _erase_cabins(docker, settings, installation, image)
    await machine.remove_parts(docker, installation)
    await host_check.remove_bridge(docker, installation)
    await machine.remove_volumes(docker, installation)
    await machine.remove_firewall(docker, image, installation)
    await machine.empty_home(docker, image, settings, installation)
    home = _remove_home(Layout(settings.home))
    return ["Removed every container, network and volume of ours.", home]


def _remove_home(layout: Layout) -> str:
    """What became of it. Raises Permanent where something of ours is left in it."""
    home = layout.home
    try:
        home.rmdir()
    except FileNotFoundError:
        pass
    except OSError as error:
        found = sorted(path.name for path in home.iterdir())
        if ours := [name for name in found if name in layout.own_names]:
            raise Permanent(
                f"{home} is not empty: {own_home.named(ours)} was put there meanwhile; look at it,"
                " and remove it by hand"
            ) from error
        if strange := own_home.strangers(layout):
            return f"Removed what is ours in {home}, and left {own_home.named(strange)}."
        return f"Emptied {home}, which itself cannot be removed ({error.strerror})."
    return f"Removed {home}."


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

"""`stateroom down`: stop everything, keep everything; with --purge, remove everything."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from stateroom.cli.asking import confirm
from stateroom.cli.machine import read_settings, trouble_told
from stateroom.cli.options import Json
from stateroom.cli.screen import Screen
from stateroom.cli.session import reporting

if TYPE_CHECKING:
    from stateroom.settings import Settings


def register(app: typer.Typer) -> None:
    app.command()(down)


def down(
    purge: Annotated[
        bool,
        typer.Option("--purge", help="Remove all tenants, data, keys and images of Stateroom."),
    ] = False,
    keep_images: Annotated[
        bool,
        typer.Option("--keep-images", help="With --purge: keep the images, which take minutes."),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before --purge.")] = False,
    as_json: Json = False,
) -> None:
    """Stop Stateroom on this machine. Tenants and their data stay, and run again after `up`.

    \b
    Examples:
      stateroom down
      stateroom down --purge
    """
    screen = Screen(as_json)
    with reporting(screen):
        settings = read_settings()
        if purge:
            what = f"This removes every tenant with its data, and all keys under {settings.home}."
            confirm(what, "purge", yes, as_json)
        with trouble_told():
            said = asyncio.run(_down(settings, purge, keep_images))
    if as_json:
        screen.json({"said": said})
    for line in said if not as_json else []:
        screen.text(line)


async def _down(settings: Settings, purge: bool, keep_images: bool) -> list[str]:
    from aiodocker import Docker

    from stateroom.installation.bring_down import bring_down

    docker = Docker(settings.docker)
    try:
        return await bring_down(docker, settings, purge=purge, keep_images=keep_images)
    finally:
        await docker.close()

"""`stateroom images build`: images for services, made on this machine out of Debian's packages."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import Annotated

import typer

from stateroom.cli.machine import read_settings, trouble_told
from stateroom.cli.options import Json
from stateroom.cli.progress import Progress
from stateroom.cli.screen import Screen
from stateroom.cli.session import reporting


class Buildable(StrEnum):
    POSTGRESQL = "postgresql"


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="Images for services beside the agent.")
    group.command()(build)
    app.add_typer(group, name="images")


def build(
    image: Annotated[Buildable, typer.Argument(metavar="IMAGE", help="postgresql")],
    as_json: Json = False,
) -> None:
    """Build an image for a service on this machine. Nothing is built that is here already.

    Takes some two minutes and no registry. A tenant that waits for the image goes on by itself.

    \b
    Example:
      stateroom images build postgresql
    """
    from stateroom.installation.images import build_postgresql
    from stateroom.runtimes.image_names import POSTGRESQL

    screen = Screen(as_json)
    progress = Progress(screen, f"build {image.value}")
    with reporting(screen), progress.shown():
        settings = read_settings()
        with trouble_told():
            made = asyncio.run(build_postgresql(settings, progress.say))
    if as_json:
        screen.json({"reference": POSTGRESQL, "id": made})
    else:
        screen.text(f"{POSTGRESQL} is here ({made}).")

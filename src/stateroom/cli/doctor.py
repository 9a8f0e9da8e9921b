"""`stateroom doctor`: looks for what keeps Stateroom from working here, and says what to do."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from stateroom.cli.failure import Code
from stateroom.cli.machine import read_settings, trouble_told
from stateroom.cli.options import Json
from stateroom.cli.screen import Screen
from stateroom.cli.session import reporting

if TYPE_CHECKING:
    from stateroom.installation.finding import Finding
    from stateroom.settings import Settings


def register(app: typer.Typer) -> None:
    app.command()(doctor)


def doctor(as_json: Json = False) -> None:
    """Check the machine, the engine and our own parts. Changes nothing.

    Exits with 1 when something is wrong.

    \b
    Example:
      stateroom doctor
    """
    screen = Screen(as_json)
    with reporting(screen):
        settings = read_settings()
        with trouble_told():
            findings = asyncio.run(_findings(settings))
    if as_json:
        screen.json({"findings": [asdict(f) for f in findings]})
    else:
        rows = [(f.verdict, f.what, f.detail) for f in findings]
        screen.table(("", "what", "detail"), rows)
    if any(f.verdict == "wrong" for f in findings):
        raise typer.Exit(int(Code.FAILED))


async def _findings(settings: Settings) -> tuple[Finding, ...]:
    from stateroom.installation.doctor import examine

    return await examine(settings)

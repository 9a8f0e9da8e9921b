"""`stateroom console`: the way into the console, a link that signs one browser in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

from stateroom.cli.answers import mapping
from stateroom.cli.options import Json
from stateroom.cli.session import Session, session


def register(app: typer.Typer) -> None:
    app.command()(console)


def console(as_json: Json = False) -> None:
    """Print a link that signs one browser in to the console: once, within 15 minutes.

    \b
    Example:
      stateroom console
    """
    with session(as_json) as s:
        answer = new_link(s)
        if as_json:
            s.screen.json(answer)
            return
        s.screen.text(str(answer["url"]))
        s.screen.note("It signs one browser in, once, within 15 minutes: give it to nobody.")


def new_link(s: Session) -> Mapping[str, Any]:
    return mapping(s.api.post("/session-links", {}))

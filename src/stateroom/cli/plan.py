"""`stateroom plan`: what the next pass would do, and what it waits for."""

from __future__ import annotations

import typer

from stateroom.cli.options import Json, MaybeSlug
from stateroom.cli.paths import path
from stateroom.cli.session import session


def register(app: typer.Typer) -> None:
    app.command()(plan)


def plan(slug: MaybeSlug = None, as_json: Json = False) -> None:
    """Print what would be done, and what is waited for. Changes nothing.

    \b
    Examples:
      stateroom plan
      stateroom plan acme --json
    """
    with session(as_json) as s:
        if slug is not None:
            # A typo must not read as "nothing to do".
            s.api.get(path("tenants", slug))
        if as_json:
            s.screen.json(s.api.get("/plan", tenant=slug))
            return
        for line in s.api.get_text("/plan", tenant=slug).splitlines():
            s.screen.text(line)

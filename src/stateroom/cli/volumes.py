"""`stateroom volumes list`: disks that deleted tenants left behind (`--data keep`)."""

from __future__ import annotations

from typing import Any

import typer

from stateroom.cli.answers import items, text
from stateroom.cli.options import Json
from stateroom.cli.screen import moment
from stateroom.cli.session import session


def register(app: typer.Typer) -> None:
    group = typer.Typer(
        no_args_is_help=True, rich_markup_mode=None, help="Kept disks of deleted tenants."
    )
    group.callback()(_group)
    group.command("list")(list_)
    app.add_typer(group, name="volumes")


def _group() -> None:
    """Kept disks of deleted tenants."""


def list_(as_json: Json = False) -> None:
    """List the kept disks. `tenants create --restore-volume ID` revives one.

    \b
    Example:
      stateroom volumes list
    """
    with session(as_json) as s:
        answer = s.api.get("/volumes")
        if as_json:
            s.screen.json(answer)
            return
        rows = [
            (
                text(e.get("id")),
                text(e.get("slug")),
                text(e.get("tenant_id")),
                f"{_known(e.get('used_mb'))}/{_known(e.get('size_mb'))}",
                moment(e.get("kept_since")),
            )
            for e in items(answer)
        ]
        if rows:
            s.screen.table(("ID", "SLUG", "TENANT", "MB USED", "KEPT SINCE"), rows)
        else:
            s.screen.note("No kept disk.")


def _known(megabytes: Any) -> str:
    return "?" if megabytes is None else f"{megabytes:g}"

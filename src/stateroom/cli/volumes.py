"""`stateroom volumes list`: disks that deleted tenants left behind (`--data keep`)."""

from __future__ import annotations

from typing import Any

import typer

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
        found: list[dict[str, Any]] = (
            answer.get("items", []) if isinstance(answer, dict) else answer
        )
        rows = [
            (
                str(e.get("id") or ""),
                str(e.get("slug") or ""),
                str(e.get("tenant_id") or ""),
                f"{e.get('used_mb') if e.get('used_mb') is not None else '?'}/{e.get('size_mb')}",
                moment(e.get("kept_since")),
            )
            for e in found
        ]
        if rows:
            s.screen.table(("ID", "SLUG", "TENANT", "MB USED", "KEPT SINCE"), rows)
        else:
            s.screen.note("No kept disk.")

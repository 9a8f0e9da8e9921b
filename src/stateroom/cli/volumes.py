"""`stateroom volumes list | delete`: disks that deleted tenants left behind (`--data keep`), and
what a roll-out that was put back left beside one."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from stateroom.cli.answers import items, text
from stateroom.cli.asking import confirm
from stateroom.cli.options import Json, Yes
from stateroom.cli.paths import path
from stateroom.cli.screen import moment
from stateroom.cli.session import session


def register(app: typer.Typer) -> None:
    group = typer.Typer(
        no_args_is_help=True, rich_markup_mode=None, help="Kept disks of deleted tenants."
    )
    group.command("list")(list_)
    group.command()(delete)
    app.add_typer(group, name="volumes")


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
                text(e.get("reason")),
            )
            for e in items(answer)
        ]
        if rows:
            s.screen.table(("ID", "SLUG", "TENANT", "MB USED", "KEPT SINCE", "REASON"), rows)
        else:
            s.screen.note("No kept disk.")


def delete(
    volume: Annotated[str, typer.Argument(metavar="ID", help="As `volumes list` shows it.")],
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Erase a kept disk for good.

    \b
    Example:
      stateroom volumes delete 1a2b3c4d
    """
    with session(as_json) as s:
        confirm(f"This erases the kept disk {volume} for good.", volume, yes, as_json)
        s.api.delete(path("volumes", volume))
        if as_json:
            s.screen.json({"id": volume})
        else:
            s.screen.text(f"{volume} is being erased.")


def _known(megabytes: Any) -> str:
    return "?" if megabytes is None else f"{megabytes:g}"

"""`stateroom secrets set | list | unset`. Values go in; none ever comes out."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from stateroom.cli.answers import items, text
from stateroom.cli.options import Json, Slug
from stateroom.cli.paths import path
from stateroom.cli.screen import moment
from stateroom.cli.session import session


class Kind(StrEnum):
    """As the api has it."""

    ENV = "env"
    FILE = "file"


Name = Annotated[str, typer.Argument(metavar="NAME", help="The secret's name, as CRM_API_KEY.")]


def register(app: typer.Typer) -> None:
    group = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help="Secrets of a tenant: set, list by name, remove. No command shows a value.",
    )
    group.command("set")(set_)
    group.command("list")(list_)
    group.command()(unset)
    app.add_typer(group, name="secrets")


def set_(
    slug: Slug,
    name: Name,
    kind: Annotated[
        Kind | None,
        typer.Option("--as", help="How it arrives, where the blueprint does not say."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Set a secret; its value comes on stdin (asked for, without an echo, on a terminal).

    \b
    Examples:
      pass show acme/crm | stateroom secrets set acme CRM_API_KEY
      stateroom secrets set acme CRM_API_KEY < key.txt
      stateroom secrets set acme TLS_KEY --as file < key.pem
    """
    from stateroom.cli.secrets_in import from_stdin

    with session(as_json) as s:
        where = path("tenants", slug, "secrets", name)
        body = {"value": from_stdin(name)} | ({"as": kind.value} if kind else {})
        s.api.put(where, body)
        if as_json:
            s.screen.json({"slug": slug, "name": name})
        else:
            s.screen.text(f"{name} of {slug} is set; its runtime takes it over by itself.")


def list_(slug: Slug, as_json: Json = False) -> None:
    """List a tenant's secrets: names and times.

    \b
    Example:
      stateroom secrets list acme
    """
    with session(as_json) as s:
        answer = s.api.get(path("tenants", slug, "secrets"))
        if as_json:
            s.screen.json(answer)
            return
        rows = [
            (text(e.get("name")), text(e.get("as") or e.get("kind")), moment(e.get("updated_at")))
            for e in items(answer)
        ]
        if rows:
            s.screen.table(("NAME", "AS", "UPDATED"), rows)
        else:
            s.screen.note(f"No secret. `stateroom secrets set {slug} NAME` sets one.")


def unset(slug: Slug, name: Name, as_json: Json = False) -> None:
    """Remove a secret from a tenant.

    \b
    Example:
      stateroom secrets unset acme CRM_API_KEY
    """
    with session(as_json) as s:
        s.api.delete(path("tenants", slug, "secrets", name))
        if as_json:
            s.screen.json({"slug": slug, "name": name})
        else:
            s.screen.text(f"{name} of {slug} is removed.")

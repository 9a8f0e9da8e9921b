"""`stateroom tenants create | list | show | set | delete`: what should be."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from stateroom.cli import tenant_life, tenant_watch
from stateroom.cli.answers import items, mapping, text
from stateroom.cli.asking import confirm_with_a_person
from stateroom.cli.failure import Code, Failure, usage
from stateroom.cli.options import (
    WAIT_SECONDS,
    Json,
    Limits,
    Sets,
    Slug,
    Timeout,
    Wait,
    Yes,
)
from stateroom.cli.paths import path
from stateroom.cli.session import Session, session
from stateroom.cli.tenant_view import show_tenant, tenant_table
from stateroom.cli.waiting import Goal, wait_for, wait_until_gone

BlueprintName = Annotated[
    str, typer.Option("--blueprint", "-b", metavar="BLUEPRINT", help="What it is made from.")
]
Name = Annotated[
    str | None, typer.Option("--name", metavar="TEXT", help="The name that people see.")
]
Unset = Annotated[
    list[str] | None,
    typer.Option("--unset", metavar="NAME", help="Back to what it inherits: a value. Repeatable."),
]
UnsetLimit = Annotated[
    list[str] | None,
    typer.Option("--unset-limit", metavar="NAME", help="The same for a limit. Repeatable."),
]


def register(app: typer.Typer) -> None:
    group = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help="Tenants: create, change, watch, delete.",
    )
    for command in (create, list_, show, set_):
        group.command(command.__name__.rstrip("_"))(command)
    tenant_life.register(group)
    tenant_watch.register(group)
    group.command()(delete)
    app.add_typer(group, name="tenants")


def create(
    slug: Slug,
    blueprint: BlueprintName,
    sets: Sets = None,
    secret: Annotated[
        list[str] | None,
        typer.Option(
            "--secret",
            metavar="NAME=-|NAME=@FILE",
            help="A secret, from stdin or from a file; never in the command line. Repeatable.",
        ),
    ] = None,
    limit: Limits = None,
    name: Name = None,
    restore_volume: Annotated[
        str | None,
        typer.Option(
            "--restore-volume",
            metavar="ID",
            help="Start with the kept disk of a deleted tenant (`stateroom volumes list`).",
        ),
    ] = None,
    wait: Wait = False,
    timeout: Timeout = WAIT_SECONDS,
    as_json: Json = False,
) -> None:
    """Create a tenant: its own cabin, URL, model, prompt, secrets and limits.

    \b
    Examples:
      stateroom tenants create acme --blueprint support-agent --wait
      stateroom tenants create acme -b support-agent --set model=demo-1 --limit memory_mb=2048
      pass show acme/crm | stateroom tenants create acme -b support-agent --secret CRM_API_KEY=-
    """
    from stateroom.cli import secrets_in, values

    with session(as_json) as s:
        body: dict[str, Any] = {"slug": slug, "blueprint": blueprint}
        if name is not None:
            body["name"] = name
        if limit:
            body["limits"] = values.limits(limit)
        if restore_volume is not None:
            body["restore_volume"] = restore_volume
        if sets:
            body["values"] = _values(s, sets, blueprint)
        if secret:
            body["secrets"] = secrets_in.secrets(secret)
        answer = s.api.post("/tenants", body, idempotency_key=str(uuid.uuid4()))
        _finish(s, slug, mapping(answer), "created", wait, timeout)


def list_(
    phase: Annotated[
        str | None, typer.Option("--phase", metavar="PHASE", help="Only those in this phase.")
    ] = None,
    blueprint: Annotated[
        str | None, typer.Option("--blueprint", "-b", help="Only those of this blueprint.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List the tenants, all of them.

    \b
    Examples:
      stateroom tenants list
      stateroom tenants list --phase failed --json
    """
    with session(as_json) as s:
        found = all_tenants(s, phase=phase, blueprint=blueprint)
        if as_json:
            s.screen.json({"items": found, "next": None})
        elif found:
            s.screen.table(*tenant_table(found))
        else:
            s.screen.note("No tenant. `stateroom tenants create --help` shows how to make one.")


def show(slug: Slug, as_json: Json = False) -> None:
    """Show one tenant: its phase and why, values, limits, URL.

    \b
    Example:
      stateroom tenants show acme
    """
    with session(as_json) as s:
        show_tenant(s.screen, s.api.get_object(path("tenants", slug)))


def set_(
    slug: Slug,
    pairs: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME=VALUE", help="Values; NAME:=JSON for raw JSON."),
    ] = None,
    unset: Unset = None,
    limit: Limits = None,
    unset_limit: UnsetLimit = None,
    name: Name = None,
    blueprint: Annotated[
        str | None,
        typer.Option("--blueprint", "-b", metavar="BLUEPRINT", help="Move it to another one."),
    ] = None,
    if_generation: Annotated[
        int | None,
        typer.Option("--if-generation", metavar="N", help="Only if nobody changed it since N."),
    ] = None,
    wait: Wait = False,
    timeout: Timeout = WAIT_SECONDS,
    as_json: Json = False,
) -> None:
    """Change a tenant's values, limits, name or blueprint. Its data stays.

    \b
    Examples:
      stateroom tenants set acme model=demo-2 --wait
      stateroom tenants set acme prompt="You are brief." --limit cpu=1.5
      stateroom tenants set acme --unset model
    """
    with session(as_json) as s:
        body = _change(s, slug, pairs or [], unset or [], limit or [], unset_limit or [], blueprint)
        body |= {"name": name} if name is not None else {}
        body |= {"blueprint": blueprint} if blueprint is not None else {}
        if not body:
            raise usage("Nothing to change: give NAME=VALUE, --unset, --limit, --name, ...")
        answer = s.api.patch(path("tenants", slug), body, generation=if_generation)
        _finish(s, slug, mapping(answer), "changed", wait, timeout)


def delete(
    slug: Slug,
    data: Annotated[
        str, typer.Option("--data", metavar="keep|erase", help="What becomes of its disk.")
    ],
    yes: Yes = False,
    wait: Wait = False,
    timeout: Timeout = WAIT_SECONDS,
    as_json: Json = False,
) -> None:
    """Delete a tenant. `keep` leaves its disk for an operator to restore, `erase` does not.

    Asks for its slug in a terminal, unless --yes.

    \b
    Examples:
      stateroom tenants delete acme --data keep
      stateroom tenants delete acme --data erase --yes --wait
    """
    with session(as_json) as s:
        if data not in ("keep", "erase"):
            raise usage("--data is `keep` or `erase`; there is no default.")
        tenant = s.api.get_object(path("tenants", slug))
        confirm_with_a_person(f"This deletes {slug} (data: {data}).", slug, yes, as_json)
        answer = s.api.delete(path("tenants", slug), data=data)
        if wait:
            wait_until_gone(s, slug, text(tenant.get("id")), timeout)
        if as_json:
            s.screen.json(answer if isinstance(answer, dict) else {"slug": slug, "data": data})
        else:
            s.screen.text(f"{slug} is {'deleted' if wait else 'being deleted'}; data: {data}.")


def all_tenants(s: Session, **filters: Any) -> list[Mapping[str, Any]]:
    """Every page of the list."""
    found: list[Mapping[str, Any]] = []
    cursor: str | None = None
    while True:
        page = s.api.get("/tenants", limit=200, cursor=cursor, **filters)
        found.extend(items(page))
        following = mapping(page).get("next")
        if not following or following == cursor:
            return found
        cursor = str(following)


def _change(
    s: Session,
    slug: str,
    pairs: list[str],
    unset: list[str],
    limit: list[str],
    unset_limit: list[str],
    blueprint: str | None,
) -> dict[str, Any]:
    from stateroom.cli import values

    body: dict[str, Any] = {}
    if pairs or unset:
        revision = None
        if blueprint is None and values.needs_schema(pairs):
            tenant = s.api.get_object(path("tenants", slug))
            blueprint, revision = text(tenant.get("blueprint")), tenant.get("target_revision")
        given = _values(s, pairs, blueprint or "", revision)
        body["values"] = _merged(given, unset, "--unset")
    if limit or unset_limit:
        body["limits"] = _merged(values.limits(limit), unset_limit, "--unset-limit")
    return body


def _merged(given: dict[str, Any], unset: list[str], option: str) -> dict[str, Any]:
    if both := sorted(set(given) & set(unset)):
        raise usage(f"{option} {both[0]}: it is also given a value; leave one.")
    return given | dict.fromkeys(unset)


def _values(
    s: Session, pairs: list[str], blueprint: str, revision: int | None = None
) -> dict[str, Any]:
    from stateroom.cli import values

    if not values.needs_schema(pairs):
        return values.values(pairs, {})
    try:
        schema = s.api.get_object(path("blueprints", blueprint, "schema"), revision=revision)
    except Failure as failure:
        if failure.code is not Code.NOT_FOUND:
            raise
        # The call itself says that there is no such blueprint, beside everything else.
        schema = {}
    return values.values(pairs, schema)


def _finish(
    s: Session, slug: str, tenant: Mapping[str, Any], done: str, wait: bool, timeout: float
) -> None:
    if wait:
        # One that is put away takes a change over without being ready, and runs by it once resumed.
        phase = "suspended" if tenant.get("suspended") else "ready"
        goal = Goal(phase, int(tenant.get("generation") or 0))
        tenant = wait_for(s, slug, goal, timeout)
    else:
        s.screen.note(f"{slug} is {done}. `stateroom tenants show {slug}` follows it.")
    show_tenant(s.screen, tenant)

"""`stateroom blueprints deploy | stop | deployments`: moves tenants to a revision, tells how it
goes, and why it went back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from stateroom.cli.answers import items, mapping, text
from stateroom.cli.options import Blueprint, Json, Timeout, Wait
from stateroom.cli.paths import path
from stateroom.cli.rollout import summary, wait_until_over
from stateroom.cli.screen import moment
from stateroom.cli.session import Session, session

DEPLOY_SECONDS = 600.0


def register(group: typer.Typer) -> None:
    group.command()(deploy)
    group.command()(stop)
    group.command()(deployments)


def deploy(
    blueprint: Blueprint,
    revision: Annotated[
        int | None,
        typer.Option("--revision", metavar="N", min=1, help="Which; the newest when left out."),
    ] = None,
    tenant: Annotated[
        list[str] | None,
        typer.Option("--tenant", metavar="SLUG", help="Only this tenant. Repeatable."),
    ] = None,
    canary: Annotated[
        str | None,
        typer.Option(
            "--canary", metavar="10%|COUNT", help="A share first; the rest once that is ready."
        ),
    ] = None,
    wait: Wait = False,
    timeout: Timeout = DEPLOY_SECONDS,
    as_json: Json = False,
) -> None:
    """Move tenants to a revision: all of the blueprint's, or the named ones. One that does not
    get ready stops it, and all that were moved are put back; with --wait that is exit code 1.

    \b
    Examples:
      stateroom blueprints deploy support-agent --wait
      stateroom blueprints deploy support-agent --canary 10% --wait
      stateroom blueprints deploy support-agent --revision 3 --tenant acme
    """
    body: dict[str, Any] = {}
    body |= {"revision": revision} if revision is not None else {}
    body |= {"tenants": tenant} if tenant else {}
    body |= {"canary": canary} if canary is not None else {}
    with session(as_json) as s:
        deployment = mapping(s.api.post(path("blueprints", blueprint, "deploy"), body))
        if wait:
            deployment = wait_until_over(s, deployment, timeout)
        _show(s, deployment)


def stop(
    deployment: Annotated[
        str, typer.Argument(metavar="DEPLOYMENT", help="Its id, as `deploy` printed it.")
    ],
    as_json: Json = False,
) -> None:
    """Stop a deployment: all that it moved are put back to the revision before.

    \b
    Example:
      stateroom blueprints stop d0123456789abcdef
    """
    with session(as_json) as s:
        _show(s, mapping(s.api.post(path("deployments", deployment, "stop"))))


def deployments(
    blueprint: Annotated[
        str | None, typer.Argument(metavar="[BLUEPRINT]", help="One's; all when left out.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List deployments, the newest first.

    \b
    Example:
      stateroom blueprints deployments support-agent
    """
    with session(as_json) as s:
        answer = s.api.get("/deployments", blueprint=blueprint)
        if as_json:
            s.screen.json(answer)
            return
        rows = [
            (
                text(each.get("id")),
                f"{text(each.get('blueprint'))}@{text(each.get('revision'))}",
                text(each.get("state")),
                moment(each.get("created_at")),
                text(each.get("reason")),
            )
            for each in items(answer)
        ]
        if rows:
            s.screen.table(("DEPLOYMENT", "REVISION", "STATE", "BEGAN", "REASON"), rows)
        else:
            s.screen.note("No deployment. `stateroom blueprints deploy BLUEPRINT` makes one.")


def _show(s: Session, deployment: Mapping[str, Any]) -> None:
    if s.screen.as_json:
        s.screen.json(deployment)
        return
    s.screen.facts(
        [
            ("deployment", text(deployment.get("id"))),
            ("blueprint", f"{deployment.get('blueprint')}@{deployment.get('revision')}"),
            ("canary", text(deployment.get("canary"))),
            ("state", summary(deployment)),
            ("reason", text(deployment.get("reason"))),
        ]
    )
    rows = [
        (
            text(each.get("slug")),
            "canary" if each.get("canary") else "",
            text(each.get("state")),
            " ".join(filter(None, (text(each.get("reason")), text(each.get("note"))))),
        )
        for each in items(deployment.get("tenants"))
    ]
    if rows:
        s.screen.table(("SLUG", "FIRST", "STATE", "REASON"), rows)

"""`stateroom blueprints deploy`: moves tenants to a revision and tells how it goes."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from stateroom.cli.answers import items, mapping
from stateroom.cli.failure import Code, Failure, Unreachable
from stateroom.cli.options import Blueprint, Json, Timeout, Wait
from stateroom.cli.paths import path
from stateroom.cli.progress import Progress
from stateroom.cli.session import Session, session

DEPLOY_SECONDS = 600.0
QUESTION_SECONDS = 1.0


def register(group: typer.Typer) -> None:
    group.command()(deploy)


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
        typer.Option("--canary", metavar="10%|COUNT", help="A share of the tenants first."),
    ] = None,
    wait: Wait = False,
    timeout: Timeout = DEPLOY_SECONDS,
    as_json: Json = False,
) -> None:
    """Move tenants to a revision: all of the blueprint's, or the named ones.

    \b
    Examples:
      stateroom blueprints deploy support-agent --wait
      stateroom blueprints deploy support-agent --revision 3 --tenant acme
    """
    body: dict[str, Any] = {}
    body |= {"revision": revision} if revision is not None else {}
    body |= {"tenants": tenant} if tenant else {}
    body |= {"canary": canary} if canary is not None else {}
    with session(as_json) as s:
        deployment = mapping(s.api.post(path("blueprints", blueprint, "deploy"), body))
        if wait:
            deployment = _wait(s, deployment, timeout)
        _show(s, deployment)


def _wait(s: Session, deployment: Mapping[str, Any], seconds: float) -> Mapping[str, Any]:
    where = path("deployments", str(deployment.get("id")))
    progress = Progress(s.screen, f"deployment of {deployment.get('blueprint', '')}")
    with progress.shown():
        while deployment.get("state") == "running":
            progress.say(_summary(deployment))
            if progress.elapsed >= seconds:
                raise Failure(
                    f"The deployment is not done after {seconds:g} s. It goes on by itself.",
                    Code.NOT_READY,
                    answer=deployment,
                )
            time.sleep(min(QUESTION_SECONDS, max(0.0, seconds - progress.elapsed)))
            try:
                deployment = s.api.get_object(where)
            except Unreachable:
                progress.say("Stateroom does not answer just now")
    if deployment.get("state") != "done":
        reasons = "; ".join(_reasons(deployment))
        raise Failure(
            f"The deployment is {deployment.get('state')}: {reasons or 'no reason given'}.",
            answer=deployment,
        )
    return deployment


def _show(s: Session, deployment: Mapping[str, Any]) -> None:
    if s.screen.as_json:
        s.screen.json(deployment)
        return
    s.screen.facts(
        [
            ("deployment", str(deployment.get("id") or "")),
            ("blueprint", f"{deployment.get('blueprint')}@{deployment.get('revision')}"),
            ("canary", str(deployment.get("canary") or "")),
            ("state", _summary(deployment)),
        ]
    )
    rows = [
        (str(each.get("slug") or ""), str(each.get("state") or ""), str(each.get("reason") or ""))
        for each in items(deployment.get("tenants"))
    ]
    if rows:
        s.screen.table(("SLUG", "STATE", "REASON"), rows)


def _summary(deployment: Mapping[str, Any]) -> str:
    states = [str(each.get("state")) for each in items(deployment.get("tenants"))]
    counts = ", ".join(f"{states.count(state)} {state}" for state in sorted(set(states)))
    return f"{deployment.get('state')}" + (f" ({counts})" if counts else "")


def _reasons(deployment: Mapping[str, Any]) -> list[str]:
    return [
        f"{each.get('slug')}: {each['reason']}"
        for each in items(deployment.get("tenants"))
        if each.get("reason")
    ]

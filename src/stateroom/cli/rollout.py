"""A deployment as it goes on, told to people: who is how far, and at the end why it went back."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from stateroom.cli.answers import items, mapping, text
from stateroom.cli.failure import Code, Failure, Unreachable
from stateroom.cli.paths import path
from stateroom.cli.progress import Progress
from stateroom.cli.session import Session

QUESTION_SECONDS = 1.0
EACH_UP_TO = 20
"""Tenants that are told of one by one; of more only how many are how far."""
STEPS = ("built", "started", "healthy", "routed")


def wait_until_over(
    s: Session, deployment: Mapping[str, Any], seconds: float
) -> Mapping[str, Any]:
    """The deployment once it is done. Raises Failure: not in time (code 4), or put back, after
    the log lines that matter were shown."""
    where = path("deployments", text(deployment.get("id")))
    progress = Progress(s.screen, f"deployment of {text(deployment.get('blueprint'))}")
    told: dict[str, str] = {}
    with progress.shown():
        while goes_on(deployment):
            for line in news(deployment, told):
                progress.say(line)
            if progress.elapsed >= seconds:
                raise Failure(
                    f"The deployment is not over after {seconds:g} s. It goes on by itself; "
                    f"`stateroom blueprints stop {text(deployment.get('id'))}` stops it.",
                    Code.NOT_READY,
                    answer=deployment,
                )
            time.sleep(min(QUESTION_SECONDS, max(0.0, seconds - progress.elapsed)))
            try:
                deployment = s.api.get_object(where)
            except Unreachable:
                progress.say("Stateroom does not answer just now")
        for line in news(deployment, told):
            progress.say(line)
    if deployment.get("state") != "done":
        for line in deployment.get("log") or ():
            s.screen.note(f"  {text(line)}")
        raise Failure(_ending(deployment), answer=deployment)
    return deployment


def goes_on(deployment: Mapping[str, Any]) -> bool:
    """Putting back counts: until then nobody can say how it ends."""
    going = deployment.get("state") in ("running", "failed")
    return going and not deployment.get("finished_at")


def news(deployment: Mapping[str, Any], told: dict[str, str]) -> Iterator[str]:
    """What is another than `told` has it, which is brought up to date."""
    tenants = items(deployment.get("tenants"))
    if len(tenants) <= EACH_UP_TO:
        for each in tenants:
            slug, now = text(each.get("slug")), _how_far(each)
            if told.get(slug) != now:
                told[slug] = now
                yield f"{slug}: {now}"
    now = summary(deployment)
    if told.get("") != now:
        told[""] = now
        yield now


def summary(deployment: Mapping[str, Any]) -> str:
    states = [text(each.get("state")) for each in items(deployment.get("tenants"))]
    counts = ", ".join(f"{states.count(state)} {state}" for state in sorted(set(states)))
    state = text(deployment.get("state"))
    if state == "running" and deployment.get("stage") == "canary":
        state = "running, canary first"
    if state == "failed" and goes_on(deployment):
        state = "failed, putting back"
    return state + (f" ({counts})" if counts else "")


def _how_far(tenant: Mapping[str, Any]) -> str:
    state, reason = text(tenant.get("state")), text(tenant.get("reason"))
    if state != "running":
        return f"{state}: {reason}" if reason and state != "pending" else state
    steps = mapping(tenant.get("steps"))
    reached = [step for step in STEPS if steps.get(step)]
    return reached[-1] if reached else reason or state


def _ending(deployment: Mapping[str, Any]) -> str:
    reasons = [
        f"{text(each.get('slug'))}: {text(each.get('reason'))}"
        for each in items(deployment.get("tenants"))
        if each.get("reason")
    ]
    reason = text(deployment.get("reason")) or "; ".join(reasons) or "no reason given"
    notes = " ".join(
        f"{text(each.get('slug'))}: {text(each.get('note'))}"
        for each in items(deployment.get("tenants"))
        if each.get("note")
    )
    how = {
        "rolled_back": "was stopped, and all that it moved were put back",
        "failed": "failed, and not all that it moved are well again",
    }.get(text(deployment.get("state")), f"is {text(deployment.get('state'))}")
    said = f"The deployment {how}: {reason.rstrip('.')}."
    return f"{said} {notes}".strip()

"""`--wait`: asks until a tenant is where it should be, and tells what happens meanwhile.

Each question is a short wait of the API's own, so that a change of phase is shown as it comes
and an api that is restarted meanwhile costs one question, not the command.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stateroom.cli.answers import mapping
from stateroom.cli.failure import Code, Failure, Unreachable
from stateroom.cli.paths import path
from stateroom.cli.progress import Progress
from stateroom.cli.session import Session

if TYPE_CHECKING:
    from stateroom.cli.client import Api

QUESTION_SECONDS = 1.0

STUCK = ("failed", "suspended", "deleting")
"""Phases that waiting does not change: somebody has to act."""

SETTLE_SECONDS = 3.0
"""How long a stuck phase may still be the one from before the change that was just made."""


@dataclass(frozen=True, slots=True)
class Goal:
    """phase: the one to wait for. generation: the change that has to be applied. patience:
    seconds in which "blocked" may still be what was, because what it needed has just come."""

    phase: str = "ready"
    generation: int = 0
    patience: float = 0.0

    def is_met(self, tenant: Mapping[str, Any]) -> bool:
        phase = phase_of(tenant)
        # A sleeping tenant wakes when it is asked: that is as good as ready.
        arrived = phase == self.phase or (self.phase == "ready" and phase == "asleep")
        return arrived and self.is_applied(tenant)

    def is_applied(self, tenant: Mapping[str, Any]) -> bool:
        return int(_status(tenant).get("applied_generation") or 0) >= self.generation

    def is_stuck(self, tenant: Mapping[str, Any]) -> bool:
        phase = phase_of(tenant)
        return (phase in STUCK and phase != self.phase) or needs_somebody(tenant)

    def stuck_for_good(self, tenant: Mapping[str, Any], seconds: float) -> bool:
        """seconds: how long it has been stuck. The API says `blocked` of the last generation
        alone; a phase may be the one from before the change that was just made."""
        if needs_somebody(tenant):
            return seconds >= self.patience
        return self.is_applied(tenant) or seconds > SETTLE_SECONDS


def wait_for(session: Session, slug: str, goal: Goal, seconds: float) -> dict[str, Any]:
    """The tenant once it is there. Raises Failure: not in time (code 4), or never by itself."""
    progress = Progress(session.screen, slug)
    with progress.shown():
        tenant = _ask_until(session.api, slug, goal, progress, seconds)
    session.screen.note(f"{slug} is {phase_of(tenant)} after {progress.elapsed:.1f} s.")
    return tenant


def wait_until_gone(session: Session, slug: str, tenant_id: str, seconds: float) -> None:
    """Comes back when the tenant is deleted; a new one of the same slug is another one."""
    progress = Progress(session.screen, slug)
    with progress.shown():
        while True:
            try:
                tenant = session.api.get(path("tenants", slug))
            except Failure as failure:
                if failure.code is Code.NOT_FOUND:
                    return
                if not isinstance(failure, Unreachable):
                    raise
                tenant = {}
            if tenant and tenant.get("id") != tenant_id:
                return
            progress.say(describe(tenant))
            if progress.elapsed >= seconds:
                raise _late(slug, Goal("gone"), tenant, seconds)
            time.sleep(0.3)


def phase_of(tenant: Mapping[str, Any]) -> str:
    return str(_status(tenant).get("phase") or "")


def needs_somebody(tenant: Mapping[str, Any]) -> bool:
    """It does not go on before somebody does what its reason says."""
    return bool(_status(tenant).get("blocked"))


def describe(tenant: Mapping[str, Any]) -> str:
    """Phase, reason and what is waited for, as one sentence."""
    if not tenant:
        return "Stateroom does not answer just now"
    status = _status(tenant)
    reason = str(status.get("reason") or "")
    others = (str(each) for each in status.get("waiting") or () if str(each) != reason)
    waiting = ", ".join(others)
    parts = [phase_of(tenant), reason, f"waiting for {waiting}" if waiting else ""]
    return "; ".join(part for part in parts if part)


def _ask_until(
    api: Api, slug: str, goal: Goal, progress: Progress, seconds: float
) -> dict[str, Any]:
    tenant: dict[str, Any] = {}
    stuck_at: float | None = None
    while True:
        asked_at = progress.elapsed
        question = max(0.0, min(QUESTION_SECONDS, seconds - asked_at))
        tenant = _ask(api, slug, goal, question) or tenant
        if goal.is_met(tenant):
            return tenant
        progress.say(describe(tenant))
        if not goal.is_stuck(tenant):
            stuck_at = None
        else:
            stuck_at = asked_at if stuck_at is None else stuck_at
            if goal.stuck_for_good(tenant, progress.elapsed - stuck_at):
                raise _stuck(slug, tenant)
        if progress.elapsed >= seconds:
            raise _late(slug, goal, tenant, seconds)
        _pause(progress.elapsed - asked_at, question)


def _ask(api: Api, slug: str, goal: Goal, question: float) -> dict[str, Any] | None:
    query = {"wait": goal.phase, "timeout": f"{question:g}"}
    try:
        found = api.get(path("tenants", slug), patience=question, **query)
    except Unreachable:
        return None
    return found if isinstance(found, dict) else None


def _pause(took: float, question: float) -> None:
    # The API answers at once where it sees no use in waiting; asking again at once has none
    # either.
    if took < question:
        time.sleep(min(0.3, question - took))


def _stuck(slug: str, tenant: Mapping[str, Any]) -> Failure:
    if needs_somebody(tenant):
        return Failure(f"{slug} waits for you: {describe(tenant)}.", answer=tenant)
    return Failure(
        f"{slug} is {describe(tenant)}. `stateroom tenants logs {slug}` shows what its runtime "
        "said last.",
        answer=tenant,
    )


def _late(slug: str, goal: Goal, tenant: Mapping[str, Any], seconds: float) -> Failure:
    return Failure(
        f"{slug} is not {goal.phase} after {seconds:g} s ({describe(tenant)}). It goes on by "
        f"itself: `stateroom tenants show {slug}` says how far it is, --timeout waits longer.",
        Code.NOT_READY,
        answer=tenant or None,
    )


def _status(tenant: Mapping[str, Any]) -> Mapping[str, Any]:
    return mapping(tenant.get("status"))

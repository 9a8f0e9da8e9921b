"""Status: for people, computed from wish, inventory and plan by each pass; never an input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from stateroom.domain.actions import Resize
from stateroom.domain.backoff import GIVES_UP_AFTER, action_streak, runtime_streak
from stateroom.domain.instances import (
    boosted,
    disks_fit,
    is_current,
    is_healthy,
    restart_reason,
)
from stateroom.domain.inventory import Instance, Inventory, State
from stateroom.domain.plan import Plan
from stateroom.domain.plan_cabin import Waiting
from stateroom.domain.routes import Door, Route, RouteTable
from stateroom.domain.wish import Intent, Wish

SETTLE = 1.6
"""Seconds after a write of content until OpenClaw was seen to act on it: 1.2 to 1.4 for its
config, 0.3 for AGENTS.md. Until then the content counts as written but not applied."""


class Phase(StrEnum):
    PROVISIONING = "provisioning"
    STARTING = "starting"
    READY = "ready"
    DEGRADED = "degraded"
    ASLEEP = "asleep"
    WAKING = "waking"
    SUSPENDED = "suspended"
    FAILED = "failed"
    DELETING = "deleting"


@dataclass(frozen=True, slots=True)
class Status:
    """reason: a sentence that says what to do, "" when all is well. settles_at: when this
    status is to be looked at again because time alone will change it, 0 when not."""

    phase: Phase
    reason: str
    waiting: tuple[str, ...]
    applied_generation: int
    settles_at: float = 0.0


def statuses(
    now: float, wishes: Sequence[Wish], inventory: Inventory, plan: Plan
) -> dict[str, Status]:
    """By tenant id; a cabin without a tenant, whose disk is erased, has none."""
    waiting: dict[str, list[Waiting]] = {}
    for entry in plan.waiting:
        waiting.setdefault(entry.cabin, []).append(entry)
    instances: dict[str, list[Instance]] = {}
    for instance in inventory.instances:
        instances.setdefault(instance.cabin, []).append(instance)
    observed = _by_tenant(inventory.routes)
    # A plan that publishes nothing found at the edge what it wants there.
    wanted = _by_tenant(plan.publish.table) if plan.publish else observed
    found: dict[str, Status] = {}
    for wish in wishes:
        if not wish.tenant:
            continue
        cabin = wish.cabin.id
        facts = _Facts(
            now,
            wish,
            inventory,
            tuple(instances.get(cabin, ())),
            observed.get(wish.tenant),
            wanted.get(wish.tenant),
            tuple(w.reason for w in waiting.get(cabin, ())),
            any(not isinstance(step, Resize) for step in plan.cabins.get(cabin, ())),
            any(w.code == "working" for w in waiting.get(cabin, ())),
        )
        found[wish.tenant] = _status(facts)
    return found


def _by_tenant(table: RouteTable | None) -> dict[str, Route]:
    return {route.tenant: route for route in table.routes} if table else {}


@dataclass(frozen=True, slots=True)
class _Facts:
    now: float
    wish: Wish
    inventory: Inventory
    instances: tuple[Instance, ...]
    observed: Route | None
    wanted: Route | None
    waiting: tuple[str, ...]
    busy: bool
    working: bool


def _status(facts: _Facts) -> Status:
    wish = facts.wish
    if wish.intent.leaving:
        return Status(Phase.DELETING, _first(facts, "is being removed"), facts.waiting, 0)
    if wish.intent is Intent.SUSPEND:
        return _suspended(facts)
    return _running(facts)


def _first(facts: _Facts, otherwise: str) -> str:
    return facts.waiting[0] if facts.waiting else otherwise


def _suspended(facts: _Facts) -> Status:
    up = any(i.state in (State.RUNNING, State.PAUSED) for i in facts.instances)
    applied = 0 if up else facts.wish.generation
    reason = "is being stopped" if up else "suspended; resume it with `stateroom tenants resume`"
    return Status(Phase.SUSPENDED, reason, facts.waiting, applied)


def _running(facts: _Facts) -> Status:
    current = _current(facts)
    applied = _applied_generation(facts, current)
    troubled = _troubled(facts, current)
    if troubled is not None:
        return Status(troubled[0], troubled[1], facts.waiting, applied, _settles_at(facts))
    if not facts.instances:
        reason = _first(facts, "its cabin is being made")
        return Status(Phase.PROVISIONING, reason, facts.waiting, applied)
    settles_at = _settles_at(facts)
    if _all_applied(facts, current, applied):
        phase = Phase.READY if current and is_healthy(current, facts.inventory) else Phase.DEGRADED
        reason = "" if phase is Phase.READY else "its runtime is slow to answer"
        return Status(phase, reason, facts.waiting, applied)
    serving = _is_open(facts) and any(i.state is State.RUNNING for i in facts.instances)
    doing = "a change is being applied" if serving else "its runtime is starting"
    return Status(Phase.STARTING, _first(facts, doing), facts.waiting, applied, settles_at)


def _current(facts: _Facts) -> Instance | None:
    """Where nobody can say what it should be, the one that runs."""
    if facts.wish.spec is None:
        return next((i for i in facts.instances if i.state is State.RUNNING), None)
    return next((i for i in facts.instances if is_current(i, facts.wish, facts.inventory)), None)


def _troubled(facts: _Facts, current: Instance | None) -> tuple[Phase, str] | None:
    """Phase and sentence where something went wrong that a reader has to know of."""
    wish = facts.wish
    up = current is not None and current.state is State.RUNNING
    healthy = current is not None and up and is_healthy(current, facts.inventory)
    died = runtime_streak(wish, facts.now)
    if died.count >= GIVES_UP_AFTER and not healthy:
        assert died.last is not None
        return Phase.FAILED, (
            f"its runtime ended {died.count} times in a row: {died.last.detail}. "
            f"See `stateroom tenants logs {wish.slug}`, or begin it without its state: "
            f"`stateroom tenants restart {wish.slug} --safe-mode`"
        )
    acted = action_streak(wish, facts.now)
    # Once nothing is left to be tried, the last try went well.
    failing = acted.until > facts.now or facts.busy or facts.working
    if acted.count >= GIVES_UP_AFTER and failing:
        assert acted.last is not None
        phase = Phase.DEGRADED if healthy else Phase.FAILED
        return phase, f"{acted.last.detail} ({acted.count} times in a row)"
    if wish.blocked:
        return (Phase.DEGRADED if healthy else Phase.PROVISIONING), wish.blocked
    away = _away(facts.inventory)
    return (Phase.DEGRADED, away) if healthy and away else None


def _away(inventory: Inventory) -> str:
    """What of ours that every tenant needs does not answer."""
    if inventory.routes is None:
        return "the edge does not answer; it comes back by itself, else see `stateroom doctor`"
    if inventory.grants is None:
        return "the broker's grants cannot be read; see `stateroom doctor`"
    return ""


def _serving(facts: _Facts, current: Instance | None) -> bool:
    """What the edge was seen to have is what it should have, and the door is open."""
    return (
        current is not None
        and current.state is State.RUNNING
        and facts.observed == facts.wanted
        and _is_open(facts)
    )


def _is_open(facts: _Facts) -> bool:
    return facts.observed is not None and facts.observed.door is Door.OPEN


def _settles_at(facts: _Facts) -> float:
    content = facts.inventory.content.get(facts.wish.cabin.id)
    if content is None or content.written_at + SETTLE <= facts.now:
        return 0.0
    return content.written_at + SETTLE


def _applied_generation(facts: _Facts, current: Instance | None) -> int:
    """The generation whose content the running instance acts on, be it one that is to be
    replaced; an instance that has to begin anew, or a content written a moment ago, still
    stands for the generation before."""
    content = facts.inventory.content.get(facts.wish.cabin.id)
    acting = current or next((i for i in facts.instances if i.state is State.RUNNING), None)
    if content is None or acting is None or acting.state is not State.RUNNING:
        return 0
    if restart_reason(facts.now, facts.wish, acting, facts.inventory):
        return max(0, content.version.generation - 1)
    if _settles_at(facts) and content.written_at > acting.started_at:
        return max(0, content.version.generation - 1)
    return content.version.generation


def _all_applied(facts: _Facts, current: Instance | None, applied: int) -> bool:
    wish = facts.wish
    if current is None or wish.spec is None or facts.busy or len(facts.instances) != 1:
        return False
    return (
        applied == wish.generation
        # The end of the boot's boost is no change that anybody waits for.
        and (
            current.resources == wish.spec.resources
            or current.resources == boosted(wish).resources
        )
        and disks_fit(wish, facts.inventory)
        and _serving(facts, current)
    )


def counts(found: Mapping[str, Status]) -> dict[str, int]:
    """How many tenants are in each phase, every phase named."""
    totals = {phase.value: 0 for phase in Phase}
    for status in found.values():
        totals[status.phase.value] += 1
    return totals

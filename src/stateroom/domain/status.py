"""Status: for people, computed from wish, inventory and plan by each pass; never an input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum

from stateroom.domain.actions import DropCopy, Resize
from stateroom.domain.backoff import GIVES_UP_AFTER, action_streak, runtime_streak
from stateroom.domain.growth import held_growth, too_small
from stateroom.domain.instances import (
    acts_on_content,
    boosted,
    is_current,
    is_healthy,
    refused_at,
    restart_reason,
)
from stateroom.domain.inventory import Installed, Instance, Inventory, State
from stateroom.domain.plan import Plan
from stateroom.domain.plan_step import Waiting
from stateroom.domain.routes import Door, Route, RouteTable
from stateroom.domain.services import Ailment, agents, ailment, beside
from stateroom.domain.status_reasons import away, full_disk, refusal
from stateroom.domain.wish import Intent, Wish

LOOK_AGAIN = 1.0
"""Seconds between two looks for what nothing will tell."""


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


class Reached(IntEnum):
    """How far a tenant is towards what it should run; each step comes after the one before.
    BUILT: what it should run is made, and its content written. STARTED: it runs. HEALTHY: it
    answers, and acts on that content. ROUTED: callers reach it."""

    NOTHING = 0
    BUILT = 1
    STARTED = 2
    HEALTHY = 3
    ROUTED = 4


@dataclass(frozen=True, slots=True)
class Status:
    """reason: a sentence that says what to do, "" when all is well. settles_at: when this
    status is to be looked at again because time alone will change it, 0 when not. blocked: it
    does not go on before somebody acts."""

    phase: Phase
    reason: str
    waiting: tuple[str, ...]
    applied_generation: int
    settles_at: float = 0.0
    blocked: bool = False
    reached: Reached = Reached.NOTHING


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
            agents(instances.get(cabin, ())),
            beside(instances.get(cabin, ())),
            observed.get(wish.tenant),
            wanted.get(wish.tenant),
            tuple(w.reason for w in waiting.get(cabin, ())),
            any(not isinstance(step, Resize | DropCopy) for step in plan.cabins.get(cabin, ())),
            any(w.code == "working" for w in waiting.get(cabin, ())),
        )
        found[wish.tenant] = _status(facts)
    return found


def _by_tenant(table: RouteTable | None) -> dict[str, Route]:
    return {route.tenant: route for route in table.routes} if table else {}


@dataclass(frozen=True, slots=True)
class _Facts:
    """instances: the agent's, of which there are two while one replaces the other."""

    now: float
    wish: Wish
    inventory: Inventory
    instances: tuple[Instance, ...]
    services: tuple[Instance, ...]
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
    blocked = bool(wish.blocked) and not wish.passing
    return replace(_running(facts), blocked=blocked, reached=_reached(facts))


def _reached(facts: _Facts) -> Reached:
    wish, current = facts.wish, _current(facts)
    content = facts.inventory.content.get(wish.cabin.id)
    if wish.spec is None or current is None or content is None or content.version != wish.content:
        return Reached.NOTHING
    again = restart_reason(facts.now, wish, current, facts.inventory)
    if current.state is not State.RUNNING or again:
        return Reached.BUILT
    if not is_healthy(current, facts.inventory) or not acts_on_content(
        facts.now, current, facts.inventory
    ):
        return Reached.STARTED
    if _ailment(facts) is not None:
        return Reached.STARTED
    return Reached.ROUTED if _serving(facts, current) else Reached.HEALTHY


def _first(facts: _Facts, otherwise: str) -> str:
    return facts.waiting[0] if facts.waiting else otherwise


def _suspended(facts: _Facts) -> Status:
    there = (*facts.instances, *facts.services)
    up = any(i.state in (State.RUNNING, State.PAUSED) for i in there)
    applied = 0 if up else facts.wish.generation
    reason = "is being stopped" if up else "suspended; resume it with `stateroom tenants resume`"
    return Status(Phase.SUSPENDED, reason, facts.waiting, applied)


def _running(facts: _Facts) -> Status:
    current = _current(facts)
    applied = _applied_generation(facts, current)
    troubled = _troubled(facts, current)
    if troubled is not None:
        settles_at = _settles_at(facts, current)
        return Status(troubled[0], troubled[1], facts.waiting, applied, settles_at)
    if not facts.instances:
        reason = _first(facts, "its cabin is being made")
        return Status(Phase.PROVISIONING, reason, facts.waiting, applied)
    settles_at = _settles_at(facts, current)
    if _all_applied(facts, current, applied):
        phase = Phase.READY if current and is_healthy(current, facts.inventory) else Phase.DEGRADED
        slow = "its runtime is slow to answer"
        reason = full_disk(facts.wish, facts.inventory) if phase is Phase.READY else slow
        return Status(phase, reason, facts.waiting, applied)
    serving = _is_open(facts) and any(i.state is State.RUNNING for i in facts.instances)
    doing = "a change is being applied" if serving else "its runtime is starting"
    if current is not None and is_healthy(current, facts.inventory) and (ailing := _ailment(facts)):
        doing = ailing.reason
    return Status(Phase.STARTING, _first(facts, doing), facts.waiting, applied, settles_at)


def _ailment(facts: _Facts) -> Ailment | None:
    return ailment(facts.now, facts.wish, facts.inventory, facts.services)


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
    # Whatever else is wrong comes of that; only safe mode writes nothing there.
    full = "" if wish.safe_mode else full_disk(wish, facts.inventory)
    if (healthy or died.count) and full:
        return (Phase.DEGRADED if healthy else Phase.FAILED), full
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
        serving = Phase.STARTING if wish.passing else Phase.DEGRADED
        return (serving if healthy else Phase.PROVISIONING), wish.blocked
    if (ailing := _ailment(facts)) is not None and ailing.grave and (healthy or not ailing.applied):
        return (Phase.DEGRADED if healthy else Phase.FAILED), ailing.reason
    if 0 < _refused_at(facts, current) <= facts.now:
        return Phase.DEGRADED, refusal(wish, facts.inventory)
    if healthy and (growth := held_growth(facts.now, wish, facts.inventory)) is not None:
        return Phase.DEGRADED, growth.reason
    missing = away(facts.inventory)
    return (Phase.DEGRADED, missing) if healthy and missing else None


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


def _acting(facts: _Facts, current: Instance | None) -> Instance | None:
    """Whose behaviour callers see now, be it one that is to be replaced."""
    acting = current or next((i for i in facts.instances if i.state is State.RUNNING), None)
    return acting if acting is not None and acting.state is State.RUNNING else None


def _refused_at(facts: _Facts, current: Instance | None) -> float:
    """When the content that lies there is to be called refused, 0 where it is acted on."""
    acting = _acting(facts, current)
    if acting is None or acts_on_content(facts.now, acting, facts.inventory):
        return 0.0
    return refused_at(acting, facts.inventory)


def _settles_at(facts: _Facts, current: Instance | None) -> float:
    moment = _refused_at(facts, current)
    if moment <= facts.now:
        return 0.0
    content = facts.inventory.content.get(facts.wish.cabin.id)
    if content is None or content.installed is Installed.YES:
        return moment
    # A runtime's word wakes the loop; that of its entry point has to be looked for.
    return min(moment, facts.now + LOOK_AGAIN)


def _applied_generation(facts: _Facts, current: Instance | None) -> int:
    """The generation whose content the running instance acts on, by its own word; one that has
    to begin anew, or has not taken over what was written, still stands for the one before."""
    content = facts.inventory.content.get(facts.wish.cabin.id)
    acting = _acting(facts, current)
    if content is None or acting is None:
        return 0
    if restart_reason(facts.now, facts.wish, acting, facts.inventory):
        return max(0, content.version.generation - 1)
    if not acts_on_content(facts.now, acting, facts.inventory):
        return max(0, content.version.generation - 1)
    if (ailing := _ailment(facts)) is not None and not ailing.applied:
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
        and not too_small(wish, facts.inventory)
        and _ailment(facts) is None
        and _serving(facts, current)
    )


def counts(found: Mapping[str, Status]) -> dict[str, int]:
    """How many tenants are in each phase, every phase named."""
    totals = {phase.value: 0 for phase in Phase}
    for status in found.values():
        totals[status.phase.value] += 1
    return totals

"""Status: for people, computed from wish, inventory and plan by each pass; never an input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from stateroom.domain.actions import DropCopy, Resize
from stateroom.domain.backoff import GIVES_UP_AFTER, action_streak, runtime_streak
from stateroom.domain.growth import held_growth
from stateroom.domain.instances import boosted, refused_at
from stateroom.domain.inventory import Installed, State
from stateroom.domain.plan import Plan
from stateroom.domain.plan_step import Waiting
from stateroom.domain.routes import Door, Route, RouteTable
from stateroom.domain.services import Ailment, ailment
from stateroom.domain.status_reasons import away, full_disk, refusal
from stateroom.domain.views import Judged, View, Views
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
    now: float, wishes: Sequence[Wish], views: Views, plan: Plan
) -> dict[str, Status]:
    """By tenant id; a cabin without a tenant, whose disk is erased, has none."""
    waiting: dict[str, list[Waiting]] = {}
    for entry in plan.waiting:
        waiting.setdefault(entry.cabin, []).append(entry)
    wanted = _by_tenant(plan.publish.table) if plan.publish else {}
    found: dict[str, Status] = {}
    for wish in wishes:
        if not wish.tenant:
            continue
        cabin = wish.cabin.id
        view = views[cabin]
        # A cabin that was somebody else's may still have that one's row.
        route = view.route if view.route and view.route.tenant == wish.tenant else None
        waits = waiting.get(cabin, ())
        facts = _Facts(
            now,
            wish,
            view,
            ailment(now, wish, view),
            route,
            # A plan that publishes nothing found at the edge what it wants there.
            wanted.get(wish.tenant) if plan.publish else route,
            tuple([w.reason for w in waits]),
            any(not isinstance(step, Resize | DropCopy) for step in plan.cabins.get(cabin, ())),
            any(w.code == "working" for w in waits),
        )
        found[wish.tenant] = _status(facts)
    return found


def _by_tenant(table: RouteTable) -> dict[str, Route]:
    return {route.tenant: route for route in table.routes}


@dataclass(frozen=True, slots=True)
class _Facts:
    """ailment: of its services. observed, wanted: its row at the edge."""

    now: float
    wish: Wish
    view: View
    ailment: Ailment | None
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
    current = _current(facts)
    applied = _applied_generation(facts, current)
    phase, reason = _phase(facts, current, applied)
    return Status(
        phase,
        reason,
        facts.waiting,
        applied,
        _settles_at(facts, current),
        bool(wish.blocked) and not wish.passing,
        _reached(facts, current),
    )


def _reached(facts: _Facts, current: Judged | None) -> Reached:
    wish, content = facts.wish, facts.view.content
    if wish.spec is None or current is None or content is None or content.version != wish.content:
        return Reached.NOTHING
    if not current.running or current.begins_anew:
        return Reached.BUILT
    if not current.healthy or not current.acts or facts.ailment is not None:
        return Reached.STARTED
    return Reached.ROUTED if _serving(facts, current) else Reached.HEALTHY


def _first(facts: _Facts, otherwise: str) -> str:
    return facts.waiting[0] if facts.waiting else otherwise


def _suspended(facts: _Facts) -> Status:
    up = any(i.state in (State.RUNNING, State.PAUSED) for i in facts.view.instances)
    applied = 0 if up else facts.wish.generation
    resume = f"resume it with `stateroom tenants resume {facts.wish.slug}`"
    reason = "is being stopped" if up else resume
    return Status(Phase.SUSPENDED, reason, facts.waiting, applied)


def _phase(facts: _Facts, current: Judged | None, applied: int) -> tuple[Phase, str]:
    """Of one that should run, with the sentence."""
    troubled = _troubled(facts, current)
    if troubled is not None:
        return troubled
    if not facts.view.agents:
        return Phase.PROVISIONING, _first(facts, "its cabin is being made")
    if _all_applied(facts, current, applied):
        if current is not None and current.healthy:
            return Phase.READY, full_disk(facts.wish, facts.view)
        return Phase.DEGRADED, "its runtime is slow to answer"
    if current is not None and current.healthy and facts.ailment is not None:
        return Phase.STARTING, _first(facts, facts.ailment.reason)
    serving = _is_open(facts) and any(one.running for one in facts.view.agents)
    doing = "a change is being applied" if serving else "its runtime is starting"
    return Phase.STARTING, _first(facts, doing)


def _current(facts: _Facts) -> Judged | None:
    """Where nobody can say what it should be, the one that runs."""
    unsaid = facts.wish.spec is None
    for one in facts.view.agents:
        if one.running if unsaid else one.current:
            return one
    return None


def _troubled(facts: _Facts, current: Judged | None) -> tuple[Phase, str] | None:
    """Phase and sentence where something went wrong that a reader has to know of."""
    wish = facts.wish
    healthy = current is not None and current.running and current.healthy
    died = runtime_streak(wish, facts.now)
    # Whatever else is wrong comes of that; only safe mode writes nothing there.
    full = "" if wish.safe_mode else full_disk(wish, facts.view)
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
    ailing = facts.ailment
    if ailing is not None and ailing.grave and (healthy or not ailing.applied):
        return (Phase.DEGRADED if healthy else Phase.FAILED), ailing.reason
    if 0 < _refused_at(facts, current) <= facts.now:
        return Phase.DEGRADED, refusal(wish, facts.view)
    inventory = facts.view.inventory
    if healthy and (growth := held_growth(facts.now, wish, inventory)) is not None:
        return Phase.DEGRADED, growth.reason
    missing = away(inventory)
    return (Phase.DEGRADED, missing) if healthy and missing else None


def _serving(facts: _Facts, current: Judged | None) -> bool:
    """What the edge was seen to have is what it should have, and the door is open."""
    return (
        current is not None
        and current.running
        and facts.observed == facts.wanted
        and _is_open(facts)
    )


def _is_open(facts: _Facts) -> bool:
    return facts.observed is not None and facts.observed.door is Door.OPEN


def _acting(facts: _Facts, current: Judged | None) -> Judged | None:
    """Whose behaviour callers see now, be it one that is to be replaced."""
    acting = current or next((one for one in facts.view.agents if one.running), None)
    return acting if acting is not None and acting.running else None


def _refused_at(facts: _Facts, current: Judged | None) -> float:
    """When the content that lies there is to be called refused, 0 where it is acted on."""
    acting = _acting(facts, current)
    if acting is None or acting.acts:
        return 0.0
    return refused_at(acting.instance, facts.view.inventory)


def _settles_at(facts: _Facts, current: Judged | None) -> float:
    moment = _refused_at(facts, current)
    if moment <= facts.now:
        return 0.0
    content = facts.view.content
    if content is None or content.installed is Installed.YES:
        return moment
    # A runtime's word wakes the loop; that of its entry point has to be looked for.
    return min(moment, facts.now + LOOK_AGAIN)


def _applied_generation(facts: _Facts, current: Judged | None) -> int:
    """The generation whose content the running instance acts on, by its own word; one that has
    to begin anew, or has not taken over what was written, still stands for the one before."""
    content, acting = facts.view.content, _acting(facts, current)
    if content is None or acting is None:
        return 0
    behind = facts.ailment is not None and not facts.ailment.applied
    if acting.begins_anew or not acting.acts or behind:
        return max(0, content.version.generation - 1)
    return content.version.generation


def _all_applied(facts: _Facts, current: Judged | None, applied: int) -> bool:
    wish = facts.wish
    if current is None or wish.spec is None or facts.busy or len(facts.view.agents) != 1:
        return False
    resources = current.instance.resources
    return (
        applied == wish.generation
        # The end of the boot's boost is no change that anybody waits for.
        and (resources == wish.spec.resources or resources == boosted(wish).resources)
        and not facts.view.small
        and facts.ailment is None
        and _serving(facts, current)
    )


def counts(found: Mapping[str, Status]) -> dict[str, int]:
    """How many tenants are in each phase, every phase named."""
    totals = {phase.value: 0 for phase in Phase}
    for status in found.values():
        totals[status.phase.value] += 1
    return totals

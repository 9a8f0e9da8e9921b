"""The plan: a pure function of wishes, inventory, time and the cabins with work in flight.

It yields, for each cabin, an ordered list of actions that need no further decision, the edge's
new table where it differs, and the reasons for everything that is not being done yet.

Rules that every plan keeps (tests/unit/test_plan_properties.py):
* two instances never write to one disk: the old one is stopped and removed first
* an instance is stopped on purpose only after the edge was *seen* not to route to it
* one that serves and has to begin anew serves on until it could boot at once
* nothing starts without firewall, disks, namespace and content
* data is erased only for a cabin whose erasure was asked for, when nothing of it is left
* what one tenant wants changes no action of another cabin, but for the order of boots and copies
* what nobody knows is left alone while it is young, and its data for ever
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from stateroom.domain.actions import (
    CabinAction,
    CopyDisk,
    DropProvider,
    ProviderAction,
    Publish,
    PutProvider,
    Start,
)
from stateroom.domain.backoff import runtime_streak
from stateroom.domain.instances import boost_ends
from stateroom.domain.inventory import Inventory, State
from stateroom.domain.plan_cabin import plan_cabin
from stateroom.domain.plan_checkpoint import to_copy
from stateroom.domain.plan_orphans import Others, plan_orphan
from stateroom.domain.plan_step import Step, Waiting
from stateroom.domain.routes import RouteTable
from stateroom.domain.routing import wanted_table
from stateroom.domain.runtime import AGENT
from stateroom.domain.views import View, Views
from stateroom.domain.views import views as views_of
from stateroom.domain.wish import Intent, Wish

BOOTING_FOR = 90.0
"""Seconds that a boot counts against the number of boots at once; a slower one has stalled."""


@dataclass(frozen=True, slots=True)
class Plan:
    """cabins: actions by cabin id, to be done in order, cabin by cabin independently.
    gone: cabins of which nothing is left that deletion should remove. look_again: the first
    moment at which time alone changes the plan, 0 for none."""

    cabins: Mapping[str, tuple[CabinAction, ...]] = field(default_factory=dict)
    publish: Publish | None = None
    providers: tuple[ProviderAction, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    gone: tuple[str, ...] = ()
    look_again: float = 0.0

    @property
    def empty(self) -> bool:
        return not (self.cabins or self.publish or self.providers or self.gone)


def plan(
    now: float,
    wishes: Sequence[Wish],
    inventory: Inventory,
    in_flight: frozenset[str] = frozenset(),
    boots_at_once: int = 2,
    providers: Mapping[str, str] | None = None,
    others: Others | None = None,
    copies_at_once: int = 1,
    views: Views | None = None,
) -> Plan:
    """The whole plan. `now` in seconds since the epoch; `in_flight` are cabins whose actions
    of an earlier plan still run and which are therefore left alone. `providers`: name ->
    digest of every model provider that the broker should know; None leaves them as they are.
    others: which cabins the store knows beside these; None leaves orphans as they are.
    views: of these wishes and this inventory, where somebody has made them already."""
    if views is None:
        views = views_of(now, wishes, inventory)
    copying = {w.cabin.id for w in wishes if w.cabin.id in in_flight and _copies(w, views)}
    boots = _free_boots(now, wishes, views, in_flight, copying, boots_at_once)
    copies = copies_at_once - len(copying)
    held: set[str] = set()
    cabins: dict[str, tuple[CabinAction, ...]] = {}
    waiting: list[Waiting] = []
    gone: list[str] = []
    for wish in sorted(wishes, key=lambda w: _boot_order(now, w, views[w.cabin.id])):
        cabin = wish.cabin.id
        if cabin in in_flight:
            waiting.append(Waiting(cabin, "working", "earlier actions are still being carried out"))
            continue
        step = plan_cabin(now, wish, views[cabin], boots, copies)
        if step.actions:
            cabins[cabin] = step.actions
        if step.turn or _boots(wish, step):
            boots -= 1
        if _begins_to_copy(step) or (step.turn and _copies(wish, views)):
            copies -= 1
        if step.held:
            held.add(cabin)
        waiting.extend(step.waiting)
        if step.gone:
            gone.append(cabin)
    if others is not None:
        for cabin, step in _orphans(now, wishes, views, others):
            if cabin in in_flight:
                continue
            if step.actions:
                cabins[cabin] = step.actions
            waiting.extend(step.waiting)
    publish = _publish(now, wishes, inventory.routes, views, frozenset(held), in_flight)
    return Plan(
        cabins,
        publish,
        _providers(providers, inventory),
        tuple(waiting),
        tuple(gone),
        _look_again(now, waiting, inventory),
    )


def _boots(wish: Wish, step: Step) -> bool:
    """Only the agent's start is dear enough to be counted."""
    return wish.spec is not None and Start(wish.spec.name) in step.actions


def _copies(wish: Wish, views: Views) -> bool:
    """A disk of it is being copied, where work on it is in flight, or is next to be."""
    return bool(to_copy(wish, views[wish.cabin.id].place))


def _begins_to_copy(step: Step) -> bool:
    return any(isinstance(action, CopyDisk) for action in step.actions)


def _look_again(now: float, waiting: Sequence[Waiting], inventory: Inventory) -> float:
    moments = [w.until for w in waiting]
    moments += [
        boost_ends(i)
        for i in inventory.instances
        if i.state is State.RUNNING and i.role == AGENT
    ]
    return min((m for m in moments if m > now), default=0.0)


def _orphans(
    now: float, wishes: Sequence[Wish], views: Views, others: Others
) -> Iterator[tuple[str, Step]]:
    """A store that knows no cabin at all is more likely the wrong store than an emptied one: it
    then costs a leftover some memory, and not everybody the runtime."""
    wished = {wish.cabin.id for wish in wishes}
    if not wished and not others.kept:
        return
    for cabin in sorted(views.keys() - wished):
        yield cabin, plan_orphan(now, cabin, views[cabin], others)


def _providers(
    wanted: Mapping[str, str] | None, inventory: Inventory
) -> tuple[ProviderAction, ...]:
    known = inventory.providers
    if wanted is None or known is None:
        return ()
    put = [PutProvider(n, d) for n, d in sorted(wanted.items()) if known.get(n) != d]
    return (*put, *(DropProvider(name) for name in sorted(known) if name not in wanted))


def _boot_order(now: float, wish: Wish, view: View) -> tuple[bool, bool, bool, int]:
    """Who dies again and again holds up nobody; who still serves can wait; who was awake before
    a reboot comes first."""
    dying = bool(wish.failures) and runtime_streak(wish, now).count > 1
    return (dying, view.open_route is True, not wish.was_ready, wish.cabin.number)


def _free_boots(
    now: float,
    wishes: Sequence[Wish],
    views: Views,
    in_flight: frozenset[str],
    copying: set[str],
    at_once: int,
) -> int:
    """Work in flight may be a boot, but for cabins that are to end, and for those whose disk is
    being copied: that takes as long as it is large, and nobody's boot waits for it."""
    running = {wish.cabin.id for wish in wishes if wish.intent is Intent.RUN}
    booting = sum(
        one.running and not one.healthy and now - one.instance.started_at < BOOTING_FOR
        for cabin in running - in_flight
        for one in views[cabin].agents
    )
    return at_once - booting - len((in_flight & running) - copying)


def _publish(
    now: float,
    wishes: Sequence[Wish],
    known: RouteTable | None,
    views: Views,
    held: frozenset[str],
    in_flight: frozenset[str],
) -> Publish | None:
    if known is None:
        return None
    table = wanted_table(now, wishes, views, held, in_flight)
    return None if table == known else Publish(table, known.version)

"""Routes: which doors are open, and what never opens or closes one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from stateroom.domain.content import ContentVersion
from stateroom.domain.inventory import AppliedContent, Health, Instance, Inventory, Place, State
from stateroom.domain.routes import Door, Route, RouteTable
from stateroom.domain.routing import wanted_table
from stateroom.domain.runtime import AGENT, Resources, RuntimeSpec, Shape
from stateroom.domain.views import views
from stateroom.domain.wish import Doorway, Intent, Wish
from tests.builders import cabin

NOW = 10_000.0
SPEC = RuntimeSpec(cabin(), AGENT, Shape("sha256:a", ("run",)), Resources(1, 1024, 64))
OTHER = replace(SPEC, shape=Shape("sha256:b", ("run",)))
DOORWAY = Doorway("acme.t.localhost", "owner@acme", 60, ("ABC",))
WISH = Wish(cabin(), "t1", "acme", Intent.RUN, 1, 1, spec=SPEC, doorway=DOORWAY)
RUNNING = Instance(
    SPEC.name, cabin().id, AGENT, State.RUNNING, SPEC.resources, NOW - 100,
    content_store="store", holder="holder",
)  # fmt: skip
ANSWERS = Health(True, NOW - 50, "", NOW - 100)
SILENT = Health(False, NOW - 50, "", NOW - 100)


def row(door: Door, rate: int = 60) -> Route:
    return Route(
        DOORWAY.host, "t1", cabin().id, DOORWAY.user, str(cabin().address), 18789, door, rate,
        DOORWAY.tokens,
    )  # fmt: skip


def seen(*instances: Instance, door: Door | None = None, **facts: Any) -> Inventory:
    known: dict[str, Any] = {
        "places": {cabin().id: Place(cabin().id, True, "holder")},
        "content_store": "store",
        "health": {SPEC.name: ANSWERS},
        "routes": RouteTable.of([row(door)] if door else []),
    }
    return Inventory(instances=instances, **(known | facts))


def table(wishes: list[Wish], inventory: Inventory, **sets: frozenset[str]) -> RouteTable:
    return wanted_table(NOW, wishes, views(NOW, wishes, inventory), **sets)


def door(wish: Wish, inventory: Inventory, **sets: frozenset[str]) -> Door:
    return table([wish], inventory, **sets).routes[0].door


def test_it_opens_for_one_that_answers() -> None:
    """Everything of the row follows from the tenant and its cabin."""
    assert table([WISH], seen(RUNNING)).routes == (row(Door.OPEN),)


@pytest.mark.parametrize(
    "health",
    [{}, {SPEC.name: SILENT}, {SPEC.name: replace(ANSWERS, started_at=NOW - 900)}],
    ids=["unasked", "silent", "of an earlier start"],
)
def test_it_does_not_open_for_one_that_was_not_heard(health: dict[str, Health]) -> None:
    """Above all not for a verdict about the process before."""
    assert door(WISH, seen(RUNNING, health=health)) is Door.CLOSED


def test_a_missed_probe_does_not_close_it() -> None:
    """A busy runtime is silent for a while; its callers are not cut."""
    silent = {SPEC.name: SILENT}
    assert door(WISH, seen(RUNNING, door=Door.OPEN, health=silent)) is Door.OPEN


@pytest.mark.parametrize("state", [s for s in State if s is not State.RUNNING])
def test_it_closes_when_nothing_runs(state: State) -> None:
    """An open door in front of nothing would answer with errors instead of a page."""
    assert door(WISH, seen(replace(RUNNING, state=state), door=Door.OPEN)) is Door.CLOSED


STALE: dict[str, tuple[Wish, dict[str, Any]]] = {
    "shape": (replace(WISH, spec=OTHER), {}),
    "restart": (replace(WISH, restart_at=NOW), {}),
    "environment": (
        WISH,
        {"content": {cabin().id: AppliedContent(ContentVersion(1, "d", "e"), NOW, NOW)}},
    ),
    "content store": (WISH, {"content_store": "another"}),
}


@pytest.mark.parametrize("case", STALE)
def test_it_closes_before_a_new_beginning(case: str) -> None:
    """What has to begin anew is closed first; unless it cannot yet, or is being worked on."""
    wish, facts = STALE[case]
    mine = frozenset({cabin().id})
    open_now = seen(RUNNING, door=Door.OPEN, **facts)
    assert door(wish, open_now) is Door.CLOSED
    assert door(wish, open_now, held=mine) is Door.OPEN
    assert door(wish, open_now, working=mine) is Door.OPEN
    silent = replace(open_now, health={SPEC.name: SILENT})
    assert door(wish, silent, held=mine) is Door.CLOSED


def test_nothing_opens_while_it_is_worked_on() -> None:
    """The work may be its end."""
    assert door(WISH, seen(RUNNING), working=frozenset({cabin().id})) is Door.CLOSED


def test_a_stopped_stranger_beside_it_closes_nothing() -> None:
    """Only what runs can be in the way."""
    stranger = replace(RUNNING, name="st3f-00000001-agent-0badf00d", state=State.EXITED)
    assert door(WISH, seen(stranger, RUNNING, door=Door.OPEN)) is Door.OPEN


def test_a_running_stranger_keeps_it_closed() -> None:
    """Nobody's requests go to an address where another one may answer."""
    stranger = replace(RUNNING, name="st3f-00000001-agent-0badf00d")
    assert door(WISH, seen(stranger, RUNNING)) is Door.CLOSED


@pytest.mark.parametrize("known", [Door.OPEN, Door.CLOSED])
def test_who_is_blocked_stays_as_it_is(known: Door) -> None:
    """A change that cannot be compiled takes nothing from who serves: neither door nor rate."""
    blocked = replace(
        WISH, spec=None, blocked="why", doorway=replace(DOORWAY, requests_per_minute=0)
    )
    assert table([blocked], seen(RUNNING, door=known)).routes == (row(known),)


@pytest.mark.parametrize("intent", [Intent.KEEP, Intent.ERASE])
def test_who_leaves_has_no_row(intent: Intent) -> None:
    """From the moment of the request on the host is unknown."""
    leaving = replace(WISH, intent=intent)
    assert table([leaving], seen(RUNNING, door=Door.OPEN)).routes == ()


def test_who_is_suspended_is_known_and_closed() -> None:
    """503, not 404."""
    suspended = replace(WISH, intent=Intent.SUSPEND)
    assert door(suspended, seen(RUNNING, door=Door.OPEN)) is Door.CLOSED


def test_an_edge_that_does_not_answer_had_no_open_door() -> None:
    """What nobody can see is not assumed."""
    assert door(WISH, seen(RUNNING, routes=None, health={SPEC.name: SILENT})) is Door.CLOSED

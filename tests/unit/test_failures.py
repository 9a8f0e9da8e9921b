"""Failures that an inventory shows: said once, in words, and never those that we caused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from stateroom.domain.failures import exit_sentence, noticed
from stateroom.domain.instances import BOOT_DEADLINE
from stateroom.domain.inventory import Health, Instance, Inventory, Place, State
from stateroom.domain.runtime import AGENT, Resources, RuntimeSpec, Shape
from stateroom.domain.views import views
from stateroom.domain.wish import Failure, Intent, Wish
from tests.builders import cabin

NOW = 10_000.0
SPEC = RuntimeSpec(cabin(), AGENT, Shape("sha256:a", ("run",)), Resources(1, 1024, 64))
WISH = Wish(cabin(), "t1", "acme", Intent.RUN, 1, 1, spec=SPEC)


def ended(**facts: Any) -> Instance:
    known: dict[str, Any] = {"started_at": NOW - 50, "finished_at": NOW - 10, "exit_code": 1}
    return Instance(
        SPEC.name, cabin().id, AGENT, State.EXITED, SPEC.resources,
        content_store="store", holder="holder", **(known | facts),
    )  # fmt: skip


def seen(*instances: Instance, health: dict[str, Health] | None = None) -> Inventory:
    place = Place(cabin().id, True, "holder")
    return Inventory({cabin().id: place}, instances, content_store="store", health=health or {})


def found(wish: Wish, inventory: Inventory, *busy: str) -> dict[str, tuple[Failure, ...]]:
    return noticed(NOW, [wish], views(NOW, [wish], inventory), frozenset(busy))


def test_an_end_is_a_failure_at_the_time_that_the_engine_says() -> None:
    """So that seeing it twice, or after a restart of ours, is the same failure."""
    expected = Failure(NOW - 10, NOW - 50, "exit", "it ended (exit 1)")
    assert found(WISH, seen(ended())) == {cabin().id: (expected,)}
    assert found(WISH.with_failures((expected,)), seen(ended())) == {}


@pytest.mark.parametrize(
    "wish",
    [
        replace(WISH, intent=Intent.SUSPEND),
        replace(WISH, intent=Intent.KEEP),
        replace(WISH, restart_at=NOW - 5),
        replace(WISH, changed_at=NOW - 5),
        replace(WISH, spec=replace(SPEC, shape=Shape("sha256:b", ("run",)))),
    ],
    ids=["suspended", "leaving", "restarted since", "changed since", "another shape"],
)
def test_an_end_that_was_asked_for_is_none(wish: Wish) -> None:
    """What we stopped, what was changed since and what is a stranger by now did not fail."""
    assert found(wish, seen(ended())) == {}


@pytest.mark.parametrize(
    "wish",
    [
        replace(WISH, restart_at=NOW + 3600),
        replace(WISH, changed_at=NOW + 3600),
        WISH.with_failures((Failure(NOW + 3610, NOW + 3600, "action", "start failed: busy"),)),
    ],
    ids=["restarted", "changed", "our own work"],
)
def test_what_a_clock_wrote_before_it_was_set_back_hides_no_end(wish: Wish) -> None:
    """Nobody can say when that was, so it explains nothing."""
    assert len(found(wish, seen(ended()))[cabin().id]) == 1


def test_work_in_flight_is_no_failure() -> None:
    """An instance that our own actions stop at this moment did not die."""
    assert found(WISH, seen(ended()), cabin().id) == {}


@pytest.mark.parametrize("kind", ["action", "grow"])
def test_what_we_stopped_for_work_that_failed_did_not_die(kind: str) -> None:
    """An end before work of ours that failed had been noticed if it was one of its own; one after
    it is news."""
    failed = Failure(NOW - 8, NOW - 9, kind, "start failed: busy")
    assert found(WISH.with_failures((failed,)), seen(ended())) == {}
    later = ended(finished_at=NOW - 5)
    assert found(WISH.with_failures((failed,)), seen(later))[cabin().id][0].at == NOW - 5


def test_what_never_ran_never_ended() -> None:
    """A created instance has no end, whatever the engine fills in for it."""
    assert found(WISH, seen(replace(ended(), state=State.CREATED))) == {}
    assert found(WISH, seen(ended(finished_at=0.0))) == {}


def silent(since: float, started: float) -> Inventory:
    running = replace(ended(), state=State.RUNNING, started_at=started, finished_at=0.0)
    return seen(running, health={running.name: Health(False, since, "", started)})


def test_a_boot_that_never_answers_is_a_failure_of_its_deadline() -> None:
    """It is dated by its start, so that it is the same failure at every look."""
    started = NOW - BOOT_DEADLINE - 5
    (failure,) = found(WISH, silent(started, started))[cabin().id]
    assert (failure.kind, failure.at) == ("boot", started + BOOT_DEADLINE)


def test_a_prober_that_has_just_begun_to_ask_accuses_nobody() -> None:
    """After a restart of ours every verdict is new; time to answer counts from the first asking."""
    assert found(WISH, silent(NOW - 1, NOW - 5000)) == {}


def test_a_verdict_about_an_earlier_start_says_nothing() -> None:
    """The instance began anew since it was judged."""
    running = replace(ended(), state=State.RUNNING, started_at=NOW - 300, finished_at=0.0)
    stale = {running.name: Health(False, NOW - 900, "", NOW - 900)}
    assert found(WISH, seen(running, health=stale)) == {}


def test_a_services_end_is_its_own() -> None:
    """Two that end between two looks are two failures, each of its role."""
    spec = RuntimeSpec(cabin(), "db", Shape("sha256:d", ("serve",)), Resources(1, 256, 64), user=1)
    beside = replace(ended(), name=spec.name, role="db", exit_code=78, finished_at=NOW - 9)
    wish = replace(WISH, services=(spec,))
    agents, its = found(wish, seen(ended(), beside))[cabin().id]
    assert (agents.role, its.role) == (AGENT, "db")
    # What OpenClaw means by 78 another program does not.
    assert its.detail == "it ended (exit 78)"
    oom = replace(beside, oom_killed=True, resources=spec.resources)
    assert exit_sentence(oom) == "it ran out of memory (256 MiB; raise memory_mb of its block)"


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"oom_killed": True, "exit_code": 137}, "it ran out of memory (1024 MiB; raise limits"),
        ({"exit_code": 78}, "OpenClaw refused its configuration (exit 78)"),
        ({"exit_code": 137}, "it was killed"),
        ({"exit_code": 0}, "it ended (exit 0)"),
    ],
)
def test_exits_in_words(facts: dict[str, Any], said: str) -> None:
    """The reason of an end is a sentence, with what to do where something can be done."""
    assert exit_sentence(ended(**facts)).startswith(said)

"""Back-off: pauses computed from recorded failures and the time, never stored."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stateroom.domain.backoff import (
    ACTION,
    COUNTED,
    GIVES_UP_AFTER,
    GROWTH,
    LIVED_WELL,
    LONGEST_RETRY_AFTER,
    NONE,
    RUNTIME,
    Streak,
    action_streak,
    growth_streak,
    orphan_streak,
    runtime_streak,
)
from stateroom.domain.moments import AHEAD
from stateroom.domain.rollout import DEATHS
from stateroom.domain.wish import Failure, Intent, Wish
from tests.builders import cabin

NOW = 100_000.0


def wish(*failures: Failure, **facts: float) -> Wish:
    bare = Wish(cabin(), "t1", "acme", Intent.RUN, 1, 1, **facts)  # type: ignore[arg-type]
    for failure in failures:
        bare = bare.with_failures((failure,))
    return bare


def died(at: float, lived: float = 1.0, kind: str = "exit") -> Failure:
    return Failure(at, at - lived, kind, "it ended")


def in_a_row(count: int, kind: str = "exit") -> list[Failure]:
    return [died(NOW - 10 * n, kind=kind) for n in range(count)]


def test_without_failures_nothing_is_held_back() -> None:
    """No failure, no pause."""
    assert runtime_streak(wish(), NOW) == NONE == action_streak(wish(), NOW)


@pytest.mark.parametrize("count", range(1, 12))
def test_pauses_grow_with_each_death_and_then_stay(count: int) -> None:
    """The n-th death in a row is followed by the n-th pause, the last one for ever after."""
    streak = runtime_streak(wish(*in_a_row(count)), NOW)
    assert streak.count == count
    assert streak.until - NOW == RUNTIME.pauses[min(count, len(RUNTIME.pauses)) - 1]
    assert streak.last == died(NOW)


def test_a_long_life_ends_a_streak() -> None:
    """Who lived well and then died begins a new story."""
    lived = died(NOW, lived=LIVED_WELL + 1)
    assert runtime_streak(wish(*(died(NOW - 400 - n) for n in range(5)), lived), NOW).count == 1


def test_deaths_before_a_long_life_do_not_count() -> None:
    """Only what came after the last long life is in a row."""
    old = [died(NOW - 800 - n) for n in range(4)]
    long_life = died(NOW - 20, lived=700)
    assert runtime_streak(wish(*old, long_life, died(NOW)), NOW).count == 1


def test_time_forgives() -> None:
    """After a while without another death the streak is over."""
    streak = in_a_row(5)
    assert runtime_streak(wish(*streak), NOW + RUNTIME.forget_after).count == 5
    assert runtime_streak(wish(*streak), NOW + RUNTIME.forget_after + 1) == NONE


@pytest.mark.parametrize("fact", ["restart_at", "changed_at"])
def test_a_change_or_restart_begins_anew(fact: str) -> None:
    """What somebody changed may have cured it: what began before no longer counts."""
    assert runtime_streak(wish(*in_a_row(5), **{fact: NOW + 1}), NOW + 2) == NONE
    began_after = died(NOW + 5, lived=1)
    assert runtime_streak(wish(*in_a_row(5), began_after, **{fact: NOW + 1}), NOW + 6).count == 1


def test_kinds_are_counted_apart() -> None:
    """A runtime that dies is not an engine that fails, and the other way round."""
    mixed = wish(*in_a_row(3), *in_a_row(2, "boot"), *in_a_row(4, "action"))
    assert runtime_streak(mixed, NOW).count == 5
    acted = action_streak(mixed, NOW)
    assert acted.count == 4 and acted.until == NOW + ACTION.pauses[3]


@given(st.lists(st.tuples(st.floats(0, NOW), st.floats(0, 1000)), max_size=12), st.randoms())
def test_the_order_of_records_does_not_matter(
    pairs: list[tuple[float, float]], luck: random.Random
) -> None:
    """A streak follows from the failures, not from the order in which they were read, and never
    holds back for longer than the longest pause."""
    failures = [died(at, lived) for at, lived in pairs]
    shuffled = list(failures)
    luck.shuffle(shuffled)
    streak = runtime_streak(wish(*failures), NOW)
    assert runtime_streak(wish(*shuffled), NOW).until == streak.until
    assert streak.until <= NOW + RUNTIME.pauses[-1]
    assert 0 <= streak.count <= len(failures)


def action(after: float, at: float = NOW) -> Failure:
    return Failure(at, at - 1, "action", "it failed", after)


@pytest.mark.parametrize(
    ("after", "pause"),
    [
        (0.0, ACTION.pauses[0]),
        (0.1, ACTION.pauses[0]),
        (45.0, 45.0),
        (1e9, LONGEST_RETRY_AFTER),
        (math.inf, LONGEST_RETRY_AFTER),
        (math.nan, ACTION.pauses[0]),
        (-5.0, ACTION.pauses[0]),
    ],
)
def test_what_a_failure_says_about_trying_again_is_kept(after: float, pause: float) -> None:
    """The longer of our pause and of what the engine asked for, which is bounded: no answer of
    an engine shortens a pause, or holds a cabin for days."""
    streak = action_streak(wish(action(after)), NOW)
    assert (streak.pause, streak.until) == (pause, NOW + pause)


def test_only_the_newest_failure_says_when_to_try_again() -> None:
    """An older one that asked for more is history."""
    assert action_streak(wish(action(600, NOW - 100), action(3)), NOW).until == NOW + 3


def test_what_is_counted_is_enough_for_every_pause() -> None:
    """Only as many failures in a row are kept: more of them change neither a pause nor whether a
    tenant is given up."""
    for pace in (RUNTIME, ACTION, GROWTH):
        assert len(pace.pauses) <= COUNTED
    assert max(GIVES_UP_AFTER, DEATHS) <= COUNTED


def test_a_streak_outlives_the_longest_pause() -> None:
    """Else its end would be forgotten before it is over, and the pauses would begin anew."""
    for pace in (RUNTIME, ACTION, GROWTH):
        assert pace.forget_after > max(*pace.pauses, LONGEST_RETRY_AFTER)


def test_a_failure_of_a_clock_that_was_set_back_holds_nobody() -> None:
    """Dated far ahead of now, it cannot be placed; a little ahead, it is of this moment."""
    assert action_streak(wish(action(0, NOW + AHEAD + 1)), NOW) == NONE
    assert action_streak(wish(action(0, NOW + AHEAD)), NOW).count == 1


@pytest.mark.parametrize("fact", ["restart_at", "changed_at"])
def test_a_change_of_a_clock_that_was_set_back_hides_no_failure(fact: str) -> None:
    """Else whatever fails after it would be tried again at once, until the clock is there."""
    failures = [*in_a_row(5), *in_a_row(5, "action"), *in_a_row(5, "grow")]
    changed = wish(*failures, **{fact: NOW + AHEAD + 1})
    for streak in (runtime_streak, action_streak, growth_streak):
        assert streak(changed, NOW).count == 5
    assert runtime_streak(wish(*failures, **{fact: NOW + AHEAD}), NOW) == NONE


@pytest.mark.parametrize("kind", ["action", "grow"])
@given(st.lists(st.tuples(st.floats(0, 7200), st.floats(0, 60)), min_size=1, max_size=12))
def test_a_call_that_fails_slowly_is_held_back_like_any(
    kind: str, tries: list[tuple[float, float]]
) -> None:
    """However long each try took: it did not live well meanwhile, and is one more in a row."""
    began, failures = NOW, []
    for took, pause in tries:
        failures.append(Failure(began + took, began, kind, "it failed"))
        began += took + pause
    pace, streak = (ACTION, action_streak) if kind == "action" else (GROWTH, growth_streak)
    found = streak(wish(*failures), failures[-1].at)
    assert found.count == len(tries)
    assert found.pause == pace.pauses[min(len(tries), len(pace.pauses)) - 1]


def test_a_disk_is_tried_again_after_long_pauses_whatever_else_is_changed() -> None:
    """Each try stops a runtime: a new prompt is no reason for one, a restart that was asked for
    is."""
    grown = [Failure(NOW - 10, NOW - 11, "grow", "no room")]
    streak = growth_streak(wish(*grown, changed_at=NOW - 5), NOW)
    assert streak.until == NOW - 10 + GROWTH.pauses[0] and min(GROWTH.pauses) >= 300
    assert growth_streak(wish(*grown, restart_at=NOW - 5), NOW) == NONE
    assert action_streak(wish(*grown), NOW) == NONE == runtime_streak(wish(*grown), NOW)


def test_orphans_are_paced_like_actions() -> None:
    """Nobody changes or restarts them, so only time forgives."""
    assert orphan_streak([action(0), action(0, NOW - 9)], NOW) == Streak(
        2, NOW + ACTION.pauses[1], action(0), ACTION.pauses[1]
    )

"""Back-off: pauses computed from recorded failures and the time, never stored."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stateroom.domain.backoff import (
    ACTION_PAUSES,
    FORGET_AFTER,
    LIVED_WELL,
    NONE,
    RUNTIME_PAUSES,
    action_streak,
    runtime_streak,
)
from stateroom.domain.wish import Failure, Intent, Wish
from tests.builders import cabin

NOW = 100_000.0


def wish(*failures: Failure, **facts: float) -> Wish:
    bare = Wish(cabin(), "t1", "acme", Intent.RUN, 1, 1, **facts)  # type: ignore[arg-type]
    for failure in failures:
        bare = bare.with_failure(failure)
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
    assert streak.until - NOW == RUNTIME_PAUSES[min(count, len(RUNTIME_PAUSES)) - 1]
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
    assert runtime_streak(wish(*streak), NOW + FORGET_AFTER).count == 5
    assert runtime_streak(wish(*streak), NOW + FORGET_AFTER + 1) == NONE


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
    assert acted.count == 4 and acted.until == NOW + ACTION_PAUSES[3]


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
    assert streak.until <= NOW + RUNTIME_PAUSES[-1]
    assert 0 <= streak.count <= len(failures)

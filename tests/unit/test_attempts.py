"""Wrong attempts to sign in: a few at once, then one at a time, never a closed door for long."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stateroom.api.attempts import AT_ONCE, EVERY_SECONDS, Attempts


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_after_a_few_it_takes_time() -> None:
    """The first ones are free, the next waits half a minute, and a rest gives them all back."""
    clock = Clock()
    attempts = Attempts(clock)
    assert [attempts.was_wrong() for _ in range(AT_ONCE)] == [0.0] * AT_ONCE
    assert attempts.was_wrong() == EVERY_SECONDS
    clock.now += EVERY_SECONDS
    assert attempts.pause() == 0
    assert attempts.was_wrong() == 0
    assert attempts.pause() == EVERY_SECONDS
    clock.now += EVERY_SECONDS * AT_ONCE
    assert [attempts.was_wrong() for _ in range(AT_ONCE)] == [0.0] * AT_ONCE


def test_a_clock_that_is_set_back_forgives_nothing() -> None:
    """Nor does it close the door for longer."""
    clock = Clock()
    attempts = Attempts(clock)
    for _ in range(AT_ONCE):
        attempts.was_wrong()
    clock.now -= 900
    assert attempts.pause() == EVERY_SECONDS
    clock.now += EVERY_SECONDS
    assert attempts.pause() == 0


@given(st.lists(st.floats(0, 100), max_size=300))
def test_a_flood_gains_nothing_and_keeps_nobody_out_for_long(rests: list[float]) -> None:
    """However attempts are spread, no more are looked at than the limit says; and after any flood
    the next one is half a minute away at most."""
    clock = Clock()
    attempts = Attempts(clock)
    looked_at = 0
    for rest in rests:
        clock.now += rest
        looked_at += attempts.was_wrong() == 0
        assert attempts.pause() <= EVERY_SECONDS
    assert looked_at <= AT_ONCE + sum(rests) / EVERY_SECONDS + 1e-6

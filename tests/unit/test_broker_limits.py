"""The turnstile: what one cabin may hold, and that it forgets."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stateroom.broker.limits import Bounds, Pass, Turnstile
from stateroom.broker.refusals import Refusal

BOUNDS = Bounds(calls=2, body=30, cabin_bytes=40, total_bytes=50, free_bytes=5)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.lists(st.integers(0, 40), max_size=3))))
def test_the_turnstile_forgets_whoever_left(calls: list[tuple[str, list[int]]]) -> None:
    """Whatever calls did, refused ones too, nothing of them is counted after they ended."""
    turnstile = Turnstile(BOUNDS)
    for cabin, sizes in calls:
        try:
            with turnstile.enter(cabin) as held:
                for size in sorted(sizes):
                    held.grow_to(size)
        except Refusal:
            continue
    with turnstile.enter("a") as first, turnstile.enter("b") as second:
        first.grow_to(30)
        second.grow_to(30)


def test_each_bound_has_its_own_refusal() -> None:
    """Too many calls, too large, too much of one cabin, too much of all: each says which."""
    turnstile = Turnstile(BOUNDS)
    with turnstile.enter("a") as first, turnstile.enter("a") as second:
        with pytest.raises(Refusal, match="2 model calls"), turnstile.enter("a"):
            pass
        with pytest.raises(Refusal, match="larger than"):
            first.grow_to(31)
        first.grow_to(30)
        with pytest.raises(Refusal, match="too many large"):
            second.grow_to(11)
        with turnstile.enter("b") as third, turnstile.enter("c") as fourth:
            third.grow_to(30)
            with pytest.raises(Refusal, match="too many large"):
                fourth.grow_to(6)
            fourth.grow_to(5)


async def test_heavy_work_of_one_cabin_comes_one_at_a_time() -> None:
    """A cabin's second piece of work waits for its first; another cabin's does not; a failure
    lets the next one in."""
    turnstile = Turnstile(BOUNDS)
    with turnstile.enter("a") as first, turnstile.enter("a") as second, turnstile.enter("b") as b:
        async with first.work():
            waiting = asyncio.create_task(_work(second))
            await _work(b)
            assert not waiting.done()
        await waiting
        with pytest.raises(ValueError, match="failed"):
            async with first.work():
                raise ValueError("failed")
        await _work(second)


async def _work(held: Pass) -> None:
    async with held.work():
        pass


@pytest.mark.parametrize(("descriptors", "most"), [(20_000, 8000), (1024, 448), (10, 64)])
def test_connections_fit_into_the_descriptors(descriptors: int, most: int) -> None:
    """Each call takes two; where there are few, one cabin still gets what it may have."""
    assert Bounds.within(descriptors).all_connections == most

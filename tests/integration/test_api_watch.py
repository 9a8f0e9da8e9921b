"""The watcher: one look for everybody who waits, and none when nobody does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from stateroom.api.watch import Watcher
from stateroom.errors import Away


class Source:
    """A number that the test raises, and how often it was looked at."""

    def __init__(self) -> None:
        self.number = 5
        self.looks = 0
        self.away = False

    async def __call__(self) -> int:
        self.looks += 1
        if self.away:
            raise Away
        return self.number


@asynccontextmanager
async def watching() -> AsyncIterator[tuple[Source, Watcher]]:
    source = Source()
    watcher = Watcher(source)
    yield source, watcher
    await watcher.close()


async def test_what_was_seen_is_no_news() -> None:
    """The same number wakes nobody; the time runs out."""
    async with watching() as (_, watcher):
        assert not await watcher.beyond(5, 0.3)
        assert not await watcher.beyond(5, 0)
        assert await watcher.beyond(4, 5)


async def test_everybody_is_woken_by_one_look() -> None:
    """A hundred who wait cost as many looks as one, and all hear of the change."""
    async with watching() as (source, watcher):
        waiting = [asyncio.create_task(watcher.beyond(5, 10)) for _ in range(100)]
        await asyncio.sleep(0.35)
        assert source.looks <= 6
        source.number = 6
        assert all(await asyncio.gather(*waiting))


async def test_nobody_waits_and_nobody_looks() -> None:
    """After the last one went, also by being cancelled, the looking ends."""
    async with watching() as (source, watcher):
        task = asyncio.create_task(watcher.beyond(5, 10))
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.sleep(0.25)
        looks = source.looks
        await asyncio.sleep(0.3)
        assert source.looks == looks


async def test_trouble_with_the_database_wakes_nobody_and_ends_by_itself() -> None:
    """While it cannot be asked everybody waits on; then the news arrives."""
    async with watching() as (source, watcher):
        source.away = True
        task = asyncio.create_task(watcher.beyond(5, 10))
        await asyncio.sleep(0.2)
        assert not task.done()
        source.number, source.away = 6, False
        assert await task

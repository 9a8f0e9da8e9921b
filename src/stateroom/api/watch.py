"""Waiting for news: one look at the database every 100 ms for everybody who waits, none else.

Other processes write the news, so somebody has to ask; asking once for all keeps a hundred
waiting clients as cheap as one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from stateroom.errors import StateroomError

log = logging.getLogger(__name__)

INTERVAL = 0.1
INTERVAL_IN_TROUBLE = 1.0


class Watcher:
    """last_id: a number that rises with every change (`Events.last_id`)."""

    def __init__(self, last_id: Callable[[], Awaitable[int]]) -> None:
        self._last_id = last_id
        self._waiting: dict[asyncio.Future[None], int] = {}
        self._looking: asyncio.Task[None] | None = None

    async def now(self) -> int:
        return await self._last_id()

    async def beyond(self, seen: int, seconds: float) -> bool:
        """Whether the number rose above `seen` within that time; comes back as soon as it does."""
        if seconds <= 0:
            return False
        future = asyncio.get_running_loop().create_future()
        self._waiting[future] = seen
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            await asyncio.wait_for(future, seconds)
        except TimeoutError:
            return False
        finally:
            self._waiting.pop(future, None)
        return True

    async def close(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def _look(self) -> None:
        while self._waiting:
            pause = INTERVAL
            try:
                last = await self._last_id()
            except StateroomError as error:
                log.warning("cannot look for news: %s", error, extra={"action": "watch_failed"})
                last, pause = -1, INTERVAL_IN_TROUBLE
            for future, seen in list(self._waiting.items()):
                if last > seen and not future.done():
                    future.set_result(None)
            await asyncio.sleep(pause)

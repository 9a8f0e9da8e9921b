"""Whether the engine still hears us.

Its socket is bound into our container as a file. An engine that is started again makes another
file, and where it let its containers run meanwhile (live-restore) we would go on calling the old
one for ever. The cure is to end: the engine starts us again, and binds the file that is there by
then; one that is away starts us as soon as it is back.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from stateroom.errors import Away

log = logging.getLogger(__name__)

PATIENCE = 60.0
"""Seconds: an engine that is started again, with many containers, is away for a while."""
EVERY = 5.0
NEWS = 10.0
"""Seconds in which a pass that went well is proof enough."""


class Hearing:
    """heard: seconds since the epoch of the last pass that went well. ask: a question to the
    engine; whatever comes back, it was heard. OSError, also TimeoutError: it was not."""

    def __init__(
        self,
        heard: Callable[[], float],
        ask: Callable[[], Awaitable[None]],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._heard = heard
        self._ask = ask
        self._clock = clock

    async def run(self) -> None:
        """Until the engine was not reached for PATIENCE seconds; then raises Away."""
        since: float | None = None
        while True:
            await asyncio.sleep(EVERY)
            now = time.monotonic()
            if await self._reached():
                since = None
            elif since is None:
                since = now
            elif now - since >= PATIENCE:
                raise Away(
                    f"Docker was not reached for {PATIENCE:.0f} s, perhaps because it was started "
                    "again and has another socket now; the steward ends, so that Docker starts it "
                    "with that one"
                )

    async def _reached(self) -> bool:
        if abs(self._clock() - self._heard()) < NEWS:
            return True
        try:
            async with asyncio.timeout(EVERY):
                await self._ask()
        except OSError as error:
            log.warning(
                "Docker cannot be reached: %s", str(error) or "it does not answer",
                extra={"action": "engine_away"},
            )  # fmt: skip
            return False
        return True

"""Usage of one tenant: what its cabin uses now, how often it is asked for, and what its model calls
came to by day.

A disk can be asked only while something runs on it. One that nothing runs on stays as full as it
was, so what was seen last is what it uses; it is kept in the store, since a steward that starts
again could not look either.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, Protocol

import aiohttp

from stateroom.edge.base import Counts, Edge
from stateroom.engines.base import NO_USAGE, Engine, Measures
from stateroom.errors import EngineError, StateroomError

log = logging.getLogger(__name__)

DAYS = 30
WORTH_NOTING_MB = 1.0


class Notes(Protocol):
    """What is remembered of disks."""

    async def note_disk(self, cabin_id: str, used_mb: float) -> None: ...

    async def disk_of(self, cabin_id: str) -> float | None: ...


class UsageReader:
    """broker: the broker's own Unix socket; while it is away the days are an empty list. While
    the edge is away nobody gets through, and it has forgotten who did: 0 requests."""

    def __init__(self, engine: Engine, edge: Edge, broker: Path, notes: Notes) -> None:
        self._engine = engine
        self._edge = edge
        self._broker = broker
        self._notes = notes

    async def read(self, tenant: str, cabin: str) -> dict[str, Any]:
        """Raises EngineError, Away."""
        now = NO_USAGE
        if isinstance(self._engine, Measures):
            now = await self._engine.usage(cabin)
        return {
            "now": {
                "cpu_cores": round(now.cpu_cores, 3),
                "memory_mb": round(now.memory_mb, 1),
                "disk_mb": round(await self._disk(cabin, now.disk_mb), 1),
                "pids": now.pids,
                "requests_per_minute": await self._requests(tenant),
            },
            "days": await self._days(tenant),
        }

    async def _requests(self, tenant: str) -> int:
        if not isinstance(self._edge, Counts):
            return 0
        try:
            return await self._edge.requests_per_minute(tenant)
        except EngineError as error:
            log.warning("the edge tells no rate: %s", error, extra={"action": "rate_away"})
            return 0

    async def _disk(self, cabin: str, seen: float) -> float:
        """seen: 0 where nobody could look."""
        known = await self._notes.disk_of(cabin)
        if seen <= 0:
            return known or 0.0
        if known is None or abs(seen - known) >= WORTH_NOTING_MB:
            await self._note(cabin, seen)
        return seen

    async def _note(self, cabin: str, seen: float) -> None:
        try:
            await self._notes.note_disk(cabin, seen)
        except StateroomError as error:
            # A database that takes nothing must not hide what was measured.
            log.warning("usage is not noted: %s", error, extra={"action": "usage_not_noted"})

    async def _days(self, tenant: str) -> list[dict[str, Any]]:
        connector = aiohttp.UnixConnector(str(self._broker))
        timeout = aiohttp.ClientTimeout(total=3.0)
        try:
            async with (
                aiohttp.ClientSession(connector=connector, timeout=timeout) as session,
                session.get(f"http://broker/usage/{tenant}", params={"days": DAYS}) as answer,
            ):
                answer.raise_for_status()
                found: list[dict[str, Any]] = (await answer.json())["days"]
                return found
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            log.warning("the broker tells no usage: %s", error, extra={"action": "usage_away"})
            return []

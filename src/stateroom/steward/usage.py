"""Usage of one tenant: what its cabin uses now, and what its model calls came to by day."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import aiohttp

from stateroom.engines.base import Engine, Measures, Usage

log = logging.getLogger(__name__)

DAYS = 30


class UsageReader:
    """broker: the broker's own Unix socket; while it is away the days are an empty list."""

    def __init__(self, engine: Engine, broker: Path) -> None:
        self._engine = engine
        self._broker = broker

    async def read(self, tenant: str, cabin: str) -> dict[str, Any]:
        """Raises EngineError."""
        now = Usage(0.0, 0.0, 0.0)
        if isinstance(self._engine, Measures):
            now = await self._engine.usage(cabin)
        return {
            "now": {
                "cpu_cores": round(now.cpu_cores, 3),
                "memory_mb": round(now.memory_mb, 1),
                "disk_mb": round(now.disk_mb, 1),
            },
            "days": await self._days(tenant),
        }

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

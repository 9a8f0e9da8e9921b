"""An edge in memory that keeps the same contract, and fails as it is told to."""

from __future__ import annotations

from collections import deque

from stateroom.domain.routes import RouteTable
from stateroom.edge import route_map
from stateroom.errors import Clash, EngineError, Retryable


class FakeEdge:
    """table: what is in force. replaced: every table that came into force, in order.
    away: nobody answers. rates: requests in the last minute, by tenant."""

    def __init__(self, table: RouteTable | None = None) -> None:
        self.table = table or RouteTable()
        self.replaced: list[RouteTable] = []
        self.away = False
        self.rates: dict[str, int] = {}
        self._before: deque[EngineError] = deque()
        self._after: deque[EngineError] = deque()

    def fail_next(self, error: EngineError) -> None:
        """The next call that is not yet spoken for raises `error` and changes nothing."""
        self._before.append(error)

    def lose_answer(self, error: EngineError | None = None) -> None:
        """The next replace does its work, and the caller hears of a failure."""
        self._after.append(error or Retryable("The edge broke off in the middle of an answer."))

    async def read(self) -> tuple[RouteTable, str]:
        self._answer()
        return self.table, self.table.version

    async def replace(self, table: RouteTable, version: str) -> str:
        route_map.rows(table)
        self._answer()
        if version != self.table.version:
            raise Clash("The edge has another table than the plan was made for.")
        self.table = table
        self.replaced.append(table)
        if self._after:
            raise self._after.popleft()
        return table.version

    async def requests_per_minute(self, tenant: str) -> int:
        self._answer()
        return self.rates.get(tenant, 0)

    def _answer(self) -> None:
        if self.away:
            raise Retryable("The edge's socket does not answer; is it running?")
        if self._before:
            raise self._before.popleft()

"""The edge's seam: the public front has one table, read whole and replaced whole.

Compare-and-swap: `replace` with a version that is no longer the current one raises Clash.
Raises only EngineError. An edge that is not there: Retryable.
"""

from __future__ import annotations

from typing import Protocol

from stateroom.domain.routes import RouteTable


class Edge(Protocol):
    async def read(self) -> tuple[RouteTable, str]:
        """The table that the edge acts on now, and its version."""
        ...

    async def replace(self, table: RouteTable, version: str) -> str:
        """Puts `table` in force, whole; answers its version. Requests that come meanwhile see the
        old table or the new one, nothing between. It cuts no connection but those that were
        opened by a token, or lead to a place, that `table` does not have any more."""
        ...

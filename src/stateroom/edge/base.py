"""The edge's seam: the public front has one table, read whole and replaced whole.

Compare-and-swap: `replace` with a version that is no longer the current one raises Clash.
Raises only EngineError. An edge that is not there: Retryable.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

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


@runtime_checkable
class Counts(Protocol):
    async def requests_per_minute(self, tenant: str) -> int:
        """How many requests of a tenant (its id) were let through in the last minute: the number
        that its rate is compared with. 0 where none is known of."""
        ...

"""Events: what happened, in order. Ids rise and are never used twice, so a reader resumes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, select

from stateroom.store import lookups, rows
from stateroom.store import tables as t
from stateroom.store.database import Database
from stateroom.store.records import EventRecord

KINDS = ("tenant", "deployment", "audit")


class Events:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def last_id(self) -> int:
        """0 for none yet. Rises with everything that people can see, so it is also the cheap
        answer to "did anything change?"."""
        async with self._database.read() as connection:
            return await lookups.last_event(connection)

    async def after(
        self, last_id: int, limit: int, tenant: str = "", kinds: Sequence[str] = KINDS
    ) -> tuple[EventRecord, ...]:
        """The oldest `limit` events behind `last_id`, oldest first."""
        query = (
            _some(tenant, kinds).where(t.events.c.id > last_id).order_by(t.events.c.id).limit(limit)
        )
        async with self._database.read() as connection:
            return tuple(map(rows.event, await connection.execute(query)))

    async def newest(
        self, limit: int, tenant: str = "", kinds: Sequence[str] = KINDS
    ) -> tuple[EventRecord, ...]:
        """The newest `limit` events, oldest first."""
        query = _some(tenant, kinds).order_by(t.events.c.id.desc()).limit(limit)
        async with self._database.read() as connection:
            found = [rows.event(row) for row in await connection.execute(query)]
        return tuple(reversed(found))


def _some(tenant: str, kinds: Sequence[str]) -> Select[Any]:
    query = select(*rows.EVENT).where(t.events.c.kind.in_(kinds))
    return query.where(t.events.c.tenant == tenant) if tenant else query

"""Volumes: the disks of cabins whose tenant was deleted with `data=keep`, and what was written to
a disk between a roll-out that failed and its way back."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import null, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stateroom.errors import NotFound
from stateroom.store import tables as t
from stateroom.store.changes import record, touch
from stateroom.store.database import Database
from stateroom.store.records import VolumeRecord


class Volumes:
    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    async def all(self) -> tuple[VolumeRecord, ...]:
        """The one kept longest first."""
        query = (
            select(
                t.cabins.c.id,
                t.cabins.c.tenant,
                t.tenants.c.slug,
                t.cabins.c.disk_mb,
                t.cabins.c.used_mb,
                t.cabins.c.kept_at,
            )
            .join(t.tenants, t.tenants.c.id == t.cabins.c.tenant)
            .where(t.cabins.c.state == "kept")
            .order_by(t.cabins.c.kept_at, t.cabins.c.id)
        )
        beside = (
            select(
                t.copies.c.id,
                t.copies.c.tenant,
                t.tenants.c.slug,
                t.copies.c.size_mb,
                null(),
                t.copies.c.kept_at,
                t.copies.c.deployment,
            )
            .join(t.tenants, t.tenants.c.id == t.copies.c.tenant)
            .where(t.copies.c.state == "kept")
            .order_by(t.copies.c.kept_at, t.copies.c.id)
        )
        async with self._database.read() as connection:
            found = [VolumeRecord(*row) for row in await connection.execute(query)]
            found += [VolumeRecord(*row) for row in await connection.execute(beside)]
        return tuple(sorted(found, key=lambda v: (v.kept_since, v.id)))

    async def delete(self, volume_id: str) -> None:
        """Records that its data is to be erased; the steward does it. Raises NotFound."""
        async with self._database.write() as connection:
            done = await connection.execute(
                update(t.cabins)
                .where(t.cabins.c.id == volume_id, t.cabins.c.state == "kept")
                .values(state="erased")
                .returning(t.cabins.c.tenant)
            )
            tenant_id = done.scalar_one_or_none() or await _erase_copy(connection, volume_id)
            if tenant_id is None:
                raise NotFound("there is no such kept volume; GET /volumes names them")
            await touch(connection)
            said = {"action": "volume_delete", "volume": volume_id}
            await record(connection, self._clock(), "audit", tenant_id, said)


async def _erase_copy(connection: AsyncConnection, copy_id: str) -> str | None:
    """Whose it was, None where there is no such."""
    done = await connection.execute(
        update(t.copies)
        .where(t.copies.c.id == copy_id, t.copies.c.state == "kept")
        .values(state="erased")
        .returning(t.copies.c.tenant)
    )
    found: str | None = done.scalar_one_or_none()
    return found

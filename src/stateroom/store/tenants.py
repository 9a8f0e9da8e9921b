"""Tenants one by one: reading them, and the changes that touch no value (restart, delete,
rotate)."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stateroom.errors import Conflict
from stateroom.store import lookups
from stateroom.store import tables as t
from stateroom.store.changes import record, touch
from stateroom.store.credentials import new_token, token_hash
from stateroom.store.database import Database
from stateroom.store.lookups import Expected
from stateroom.store.records import TenantRecord, TenantView
from stateroom.store.sealing import Redacted, Sealer


class Tenants:
    def __init__(self, database: Database, sealer: Sealer, clock: Callable[[], float]) -> None:
        self._database = database
        self._sealer = sealer
        self._clock = clock

    async def get(self, slug: str) -> TenantView:
        """Raises NotFound."""
        async with self._database.read() as connection:
            return await lookups.view(connection, await lookups.live_tenant(connection, slug))

    async def by_token(self, token: str) -> tuple[str, str] | None:
        """(id, slug) of the living tenant whose API token this is."""
        async with self._database.read() as connection:
            found = await connection.execute(
                select(t.tenants.c.id, t.tenants.c.slug)
                .join(t.cabins, t.cabins.c.tenant == t.tenants.c.id)
                .where(
                    t.cabins.c.token_sha256 == token_hash(token),
                    t.cabins.c.state == "assigned",
                    t.tenants.c.gone_at == 0,
                    t.tenants.c.deleting == "",
                )
            )
            row = found.first()
        return None if row is None else (row[0], row[1])

    async def restart(
        self, slug: str, safe_mode: bool, expected: Expected = None
    ) -> TenantView:
        """Asks for a restart as of now; one without `safe_mode` ends safe mode. expected: the
        generation that the caller saw. Raises NotFound, Conflict, Moved."""
        async with self._database.write() as connection:
            tenant = await lookups.changeable_tenant(connection, slug, expected)
            now = self._clock()
            changed = await raise_generation(
                connection, tenant, now, restart_at=now, safe_mode=safe_mode
            )
            data = {"tenant": slug, "change": "restart", "generation": changed.generation}
            await record(connection, now, "tenant", tenant.id, data)
            return await lookups.view(connection, changed)

    async def delete(self, slug: str, data: str, expected: Expected = None) -> TenantView:
        """data: "keep" or "erase". Asked again it stays as it is, whatever is expected; from keep
        to erase is still possible, the way back is not (Conflict). Raises NotFound, Moved."""
        async with self._database.write() as connection:
            tenant = await lookups.live_tenant(connection, slug)
            if tenant.deleting == "erase" and data == "keep":
                raise Conflict(f"the data of tenant {slug} is already being erased")
            if tenant.deleting == data:
                return await lookups.view(connection, tenant)
            lookups.must_be_at(tenant, expected)
            now = self._clock()
            changed = await raise_generation(connection, tenant, now, deleting=data)
            said = {"tenant": slug, "change": "delete", "data": data}
            await record(connection, now, "tenant", tenant.id, said)
            await record(connection, now, "audit", tenant.id, {"action": "delete", **said})
            return await lookups.view(connection, changed)

    async def rotate(
        self, slug: str, expected: Expected = None
    ) -> tuple[TenantView, Redacted]:
        """A new API token in place of the old one; the edge hears of it with the next pass."""
        async with self._database.write() as connection:
            tenant = await lookups.changeable_tenant(connection, slug, expected)
            cabin = await lookups.cabin_of(connection, tenant.id)
            made = new_token(self._sealer, cabin.id)
            await connection.execute(
                update(t.cabins)
                .where(t.cabins.c.id == cabin.id)
                .values(sealed_token=made.sealed, token_sha256=made.sha256)
            )
            await touch(connection)
            said = {"tenant": slug, "action": "rotate"}
            await record(connection, self._clock(), "audit", tenant.id, said)
            return await lookups.view(connection, tenant), made.token

    async def note_access(self, slug: str, by: str) -> None:
        """Writes into the audit log that somebody was given the tenant's credentials."""
        async with self._database.write() as connection:
            tenant = await lookups.changeable_tenant(connection, slug)
            said = {"tenant": slug, "action": "access", "by": by}
            await record(connection, self._clock(), "audit", tenant.id, said)


async def raise_generation(
    connection: AsyncConnection, tenant: TenantRecord, now: float, **columns: object
) -> TenantRecord:
    """Writes the columns; the tenant's generation and the change token rise with them. Times of
    change never run backwards, also where the clock does."""
    changed_at = max(now, tenant.changed_at)
    await connection.execute(
        update(t.tenants)
        .where(t.tenants.c.id == tenant.id)
        .values(generation=tenant.generation + 1, changed_at=changed_at, **columns)
    )
    await touch(connection)
    return await lookups.live_tenant(connection, tenant.slug)

"""A tenant's secrets: put away sealed, listed by name, never given out here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stateroom.domain.pointer import pointer
from stateroom.errors import Invalid, NotFound
from stateroom.store import fitting, lookups
from stateroom.store import tables as t
from stateroom.store.changes import record, touch
from stateroom.store.database import Database
from stateroom.store.lookups import Expected, ParsedBlueprints
from stateroom.store.records import SecretRecord, TenantRecord
from stateroom.store.sealing import Sealer
from stateroom.store.tenant_create import NewSecret, secret_kind
from stateroom.store.tenants import raise_generation


class TenantSecrets:
    def __init__(
        self,
        database: Database,
        sealer: Sealer,
        parsed: ParsedBlueprints,
        clock: Callable[[], float],
    ) -> None:
        self._database = database
        self._sealer = sealer
        self._parsed = parsed
        self._clock = clock

    async def all(self, slug: str) -> tuple[SecretRecord, ...]:
        """By name. Raises NotFound."""
        async with self._database.read() as connection:
            tenant = await lookups.live_tenant(connection, slug)
            return await lookups.secrets_of(connection, tenant.id)

    async def set(
        self, slug: str, name: str, new: NewSecret, expected: Expected = None
    ) -> None:
        """expected: the generation that the caller saw, None for whichever. Raises NotFound,
        Conflict (being deleted), Moved, Invalid with pointers ``/secrets/NAME``."""
        async with self._database.write() as connection:
            tenant = await lookups.changeable_tenant(connection, slug, expected)
            revision = await lookups.revision(connection, tenant.blueprint, tenant.revision)
            blueprint = self._parsed.of(revision)
            kept = await lookups.secrets_of(connection, tenant.id)
            own = fitting.belongings(tenant, kept)
            own = replace(own, secrets={**own.secrets, name: new.value.reveal()})
            found = await fitting.problems(connection, blueprint, own)
            # A tenant that does not fit for another reason may still be given its secret.
            about_it = [p for p in found if p.pointer in ("", "/secrets", pointer("secrets", name))]
            if about_it:
                raise Invalid(about_it)
            before = next((s for s in kept if s.name == name), None)
            kind = secret_kind(blueprint, name, new.kind, before.kind if before else "env")
            sealed = self._sealer.seal(tenant.id, name, new.value.reveal().encode())
            await _remove(connection, tenant, name)
            now = self._clock()
            await connection.execute(
                insert(t.secrets).values(
                    tenant=tenant.id,
                    name=name,
                    kind=kind,
                    # The change token rises for ever: a secret that is removed and set again
                    # has no version of before.
                    version=await touch(connection),
                    updated_at=now,
                    sealed=sealed,
                )
            )
            await self._tell(connection, tenant, now, "set", name)

    async def unset(self, slug: str, name: str, expected: Expected = None) -> None:
        """Raises NotFound, Conflict, Moved."""
        async with self._database.write() as connection:
            tenant = await lookups.changeable_tenant(connection, slug, expected)
            if not await _remove(connection, tenant, name):
                raise NotFound(f"the tenant {slug} has no such secret")
            await self._tell(connection, tenant, self._clock(), "unset", name)

    async def _tell(
        self,
        connection: AsyncConnection,
        tenant: TenantRecord,
        now: float,
        action: str,
        name: str,
    ) -> None:
        changed = await raise_generation(connection, tenant, now)
        said = {"tenant": tenant.slug, "change": ["secrets"], "generation": changed.generation}
        await record(connection, now, "tenant", tenant.id, said)
        audit = {"tenant": tenant.slug, "action": f"secret_{action}", "name": name}
        await record(connection, now, "audit", tenant.id, audit)


async def _remove(connection: AsyncConnection, tenant: TenantRecord, name: str) -> bool:
    its = (t.secrets.c.tenant == tenant.id) & (t.secrets.c.name == name)
    found = (await connection.execute(select(t.secrets.c.name).where(its))).first()
    await connection.execute(delete(t.secrets).where(its))
    return found is not None

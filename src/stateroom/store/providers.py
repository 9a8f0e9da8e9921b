"""Model providers. Their keys are write-only: sealed here, opened by the steward alone.

`demo` is built in: it is there without a row, and cannot be replaced or removed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stateroom.errors import Conflict, NotFound
from stateroom.store import fitting, lookups, rows
from stateroom.store import tables as t
from stateroom.store.changes import touch
from stateroom.store.database import Database
from stateroom.store.lookups import ParsedBlueprints
from stateroom.store.records import ProviderRecord
from stateroom.store.sealing import PROVIDER_KEY, Redacted, Sealer

DEMO = ProviderRecord("demo", "demo", "", {}, 0)


@dataclass(frozen=True, slots=True)
class NewProvider:
    """key: None leaves the key that is there, an empty one removes it."""

    kind: str
    base_url: str
    prices: Mapping[str, Any]
    key: Redacted | None = None


class Providers:
    def __init__(self, database: Database, sealer: Sealer, parsed: ParsedBlueprints) -> None:
        self._database = database
        self._sealer = sealer
        self._parsed = parsed

    async def all(self) -> tuple[ProviderRecord, ...]:
        """By name, the built-in one included."""
        async with self._database.read() as connection:
            return tuple(sorted((await all_providers(connection)).values(), key=lambda p: p.name))

    async def get(self, name: str) -> ProviderRecord:
        """Raises NotFound."""
        async with self._database.read() as connection:
            found = (await all_providers(connection)).get(name)
        if found is None:
            raise NotFound(f"there is no model provider {name}")
        return found

    async def put(self, name: str, new: NewProvider) -> ProviderRecord:
        """Raises Conflict for the built-in one."""
        _refuse_demo(name)
        async with self._database.write() as connection:
            before = (await all_providers(connection)).get(name)
            sealed = before.sealed_key if before else b""
            if new.key is not None:
                sealed = self._seal(name, new.key)
            version = await touch(connection)
            await connection.execute(delete(t.providers).where(t.providers.c.name == name))
            await connection.execute(
                insert(t.providers).values(
                    name=name,
                    kind=new.kind,
                    base_url=new.base_url,
                    prices=dict(new.prices),
                    version=version,
                    sealed_key=sealed,
                )
            )
            return ProviderRecord(name, new.kind, new.base_url, dict(new.prices), version, sealed)

    def _seal(self, name: str, key: Redacted) -> bytes:
        plain = key.reveal().encode()
        return self._sealer.seal(name, PROVIDER_KEY, plain) if plain else b""

    async def delete(self, name: str) -> None:
        """Raises NotFound, and Conflict while a tenant uses it."""
        _refuse_demo(name)
        async with self._database.write() as connection:
            if name not in await all_providers(connection):
                raise NotFound(f"there is no model provider {name}")
            if users := await self._users(connection, name):
                raise Conflict(
                    f"the provider {name} is used by {', '.join(users[:3])}"
                    f"{' and others' if len(users) > 3 else ''}; give them another one first"
                )
            await connection.execute(delete(t.providers).where(t.providers.c.name == name))
            await touch(connection)

    async def _users(self, connection: AsyncConnection, name: str) -> list[str]:
        found = await connection.execute(
            select(*rows.TENANT).where(t.tenants.c.gone_at == 0).order_by(t.tenants.c.slug)
        )
        users = []
        for tenant in map(rows.tenant, found.all()):
            revision = await lookups.revision(connection, tenant.blueprint, tenant.revision)
            if fitting.provider_of(self._parsed.of(revision), tenant.values)[0] == name:
                users.append(tenant.slug)
        return users


async def all_providers(connection: AsyncConnection) -> dict[str, ProviderRecord]:
    found = await connection.execute(select(*rows.PROVIDER))
    return {DEMO.name: DEMO} | {p.name: p for p in map(rows.provider, found)}


def _refuse_demo(name: str) -> None:
    if name == DEMO.name:
        raise Conflict("the provider demo is built in; give yours another name")

"""Reading everything that a plan is made from, as of one moment, in a handful of queries.

Made for a thousand tenants many times a minute: the number of queries does not grow with them,
documents, which never change once they are pinned, are decoded once, and while the database says
that nobody has committed anything, what was read is still what would be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stateroom.store import copies, rollouts, rows
from stateroom.store import tables as t
from stateroom.store.database import Database, Moment
from stateroom.store.providers import all_providers
from stateroom.store.records import (
    CabinRecord,
    Desired,
    DesiredTenant,
    FailureRecord,
    RevisionRecord,
    TenantRecord,
)

_TENANTS = (
    select(*rows.TENANT, *rows.CABIN)
    .join(t.cabins, and_(t.cabins.c.tenant == t.tenants.c.id, t.cabins.c.state == "assigned"))
    .where(t.tenants.c.gone_at == 0)
    .order_by(t.tenants.c.id)
)
_SECRETS = select(*rows.SECRET[:-1]).order_by(t.secrets.c.tenant, t.secrets.c.name)
_FAILURES = select(*rows.FAILURE).order_by(t.failures.c.cabin, t.failures.c.at)
_RESTING = select(*rows.CABIN).where(
    (t.cabins.c.state == "kept") | ((t.cabins.c.state == "erased") & (t.cabins.c.erased_at == 0))
)
_STATUS = select(*rows.STATUS)

T = TypeVar("T")


class DesiredReader:
    """Reads `Desired`; answers the same one while it is the same."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pinned: dict[tuple[str, int], RevisionRecord] = {}
        self._last: tuple[Moment, Desired] | None = None

    async def read(self) -> Desired:
        """Raises Away."""
        async with self._database.read() as connection:
            moment = await self._database.moment(connection)
            if self._last is None or self._last[0] != moment:
                self._last = moment, await self._all(connection)
            return self._last[1]

    async def _all(self, connection: AsyncConnection) -> Desired:
        tenants = [_pair(row) for row in (await connection.execute(_TENANTS)).all()]
        secrets = _grouped(
            (row[0], rows.unopened(row)) for row in (await connection.execute(_SECRETS)).all()
        )
        failures: dict[str, list[FailureRecord]] = _grouped(
            (row[0], rows.failure(row)) for row in (await connection.execute(_FAILURES)).all()
        )
        resting = [rows.cabin(row) for row in (await connection.execute(_RESTING)).all()]
        status = [rows.status(row) for row in (await connection.execute(_STATUS)).all()]
        return Desired(
            tenants=tuple(
                DesiredTenant(
                    tenant,
                    cabin,
                    tuple(secrets.get(tenant.id, ())),
                    tuple(failures.get(cabin.id, ())),
                )
                for tenant, cabin in tenants
            ),
            kept=tuple(cabin for cabin in resting if cabin.state == "kept"),
            revisions=await self._revisions(
                connection, {(tenant.blueprint, tenant.revision) for tenant, _ in tenants}
            ),
            providers=await all_providers(connection),
            status={entry.tenant: entry for entry in status},
            erased=tuple(cabin for cabin in resting if cabin.state == "erased"),
            failures=_of_nobody(failures, {cabin.id for _, cabin in tenants}),
            rollouts=await rollouts.going_on(connection),
            copies=await copies.all_copies(connection),
        )

    async def _revisions(
        self, connection: AsyncConnection, wanted: set[tuple[str, int]]
    ) -> dict[tuple[str, int], RevisionRecord]:
        found = {key: self._pinned[key] for key in wanted if key in self._pinned}
        for blueprint, number in wanted - found.keys():
            query = select(*rows.REVISION, t.revisions.c.pinned).where(
                t.revisions.c.blueprint == blueprint, t.revisions.c.number == number
            )
            *columns, pinned = (await connection.execute(query)).one()
            found[blueprint, number] = rows.revision(columns)
            if pinned:
                self._pinned[blueprint, number] = found[blueprint, number]
        self._pinned = {key: self._pinned[key] for key in found if key in self._pinned}
        return found


def _of_nobody(
    failures: Mapping[str, Iterable[FailureRecord]], assigned: set[str]
) -> dict[str, tuple[FailureRecord, ...]]:
    """Also of cabins that have no row: what the steward does about them fails, too."""
    return {cabin: tuple(found) for cabin, found in failures.items() if cabin not in assigned}


def _pair(row: rows.Row) -> tuple[TenantRecord, CabinRecord]:
    width = len(rows.TENANT)
    return rows.tenant(row[:width]), rows.cabin(row[width:])


def _grouped(pairs: Iterable[tuple[str, T]]) -> dict[str, list[T]]:
    groups: dict[str, list[T]] = {}
    for key, entry in pairs:
        groups.setdefault(key, []).append(entry)
    return groups

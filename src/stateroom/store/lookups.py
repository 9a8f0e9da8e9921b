"""Finding rows by the names that people use, inside a transaction that somebody else began."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stateroom.domain import blueprint as blueprints
from stateroom.domain.names import near, shown
from stateroom.errors import Conflict, Moved, NotFound, Problem
from stateroom.store import rows
from stateroom.store import tables as t
from stateroom.store.records import (
    CabinRecord,
    RevisionRecord,
    SecretRecord,
    StatusRecord,
    TenantRecord,
    TenantView,
)

Expected = Collection[int] | None
"""Generations (of a blueprint: revisions) of which the caller saw one, None for whichever."""


class ParsedBlueprints:
    """Revisions parsed once: they never change. Bounded, the one used longest ago goes first."""

    def __init__(self, size: int = 256) -> None:
        self._size = size
        self._known: OrderedDict[int, blueprints.Blueprint] = OrderedDict()

    def of(self, revision: RevisionRecord) -> blueprints.Blueprint:
        parsed = self._known.pop(revision.id, None) or blueprints.parse(revision.document)
        self._known[revision.id] = parsed
        if len(self._known) > self._size:
            self._known.popitem(last=False)
        return parsed


async def live_tenant(connection: AsyncConnection, slug: str) -> TenantRecord:
    """Also one that is being deleted. Raises NotFound."""
    found = await connection.execute(
        select(*rows.TENANT).where(t.tenants.c.slug == slug, t.tenants.c.gone_at == 0)
    )
    row = found.first()
    if row is None:
        raise NotFound("there is no such tenant; `stateroom tenants list` names them")
    return rows.tenant(row)


async def live_tenant_by_id(connection: AsyncConnection, tenant_id: str) -> TenantRecord:
    """Of one that was seen in this transaction."""
    found = await connection.execute(
        select(*rows.TENANT).where(t.tenants.c.id == tenant_id, t.tenants.c.gone_at == 0)
    )
    return rows.tenant(found.one())


async def changeable_tenant(
    connection: AsyncConnection, slug: str, expected: Expected = None
) -> TenantRecord:
    """Raises NotFound, Conflict for one that is being deleted, Moved."""
    tenant = await live_tenant(connection, slug)
    if tenant.deleting:
        raise Conflict(f"the tenant {slug} is being deleted and cannot be changed any more")
    must_be_at(tenant, expected)
    return tenant


def must_be_at(tenant: TenantRecord, expected: Expected) -> None:
    """Raises Moved where it is at another generation."""
    if expected is not None and tenant.generation not in expected:
        raise Moved(
            f"the tenant {tenant.slug} is at generation {tenant.generation}, not"
            f" {either(expected)}; read it again and repeat your change"
        )


def either(expected: Collection[int]) -> str:
    return " or ".join(map(str, sorted(expected)))


async def cabin_of(connection: AsyncConnection, tenant_id: str) -> CabinRecord:
    found = await connection.execute(
        select(*rows.CABIN).where(t.cabins.c.tenant == tenant_id, t.cabins.c.state == "assigned")
    )
    return rows.cabin(found.one())


async def revision(connection: AsyncConnection, blueprint: str, number: int) -> RevisionRecord:
    """Raises NotFound."""
    found = await connection.execute(
        select(*rows.REVISION).where(
            t.revisions.c.blueprint == blueprint, t.revisions.c.number == number
        )
    )
    row = found.first()
    if row is None:
        raise NotFound(
            f"blueprint {blueprint} has no revision {number};"
            f" `stateroom blueprints revisions {blueprint}` names them"
        )
    return rows.revision(row)


async def newest_revision(connection: AsyncConnection, blueprint: str) -> RevisionRecord | None:
    found = await connection.execute(
        select(*rows.REVISION)
        .where(t.revisions.c.blueprint == blueprint)
        .order_by(t.revisions.c.number.desc())
        .limit(1)
    )
    row = found.first()
    return None if row is None else rows.revision(row)


async def current_revision(connection: AsyncConnection, blueprint: str) -> RevisionRecord | None:
    """What a new tenant gets: the revision deployed last, else the newest. None: no blueprint."""
    found = await connection.execute(
        select(t.blueprints.c.deployed).where(t.blueprints.c.name == blueprint)
    )
    deployed = found.scalar_one_or_none()
    if deployed is None:
        return None
    if deployed:
        return await revision(connection, blueprint, deployed)
    return await newest_revision(connection, blueprint)


async def secrets_of(connection: AsyncConnection, tenant_id: str) -> tuple[SecretRecord, ...]:
    """Sorted by name, sealed values included."""
    found = await connection.execute(
        select(*rows.SECRET).where(t.secrets.c.tenant == tenant_id).order_by(t.secrets.c.name)
    )
    return tuple(rows.secret(row) for row in found)


async def status_of(connection: AsyncConnection, tenant_id: str) -> StatusRecord | None:
    found = await connection.execute(select(*rows.STATUS).where(t.status.c.tenant == tenant_id))
    row = found.first()
    return None if row is None else rows.status(row)


async def view(connection: AsyncConnection, tenant: TenantRecord) -> TenantView:
    return TenantView(
        tenant,
        await cabin_of(connection, tenant.id),
        await revision(connection, tenant.blueprint, tenant.revision),
        await status_of(connection, tenant.id),
    )


async def blueprint_names(connection: AsyncConnection) -> tuple[str, ...]:
    found = await connection.execute(select(t.blueprints.c.name).order_by(t.blueprints.c.name))
    return tuple(found.scalars())


async def unknown_blueprint(connection: AsyncConnection, name: object) -> Problem:
    """Whatever was sent as the name of one."""
    if not isinstance(name, str):
        return Problem("/blueprint", "wrong_type", "A blueprint is named by text.")
    known = await blueprint_names(connection)
    return Problem(
        "/blueprint",
        "unknown_blueprint",
        f"There is no blueprint {shown(name)}.",
        near(name, known, "blueprints"),
    )


async def provider_names(connection: AsyncConnection) -> tuple[str, ...]:
    """With `demo`, which is built in."""
    found = await connection.execute(select(t.providers.c.name))
    return tuple(sorted({"demo", *found.scalars()}))


async def last_event(connection: AsyncConnection) -> int:
    """The newest event's id, 0 for none yet: it rises with everything that people can see."""
    found = await connection.execute(select(func.max(t.events.c.id)))
    return int(found.scalar_one_or_none() or 0)

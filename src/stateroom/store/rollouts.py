"""Roll-outs in the store: read as values, written as what changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stateroom.domain.rollout import Member, Rollout
from stateroom.store import rows
from stateroom.store import tables as t
from stateroom.store.changes import record
from stateroom.store.records import StatusRecord

_AT_ONCE = 500
"""Databases bound how many parameters a query has."""
_GOING_ON = t.deployments.c.finished_at == 0


async def read(
    connection: AsyncConnection, *where: ColumnElement[bool], limit: int | None = None
) -> tuple[Rollout, ...]:
    """Newest first."""
    m = t.deployment_tenants.c
    found = await heads(connection, *where, limit=limit)
    members: dict[str, list[Member]] = {head.id: [] for head in found}
    for some in in_parts(members):
        listed = select(m.deployment, *rows.MEMBER).where(m.deployment.in_(some))
        for id_, *columns in await connection.execute(listed.order_by(m.deployment, m.place)):
            members[id_].append(rows.member(columns))
    return tuple(replace(head, members=tuple(members[head.id])) for head in found)


async def heads(
    connection: AsyncConnection, *where: ColumnElement[bool], limit: int | None = None
) -> tuple[Rollout, ...]:
    """Newest first, without their members."""
    d = t.deployments.c
    query = select(*rows.DEPLOYMENT).where(*where).order_by(d.created_at.desc(), d.id.desc())
    found = await connection.execute(query.limit(limit))
    return tuple(rows.deployment(row, ()) for row in found)


async def going_on(
    connection: AsyncConnection, *where: ColumnElement[bool]
) -> tuple[Rollout, ...]:
    return await read(connection, _GOING_ON, *where)


async def add(connection: AsyncConnection, begun: Rollout, now: float) -> None:
    await connection.execute(insert(t.deployments).values(**_columns(begun), id=begun.id))
    await write_members(connection, begun, ())
    await tell(connection, begun, begun.members, now)


async def forget(connection: AsyncConnection, before: float) -> None:
    """Roll-outs that ended earlier, but for those that left something on a disk."""
    d = t.deployments.c
    old = select(d.id).where(
        d.finished_at > 0, d.finished_at < before, d.id.not_in(select(t.copies.c.deployment))
    )
    await connection.execute(
        delete(t.deployment_tenants).where(t.deployment_tenants.c.deployment.in_(old))
    )
    await connection.execute(delete(t.deployments).where(d.id.in_(old)))


async def statuses_of(
    connection: AsyncConnection, tenants: Iterable[str]
) -> dict[str, StatusRecord]:
    found: dict[str, StatusRecord] = {}
    for some in in_parts(tenants):
        listed = await connection.execute(select(*rows.STATUS).where(t.status.c.tenant.in_(some)))
        found |= {entry.tenant: entry for entry in map(rows.status, listed)}
    return found


async def write(connection: AsyncConnection, before: Rollout, after: Rollout) -> None:
    await connection.execute(
        update(t.deployments).where(t.deployments.c.id == after.id).values(**_columns(after))
    )
    await write_members(connection, after, before.members)


async def write_members(
    connection: AsyncConnection, after: Rollout, before: tuple[Member, ...]
) -> None:
    """New ones and those that changed."""
    known = {m.tenant: m for m in before}
    m = t.deployment_tenants.c
    for place, member in enumerate(after.members):
        columns = {**asdict(member), "state": member.state.value, "place": place}
        if member.tenant not in known:
            row = {**columns, "deployment": after.id}
            await connection.execute(insert(t.deployment_tenants).values(**row))
        elif known[member.tenant] != member:
            mine = (m.deployment == after.id) & (m.tenant == member.tenant)
            await connection.execute(update(t.deployment_tenants).where(mine).values(**columns))


async def tell(
    connection: AsyncConnection, of: Rollout, changed: Iterable[Member], now: float
) -> None:
    """tenants: whose state is another now."""
    data = {
        "id": of.id,
        "deployment": of.id,
        "blueprint": of.blueprint,
        "revision": of.revision,
        "state": of.state.value,
        "stage": of.stage.value,
        "reason": of.reason,
        "tenants": [m.slug for m in changed],
    }
    await record(connection, now, "deployment", "", data)


def _columns(of: Rollout) -> dict[str, Any]:
    return {
        "blueprint": of.blueprint,
        "revision": of.revision,
        "previous": of.previous,
        "canary": of.canary,
        "everybody": of.everybody,
        "created_at": of.created_at,
        "stage": of.stage.value,
        "state": of.state.value,
        "stopping": of.stopping,
        "reason": of.reason,
        "log": list(of.log),
        "finished_at": of.finished_at,
    }


def in_parts(ids: Iterable[str]) -> list[list[str]]:
    listed = list(ids)
    return [listed[start : start + _AT_ONCE] for start in range(0, len(listed), _AT_ONCE)]

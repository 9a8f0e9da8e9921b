"""What the webhook's receiver is still to be told, in order.

A message is written in the transaction of the change that it tells of, and taken out once the
receiver has accepted it: at least once, whatever crashes between. A tenant's messages wait for
each other, so that none overtakes an older one; tenants do not wait for tenants.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stateroom.store import rows
from stateroom.store import tables as t
from stateroom.store.changes import record
from stateroom.store.records import StatusRecord

PAUSES = (5.0, 60.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 86_400.0)
"""Seconds until the next attempt; a message that nobody took after the last of them is given up,
which is some forty hours after the first."""
MOST_WAITING = 10_000
MOST_DEAD = 1_000
DEAD_SECONDS = 30 * 24 * 3600

_BOX = t.webhook_outbox


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message that is to be sent now. message: its id, the same at each attempt. body: type,
    at and data. attempts: those that failed."""

    id: int
    message: str
    tenant: str
    body: Mapping[str, Any]
    attempts: int


async def note(
    connection: AsyncConnection, records: Sequence[StatusRecord], now: float
) -> None:
    """Puts in what these tenants' new status means to the webhook. Called before it is written,
    in the same transaction."""
    wanted = (await connection.execute(select(t.webhook.c.events))).scalar_one_or_none()
    if not wanted:
        return
    for new in records:
        found = await connection.execute(
            select(*rows.STATUS).where(t.status.c.tenant == new.tenant)
        )
        row = found.first()
        kind = event_of(rows.status(row) if row is not None else None, new)
        if kind in wanted:
            data = await _data(connection, new)
            await put_in(connection, now, new.tenant, {"type": kind, "at": now, "data": data})


def event_of(old: StatusRecord | None, new: StatusRecord) -> str:
    """What the change is called, "" for nothing to tell. Ready is told for every generation, for
    that is what it means: this change is in force."""
    if new.phase == "ready" and new.applied_generation >= new.seen_generation:
        again = (
            old is not None
            and old.phase == "ready"
            and old.applied_generation == new.applied_generation
        )
        return "" if again else "tenant.ready"
    if new.phase == "failed" and (old is None or old.phase != "failed"):
        return "tenant.failed"
    return ""


async def _data(connection: AsyncConnection, new: StatusRecord) -> dict[str, Any]:
    found = await connection.execute(
        select(t.tenants.c.slug, t.tenants.c.name, t.tenants.c.blueprint, t.tenants.c.revision)
        .where(t.tenants.c.id == new.tenant)
    )
    row = found.one()
    return {
        "id": new.tenant,
        "slug": row.slug,
        "name": row.name,
        "blueprint": row.blueprint,
        "revision": row.revision,
        "phase": new.phase,
        "reason": new.reason,
    }


async def put_in(
    connection: AsyncConnection, now: float, tenant: str, body: Mapping[str, Any]
) -> None:
    """Beyond the bound it is given up at once, and counted with the others."""
    counted = await connection.execute(
        select(func.count()).select_from(_BOX).where(_BOX.c.dead_at == 0)
    )
    full = counted.scalar_one() >= MOST_WAITING
    await connection.execute(
        insert(_BOX).values(
            message=f"msg_{secrets.token_hex(16)}",
            tenant=tenant,
            body=dict(body),
            attempts=0,
            due_at=now,
            dead_at=now if full else 0.0,
        )
    )


async def due(connection: AsyncConnection, now: float, limit: int) -> tuple[Delivery, ...]:
    """Of each tenant its oldest message that nobody took, where its time has come."""
    oldest = (
        select(func.min(_BOX.c.id)).where(_BOX.c.dead_at == 0).group_by(_BOX.c.tenant)
    ).scalar_subquery()
    found = await connection.execute(
        select(_BOX.c.id, _BOX.c.message, _BOX.c.tenant, _BOX.c.body, _BOX.c.attempts)
        .where(_BOX.c.id.in_(oldest), _BOX.c.due_at <= now)
        .order_by(_BOX.c.due_at, _BOX.c.id)
        .limit(limit)
    )
    return tuple(Delivery(*row) for row in found)


async def take_out(connection: AsyncConnection, delivery: Delivery) -> None:
    await connection.execute(delete(_BOX).where(_BOX.c.id == delivery.id))


async def put_off(connection: AsyncConnection, delivery: Delivery, now: float) -> None:
    """Not now: later, or never. A message that is given up is told as an event."""
    here = update(_BOX).where(_BOX.c.id == delivery.id)
    attempts = delivery.attempts + 1
    if delivery.attempts < len(PAUSES) and delivery.tenant:
        pause = PAUSES[delivery.attempts]
        await connection.execute(here.values(attempts=attempts, due_at=now + pause))
        return
    if not delivery.tenant:
        # Somebody waits for this one: it is tried once, and they see what came of it.
        await connection.execute(delete(_BOX).where(_BOX.c.id == delivery.id))
        return
    await connection.execute(here.values(attempts=attempts, dead_at=now))
    said = {
        "action": "webhook_gave_up",
        "type": delivery.body["type"],
        "tenant": delivery.body["data"]["slug"],
        "attempts": attempts,
    }
    await record(connection, now, "audit", delivery.tenant, said)


async def hasten(connection: AsyncConnection, now: float) -> None:
    """The receiver is another one, or well again: what waits is tried now."""
    await connection.execute(
        update(_BOX).where(_BOX.c.dead_at == 0, _BOX.c.due_at > now).values(due_at=now)
    )


async def forget_dead(connection: AsyncConnection, now: float) -> None:
    """Those given up long ago, and all but the newest of the others."""
    await connection.execute(
        delete(_BOX).where(_BOX.c.dead_at > 0, _BOX.c.dead_at < now - DEAD_SECONDS)
    )
    newest = (
        select(_BOX.c.id).where(_BOX.c.dead_at > 0).order_by(_BOX.c.id.desc()).limit(MOST_DEAD)
    )
    kept = newest.subquery()
    await connection.execute(
        delete(_BOX).where(_BOX.c.dead_at > 0, _BOX.c.id.not_in(select(kept.c.id)))
    )

"""What failed, cabin by cabin: rows that the domain computes pauses and statuses from.

Every pass reads all of them, so only those are kept that can count.
"""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stateroom.domain.backoff import COUNTED
from stateroom.domain.moments import AHEAD
from stateroom.store import tables as t
from stateroom.store.records import FailureRecord

KEEP_SECONDS = 24 * 3600
"""Much longer than any pause or streak looks back."""

_C = t.failures.c


async def add(connection: AsyncConnection, record: FailureRecord, now: float) -> None:
    """Once by (cabin, at, kind, role), however often it is added."""
    alike = (
        (_C.cabin == record.cabin) & (_C.kind == record.kind) & (_C.role == record.role)
    )
    known = await connection.execute(select(_C.at).where(alike, _C.at == record.at))
    if known.first() is not None:
        return
    await connection.execute(insert(t.failures).values(**asdict(record)))
    # One that was dated by a clock that was set back since counts for nothing, so it takes the
    # place of none that does.
    newest = (
        select(_C.at)
        .where(alike)
        .order_by(_C.at > now + AHEAD, _C.at.desc())
        .limit(COUNTED)
        .subquery()
    )
    await connection.execute(
        delete(t.failures).where(alike, _C.at.not_in(select(newest.c.at)))
    )


async def forget_old(connection: AsyncConnection, now: float) -> None:
    await connection.execute(delete(t.failures).where(_C.at < now - KEEP_SECONDS))

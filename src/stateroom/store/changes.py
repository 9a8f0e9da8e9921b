"""What every change of desired state has in common: the change token rises, and an event says so.

Both are written in the transaction of the change itself, so neither can be missing or early.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stateroom.store import tables as t

DESIRED = "desired"
CABIN_NUMBER = "cabin_number"


async def count_up(connection: AsyncConnection, counter: str) -> int:
    """The counter's next number; the first one is 1. Only inside a write transaction."""
    raised = await connection.execute(
        update(t.counters)
        .where(t.counters.c.name == counter)
        .values(value=t.counters.c.value + 1)
        .returning(t.counters.c.value)
    )
    number = raised.scalar_one_or_none()
    if number is None:
        await connection.execute(insert(t.counters).values(name=counter, value=1))
        return 1
    return int(number)


async def touch(connection: AsyncConnection) -> int:
    """Desired state changed: the steward will look. Answers the new change token."""
    return await count_up(connection, DESIRED)


async def token(connection: AsyncConnection) -> int:
    found = await connection.execute(select(t.counters.c.value).where(t.counters.c.name == DESIRED))
    return int(found.scalar_one_or_none() or 0)


async def record(
    connection: AsyncConnection, at: float, kind: str, tenant: str, data: Mapping[str, Any]
) -> None:
    """Appends an event. data is shown to people and kept: never a secret."""
    await connection.execute(
        insert(t.events).values(at=at, kind=kind, tenant=tenant, data=dict(data))
    )

"""Idempotency-Key: the same call is answered the same for a day, and is carried out once.

What is remembered is written in the transaction of the call itself: a crash leaves both or none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stateroom.errors import Invalid, Problem
from stateroom.store import tables as t
from stateroom.store.records import TenantView

REMEMBERED_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Once:
    """An Idempotency-Key. render: the answer to remember, JSON-able, made of the new tenant."""

    caller: str
    key: str
    body_sha256: str
    render: Callable[[TenantView], Mapping[str, Any]]


async def remembered(
    connection: AsyncConnection, once: Once, now: float
) -> Mapping[str, Any] | None:
    """What the first call was answered, None for a call that is the first. Raises Invalid where
    the key was used for another body."""
    found = await connection.execute(
        select(t.idempotency).where(
            t.idempotency.c.caller == once.caller, t.idempotency.c.key == once.key
        )
    )
    row = found.first()
    if row is None or row.created_at <= now - REMEMBERED_SECONDS:
        return None
    if row.body_sha256 != once.body_sha256:
        raise Invalid(
            [
                Problem(
                    "",
                    "idempotency_key_reused",
                    "This Idempotency-Key was used for another request.",
                    "Use a new key for a new request; repeat the same body with the same key.",
                )
            ]
        )
    answer: Mapping[str, Any] = row.answer
    return answer


async def remember(
    connection: AsyncConnection, once: Once, answer: Mapping[str, Any], now: float
) -> None:
    await connection.execute(
        delete(t.idempotency).where(
            t.idempotency.c.caller == once.caller, t.idempotency.c.key == once.key
        )
    )
    await connection.execute(
        insert(t.idempotency).values(
            caller=once.caller,
            key=once.key,
            body_sha256=once.body_sha256,
            answer=answer,
            created_at=now,
        )
    )

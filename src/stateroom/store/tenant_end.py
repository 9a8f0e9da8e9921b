"""The end of a tenant in the store: what was its own goes, what may never be given again stays."""

from __future__ import annotations

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stateroom.store import copies
from stateroom.store import tables as t


async def let_go_of_cabin(
    connection: AsyncConnection, tenant_id: str, how: str, now: float
) -> None:
    """how: "keep" or "erase". The disk is at rest or to be erased; its credentials are worth
    nothing."""
    kept = how == "keep"
    cabin = await connection.execute(
        update(t.cabins)
        .where(t.cabins.c.tenant == tenant_id, t.cabins.c.state == "assigned")
        .values(
            state="kept" if kept else "erased",
            kept_at=now if kept else 0.0,
            erased_at=0.0 if kept else now,
            # Whoever revives the disk gets credentials of its own.
            sealed_token=b"",
            token_sha256="",
            sealed_broker_key=b"",
            broker_key_sha256="",
        )
        .returning(t.cabins.c.id)
    )
    for cabin_id in cabin.scalars():
        await connection.execute(delete(t.failures).where(t.failures.c.cabin == cabin_id))
        if kept:
            await copies.leave_as_it_is(connection, cabin_id)
        else:
            await copies.forget(connection, cabin_id)


async def let_go_of_tenant(connection: AsyncConnection, tenant_id: str, now: float) -> None:
    """The row stays without anything of its own, so that its id is never given again."""
    await connection.execute(delete(t.secrets).where(t.secrets.c.tenant == tenant_id))
    await connection.execute(delete(t.status).where(t.status.c.tenant == tenant_id))
    await connection.execute(
        update(t.tenants)
        .where(t.tenants.c.id == tenant_id)
        .values(name="", own_values={}, own_limits={}, own_variables={}, gone_at=now)
    )

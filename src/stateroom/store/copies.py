"""Copies of disks: a row says what should become of one, from before it is made until it is gone.

    promised   room is kept for it; its tenant's turn has not come
    wanted     it has to lie beside the disk before anything else starts
    there      it was seen to
    back       the disk is to be put back from it
    kept       the disk was put back, and what was written meanwhile lies where the copy did
    erased     it is to go

The steward moves a row on by what it sees on the engine, so a crash between two steps loses
nothing. Whatever its state, a row's size counts as promised until the row goes.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stateroom.store import capacity, rows
from stateroom.store import tables as t
from stateroom.store.records import CabinRecord, CopyRecord

_C = t.copies.c


async def all_copies(connection: AsyncConnection) -> tuple[CopyRecord, ...]:
    found = await connection.execute(select(*rows.COPY).order_by(_C.cabin, _C.id))
    return tuple(map(rows.copy, found))


async def promise(
    connection: AsyncConnection, deployment: str, cabins: Sequence[CabinRecord]
) -> None:
    """A copy of each will be made; the caller has seen that there is room."""
    if not cabins:
        return
    await connection.execute(
        insert(t.copies),
        [
            {
                "id": f"c{secrets.token_hex(8)}",
                "cabin": cabin.id,
                "tenant": cabin.tenant,
                "deployment": deployment,
                "size_mb": cabin.disk_mb,
                "state": "promised",
                "kept_at": 0.0,
            }
            for cabin in cabins
        ],
    )


async def want(connection: AsyncConnection, deployment: str, cabin: CabinRecord) -> None:
    """Its turn has come. Raises NoCapacity where no room was kept for it and there is none."""
    mine = (_C.deployment == deployment) & (_C.cabin == cabin.id)
    if (await connection.execute(select(_C.id).where(mine))).first() is None:
        await capacity.reserve(connection, 0, cabin.disk_mb)
        await promise(connection, deployment, [cabin])
    await connection.execute(
        update(t.copies).where(mine, _C.state == "promised").values(state="wanted")
    )


async def put_back(connection: AsyncConnection, deployment: str, tenant: str) -> None:
    mine = (_C.deployment == deployment) & (_C.tenant == tenant)
    await connection.execute(
        update(t.copies).where(mine, _C.state.in_(("wanted", "there"))).values(state="back")
    )


async def let_go(
    connection: AsyncConnection, deployment: str, tenants: Iterable[str] | None = None
) -> None:
    """Of these tenants, or of all: whatever nobody can need any more. What is being put back, or
    was, stays."""
    mine = _C.deployment == deployment
    if tenants is not None:
        mine &= _C.tenant.in_(list(tenants))
    await connection.execute(delete(t.copies).where(mine, _C.state == "promised"))
    await connection.execute(
        update(t.copies).where(mine, _C.state.in_(("wanted", "there"))).values(state="erased")
    )


async def leave_as_it_is(connection: AsyncConnection, cabin: str) -> None:
    """The cabin's disk is kept, and not put back any more: whoever revives it gets what lies there
    now."""
    mine = (_C.cabin == cabin) & (_C.state == "back")
    await connection.execute(update(t.copies).where(mine).values(state="erased"))


async def move_on(connection: AsyncConnection, copy: CopyRecord, state: str, now: float) -> None:
    """state: "" where nothing of it is left. Only from the state that it was seen in."""
    still = (_C.id == copy.id) & (_C.state == copy.state)
    if not state:
        await connection.execute(delete(t.copies).where(still))
        return
    kept_at = now if state == "kept" else copy.kept_at
    done = await connection.execute(
        update(t.copies).where(still).values(state=state, kept_at=kept_at).returning(_C.id)
    )
    if state == "kept" and done.first() is not None:
        note = f"What was written to /data meanwhile is kept as volume {copy.id}."
        members = t.deployment_tenants
        await connection.execute(
            update(members)
            .where(
                members.c.deployment == copy.deployment, members.c.tenant == copy.tenant
            )
            .values(note=note)
        )


async def forget(connection: AsyncConnection, cabin: str) -> None:
    """The cabin's data is erased, and its copies with it."""
    await connection.execute(delete(t.copies).where(_C.cabin == cabin))

"""Capacity: the steward says how much may be promised, the api reserves from it.

A promise is the sum of what the rows of living cabins say, so nothing has to be given back: a
row that goes takes its promise along. Called only inside a write transaction, so two callers
cannot both take the last of it.
"""

from __future__ import annotations

from sqlalchemy import Column, ColumnElement, and_, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from stateroom.domain.cabin import Installation
from stateroom.errors import NoCapacity
from stateroom.store import tables as t

_C = t.cabins.c
HOLDS_DISK = or_(_C.state.in_(("assigned", "kept")), and_(_C.state == "erased", _C.erased_at == 0))
"""A kept disk, and one whose erasure nobody has confirmed yet, still fill the machine."""


async def reserve(connection: AsyncConnection, memory_mb: int, disk_mb: int) -> None:
    """There is room for this much *more*. Raises NoCapacity saying what is short and by how
    much. Before the steward has measured the machine everything fits: it will be told by the
    tenant's status."""
    limits = (
        await connection.execute(select(t.capacity.c.memory_mb, t.capacity.c.disk_mb))
    ).first()
    if limits is None:
        return
    memory = await _sum(connection, _C.memory_mb, _C.state == "assigned")
    disk = await _sum(connection, _C.disk_mb, HOLDS_DISK)
    disk += await _sum(connection, t.copies.c.size_mb, true())
    short = [
        _sentence("memory", memory_mb, int(limits.memory_mb) - memory),
        _sentence("disk", disk_mb, int(limits.disk_mb) - disk),
    ]
    if told := [sentence for sentence in short if sentence]:
        raise NoCapacity(
            f"{' '.join(told)} Delete a tenant or a kept volume, choose smaller limits, or give"
            " this machine more."
        )


async def memory_of(connection: AsyncConnection, cabin_id: str) -> int:
    """MiB of memory that are reserved for this cabin."""
    found = await connection.execute(select(_C.memory_mb).where(_C.id == cabin_id))
    return int(found.scalar_one())


async def _sum(connection: AsyncConnection, column: Column[int], where: ColumnElement[bool]) -> int:
    found = await connection.execute(select(func.coalesce(func.sum(column), 0)).where(where))
    return int(found.scalar_one())


def _sentence(what: str, wanted: int, left: int) -> str:
    if wanted <= 0 or wanted <= left:
        return ""
    return (
        f"Not enough {what}: {wanted} MiB are needed, {max(left, 0)} MiB are left to promise,"
        f" {wanted - max(left, 0)} MiB are short."
    )


async def free_slot(connection: AsyncConnection, installation: Installation) -> int:
    """The lowest free /29 of the pool. Raises NoCapacity when all are taken."""
    pool = 2 ** (29 - installation.subnets.prefixlen) if installation.subnets.prefixlen <= 29 else 0
    row = (await connection.execute(select(t.capacity.c.slots))).first()
    if row is not None:
        pool = min(pool, int(row.slots))
    taken = set((await connection.execute(select(_C.slot).where(_C.state == "assigned"))).scalars())
    for slot in range(pool):
        if slot not in taken:
            return slot
    raise NoCapacity(
        f"Not enough subnets: all {pool} slots for cabins are in use, 1 is short. Delete a tenant"
        " or configure a larger pool (setting `subnets`)."
    )

"""Deployments as people are told of them. One of ten thousand tenants is megabytes that nobody
reads: the database counts its members and answers the few that were asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stateroom.domain.rollout import Member, Move, Rollout
from stateroom.store import rollouts, rows
from stateroom.store import tables as t
from stateroom.store.records import StatusRecord

NEEDS_EYES = (
    Move.FAILED, Move.RUNNING, Move.ROLLED_BACK, Move.PENDING, Move.SUPERSEDED, Move.GONE,
    Move.DONE,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DeploymentView:
    """rollout: with those of its members that are told of. counts: of all of them, by state.
    statuses: by tenant, of those told of that have one."""

    rollout: Rollout
    counts: Mapping[Move, int]
    statuses: Mapping[str, StatusRecord]


async def whole(connection: AsyncConnection, found: Rollout) -> DeploymentView:
    statuses = await rollouts.statuses_of(connection, [m.tenant for m in found.members])
    return DeploymentView(found, Counter(m.state for m in found.members), statuses)


async def first(
    connection: AsyncConnection,
    most: int,
    *where: ColumnElement[bool],
    limit: int | None = None,
) -> tuple[DeploymentView, ...]:
    """Newest first, a few hundred at the most; each with `most` members: where it has no more, in
    their own order, so that none jumps while somebody reads; else those who need somebody's eyes
    before all others."""
    heads = await rollouts.heads(connection, *where, limit=limit)
    ids = [head.id for head in heads]
    counts = await _counts(connection, ids)
    members = await _members(connection, ids, most)
    told = [m.tenant for listed in members.values() for _, m in listed]
    statuses = await rollouts.statuses_of(connection, told)
    found = []
    for head in heads:
        listed = members[head.id]
        if counts[head.id].total() <= most:
            listed = sorted(listed, key=lambda placed: placed[0])
        mine = tuple(member for _, member in listed)
        its = {m.tenant: statuses[m.tenant] for m in mine if m.tenant in statuses}
        found.append(DeploymentView(replace(head, members=mine), counts[head.id], its))
    return tuple(found)


async def _counts(connection: AsyncConnection, ids: Sequence[str]) -> dict[str, Counter[Move]]:
    m = t.deployment_tenants.c
    listed = await connection.execute(
        select(m.deployment, m.state, func.count())
        .where(m.deployment.in_(ids))
        .group_by(m.deployment, m.state)
    )
    found: dict[str, Counter[Move]] = {id_: Counter() for id_ in ids}
    for id_, state, count in listed:
        found[id_][Move(state)] = count
    return found


async def _members(
    connection: AsyncConnection, ids: Sequence[str], most: int
) -> dict[str, list[tuple[int, Member]]]:
    """By deployment, each with its place, those who need eyes first."""
    m = t.deployment_tenants.c
    urgency = case({move.value: at for at, move in enumerate(NEEDS_EYES)}, value=m.state)
    rank = func.row_number().over(
        partition_by=m.deployment, order_by=(urgency, m.canary.desc(), m.place)
    )
    ranked = (
        select(m.deployment, m.place, *rows.MEMBER, rank.label("rank"))
        .where(m.deployment.in_(ids))
        .subquery()
    )
    r = ranked.c
    columns = [r[column.name] for column in rows.MEMBER]
    listed = await connection.execute(
        select(r.deployment, r.place, *columns).where(r.rank <= most).order_by(r.rank)
    )
    found: dict[str, list[tuple[int, Member]]] = {id_: [] for id_ in ids}
    for id_, place, *member in listed:
        found[id_].append((place, rows.member(member)))
    return found

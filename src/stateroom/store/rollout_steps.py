"""A roll-out's next step, taken in one transaction: decided by the rows as they are now, and
carried out in them.

Whoever calls has looked at the tenants; here the rows are read again, so that a decision is never
made about a tenant that somebody changed in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stateroom.domain.compile import programs
from stateroom.domain.rollout import (
    Decision,
    Member,
    Move,
    Rollout,
    Seen,
    State,
    moved,
    refused,
    rollout,
    turned_back,
)
from stateroom.errors import NoCapacity
from stateroom.store import capacity, copies, fitting, lookups, rollouts, rows
from stateroom.store import tables as t
from stateroom.store.changes import record, touch
from stateroom.store.lookups import ParsedBlueprints
from stateroom.store.records import CabinRecord, RevisionRecord, StatusRecord, TenantRecord
from stateroom.store.tenant_change import fit_cabin
from stateroom.store.tenants import raise_generation


async def begin(
    connection: AsyncConnection, parsed: ParsedBlueprints, begun: Rollout, now: float
) -> Rollout:
    """Writes it down, keeps room for it, and takes its first step. Raises NoCapacity."""
    await rollouts.add(connection, begun, now)
    await _reserve(connection, parsed, begun)
    await touch(connection)
    return await carry_on(connection, parsed, begun, {}, (), now)


async def carry_on(
    connection: AsyncConnection,
    parsed: ParsedBlueprints,
    before: Rollout,
    looked_at: Mapping[str, Seen],
    log: tuple[str, ...],
    now: float,
) -> Rollout:
    """One step. looked_at: what the steward saw, by tenant; log: what to keep of it should it
    stop now. What was `before` must have been read in this transaction."""
    seen = await _seen(connection, before, looked_at)
    decision = rollout(before, seen, now)
    after = await _carry_out(connection, parsed, decision, now)
    if log and before.state is State.RUNNING and after.state not in (State.RUNNING, State.DONE):
        after = replace(after, log=log)
    if after == before:
        return before
    await rollouts.write(connection, before, after)
    await _settle(connection, parsed, before, after)
    told = set(before.members)
    await rollouts.tell(connection, after, [m for m in after.members if m not in told], now)
    await touch(connection)
    return after


async def _reserve(
    connection: AsyncConnection, parsed: ParsedBlueprints, begun: Rollout
) -> None:
    """Memory and copies of all who are to be moved, at once or not at all, so that a roll-out does
    not end half way for want of room. That their disks may grow is seen to, and taken by each at
    its turn: a disk that was grown stays so. Raises NoCapacity."""
    target = await lookups.revision(connection, begun.blueprint, begun.revision)
    more_memory: dict[str, int] = {}
    copied: list[CabinRecord] = []
    memory_mb = disk_mb = 0
    for member in begun.members:
        if member.state is not Move.PENDING:
            continue
        tenant = await lookups.live_tenant_by_id(connection, member.tenant)
        own = fitting.belongings(tenant, await lookups.secrets_of(connection, tenant.id))
        limits = fitting.limits(parsed.of(target), own)
        cabin = await lookups.cabin_of(connection, tenant.id)
        reserved = await capacity.memory_of(connection, cabin.id)
        if limits.memory_mb > reserved:
            more_memory[cabin.id] = limits.memory_mb
            memory_mb += limits.memory_mb - reserved
        disk_mb += max(0, limits.disk_mb - cabin.disk_mb)
        before = await lookups.revision(connection, tenant.blueprint, tenant.revision)
        if changes_images(parsed, before, target):
            copied.append(cabin)
    disk_mb += sum(cabin.disk_mb for cabin in copied)
    await capacity.reserve(connection, memory_mb, disk_mb)
    for cabin_id, wanted in more_memory.items():
        await connection.execute(
            update(t.cabins).where(t.cabins.c.id == cabin_id).values(memory_mb=wanted)
        )
    await copies.promise(connection, begun.id, copied)


async def _seen(
    connection: AsyncConnection, before: Rollout, looked_at: Mapping[str, Seen]
) -> dict[str, Seen]:
    c = t.tenants.c
    query = select(*rows.TENANT).where(c.gone_at == 0, c.deleting == "")
    tenants = {
        row[0]: rows.tenant(row)
        for row in await connection.execute(query.where(c.blueprint == before.blueprint))
    }
    for some in rollouts.in_parts([m.tenant for m in before.members if m.tenant not in tenants]):
        found = await connection.execute(query.where(c.id.in_(some)))
        tenants |= {row[0]: rows.tenant(row) for row in found}
    strange = [id_ for id_ in tenants if id_ not in looked_at]
    statuses = await rollouts.statuses_of(connection, strange)
    return {
        id_: replace(
            looked_at.get(id_) or _by_status(tenant, statuses.get(id_)),
            blueprint=tenant.blueprint,
            revision=tenant.revision,
            suspended=tenant.suspended,
        )
        for id_, tenant in tenants.items()
    }


def _by_status(tenant: TenantRecord, status: StatusRecord | None) -> Seen:
    """One that the steward did not look at: only whether it is unwell is of use."""
    seen = Seen(tenant.id, tenant.slug, tenant.blueprint, tenant.revision)
    if status is None:
        return seen
    ill = status.phase == "failed" or status.blocked
    return replace(
        seen, failing=status.reason if ill else "", unwell=ill or status.phase == "degraded"
    )


async def _carry_out(
    connection: AsyncConnection, parsed: ParsedBlueprints, decision: Decision, now: float
) -> Rollout:
    after = decision.rollout
    if not decision.move and not decision.put_back:
        return after
    members = {m.tenant: m for m in after.members}
    target = await lookups.revision(connection, after.blueprint, after.revision)
    for tenant_id in decision.move:
        members[tenant_id] = await _move(
            connection, parsed, after.id, members[tenant_id], target, now
        )
    for tenant_id in decision.put_back:
        members[tenant_id] = await _turn_back(
            connection, parsed, after, members[tenant_id], now
        )
    return replace(after, members=tuple(members.values()))


async def _move(
    connection: AsyncConnection,
    parsed: ParsedBlueprints,
    deployment: str,
    member: Member,
    target: RevisionRecord,
    now: float,
) -> Member:
    """What it has may not fit any more: it was changed since the roll-out began."""
    tenant = await lookups.live_tenant_by_id(connection, member.tenant)
    blueprint = parsed.of(target)
    own = fitting.belongings(tenant, await lookups.secrets_of(connection, tenant.id))
    if problems := await fitting.problems(connection, blueprint, own):
        return refused(member, f"It does not fit: {problems[0].detail}", now)
    cabin = await lookups.cabin_of(connection, tenant.id)
    limits = fitting.limits(blueprint, own)
    reserved = await capacity.memory_of(connection, cabin.id)
    try:
        async with connection.begin_nested():
            # What it had stays reserved, so that putting it back cannot fail for want of it.
            kept = replace(limits, memory_mb=max(limits.memory_mb, reserved))
            await fit_cabin(connection, cabin, kept)
            before = await lookups.revision(connection, tenant.blueprint, tenant.revision)
            if changes_images(parsed, before, target):
                await copies.want(connection, deployment, cabin)
    except NoCapacity as error:
        return refused(member, error.message, now)
    return moved(member, await _revise(connection, tenant, target.number, now), now)


def changes_images(
    parsed: ParsedBlueprints, before: RevisionRecord, after: RevisionRecord
) -> bool:
    """A program that wrote to the disks is replaced by another one, which may migrate what lies
    there: that is not undone by starting the first one again."""
    was, will_be = (programs(parsed.of(each)) for each in (before, after))
    return any(will_be.get(role, image) != image for role, image in was.items())


async def _turn_back(
    connection: AsyncConnection, parsed: ParsedBlueprints, of: Rollout, member: Member, now: float
) -> Member:
    tenant = await lookups.live_tenant_by_id(connection, member.tenant)
    generation = await _revise(connection, tenant, member.before, now)
    await copies.put_back(connection, of.id, tenant.id)
    if not member.reason or member.state is not Move.FAILED:
        member = replace(member, reason=f"It is put back, since the roll-out ended: {of.reason}")
    return turned_back(member, generation, now)


async def _revise(
    connection: AsyncConnection, tenant: TenantRecord, number: int, now: float
) -> int:
    changed = await raise_generation(connection, tenant, now, revision=number)
    said = {
        "tenant": tenant.slug,
        "change": ["revision"],
        "revision": number,
        "generation": changed.generation,
    }
    await record(connection, now, "tenant", tenant.id, said)
    return changed.generation


async def _settle(
    connection: AsyncConnection, parsed: ParsedBlueprints, before: Rollout, after: Rollout
) -> None:
    """What follows from where tenants are now."""
    was = {m.tenant: m.state for m in before.members}
    left = [
        m.tenant
        for m in after.members
        if m.state in (Move.SUPERSEDED, Move.GONE) and was.get(m.tenant) is not m.state
    ]
    for some in rollouts.in_parts(left):
        await copies.let_go(connection, after.id, some)
    if not after.finished_at:
        return
    await copies.let_go(connection, after.id)
    if after.state is State.DONE and after.everybody:
        await connection.execute(
            update(t.blueprints)
            .where(t.blueprints.c.name == after.blueprint)
            .values(deployed=after.revision)
        )
    for member in after.members:
        if member.state not in (Move.GONE, Move.SUPERSEDED):
            await _reserve_no_more(connection, parsed, member.tenant)


async def _reserve_no_more(
    connection: AsyncConnection, parsed: ParsedBlueprints, tenant_id: str
) -> None:
    """Memory that was kept for the way there, or the way back, is given to others."""
    tenant = await lookups.live_tenant_by_id(connection, tenant_id)
    revision = await lookups.revision(connection, tenant.blueprint, tenant.revision)
    own = fitting.belongings(tenant, await lookups.secrets_of(connection, tenant.id))
    blueprint = parsed.of(revision)
    if await fitting.problems(connection, blueprint, own):
        return
    cabin = await lookups.cabin_of(connection, tenant.id)
    memory_mb = fitting.limits(blueprint, own).memory_mb
    await connection.execute(
        update(t.cabins)
        .where(t.cabins.c.id == cabin.id, t.cabins.c.memory_mb > memory_mb)
        .values(memory_mb=memory_mb)
    )

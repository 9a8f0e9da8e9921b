"""Deployments: an operator begins a roll-out, looks at it, stops it. The steward carries it on."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NoReturn

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stateroom.domain import canary as canaries
from stateroom.domain.blueprint import Blueprint
from stateroom.domain.names import near, shown
from stateroom.domain.pointer import pointer
from stateroom.domain.rollout import Member, Move, Rollout, Stage, State
from stateroom.errors import Conflict, Invalid, NotFound, Problem
from stateroom.store import fitting, lookups, rollout_steps, rollouts, rows
from stateroom.store import tables as t
from stateroom.store.changes import record, touch
from stateroom.store.database import Database
from stateroom.store.deployment_views import DeploymentView, first, whole
from stateroom.store.lookups import ParsedBlueprints
from stateroom.store.records import RevisionRecord, TenantRecord

LISTED = 100
"""Of how many tenants a deployment tells in a list, unless said."""


class Deployments:
    def __init__(
        self, database: Database, parsed: ParsedBlueprints, clock: Callable[[], float]
    ) -> None:
        self._database = database
        self._parsed = parsed
        self._clock = clock

    async def deploy(
        self,
        blueprint: str,
        number: int | None = None,
        slugs: Sequence[str] | None = None,
        canary: str = "",
    ) -> DeploymentView:
        """number: None for the newest. slugs: None for every tenant of the blueprint; new
        tenants then get this revision, too. canary: as `canary.share_of` gives it. Raises
        NotFound, Conflict where another one goes on, Invalid with the problems of every tenant
        that does not fit (nobody is moved then), NoCapacity."""
        async with self._database.write() as connection:
            revision = await self._revision(connection, blueprint, number)
            await _refuse_a_second(connection, blueprint)
            everybody = await tenants_of(connection, blueprint)
            chosen = everybody if slugs is None else _named(everybody, slugs, blueprint)
            await self._refuse_misfits(connection, chosen, self._parsed.of(revision))
            now = self._clock()
            begun = _begun(revision, chosen, canary, slugs is None, now)
            after = await rollout_steps.begin(connection, self._parsed, begun, now)
            return await whole(connection, after)

    async def get(self, deployment_id: str, most: int | None = None) -> DeploymentView:
        """most: of at most so many members, those who need somebody's eyes before all others.
        Raises NotFound."""
        async with self._database.read() as connection:
            if most is None:
                return await whole(connection, await _one(connection, deployment_id))
            found = await first(connection, most, t.deployments.c.id == deployment_id)
            return found[0] if found else _there_is_none()

    async def newest(
        self, limit: int, blueprint: str = "", most: int = LISTED
    ) -> tuple[DeploymentView, ...]:
        """Newest first. most: as for one."""
        where: list[ColumnElement[bool]] = []
        if blueprint:
            where.append(t.deployments.c.blueprint == blueprint)
        async with self._database.read() as connection:
            return await first(connection, most, *where, limit=limit)

    async def stop(self, deployment_id: str) -> DeploymentView:
        """Asks to put back whom it moved. Again: changes nothing. Raises NotFound, and Conflict
        for one that is over."""
        async with self._database.write() as connection:
            found = await _one(connection, deployment_id)
            if found.finished_at:
                raise Conflict(
                    f"this deployment is over ({found.state.value}); deploy revision"
                    f" {found.previous} to go back to what was before"
                )
            if not found.stopping:
                await connection.execute(
                    update(t.deployments)
                    .where(t.deployments.c.id == found.id)
                    .values(stopping=True)
                )
                said = {"action": "deployment_stop", "deployment": found.id}
                await record(connection, self._clock(), "audit", "", said)
                await touch(connection)
            return await whole(connection, replace(found, stopping=True))

    async def _revision(
        self, connection: AsyncConnection, blueprint: str, number: int | None
    ) -> RevisionRecord:
        newest = await lookups.newest_revision(connection, blueprint)
        if newest is None:
            raise NotFound("there is no such blueprint; `stateroom blueprints list` names them")
        if number is None:
            return newest
        return await lookups.revision(connection, blueprint, number)

    async def _refuse_misfits(
        self, connection: AsyncConnection, chosen: Sequence[TenantRecord], blueprint: Blueprint
    ) -> None:
        found: list[Problem] = []
        for tenant in chosen:
            own = fitting.belongings(tenant, await lookups.secrets_of(connection, tenant.id))
            for problem in await fitting.problems(connection, blueprint, own):
                at = pointer("tenants", tenant.slug) + problem.pointer
                detail = f"{tenant.slug}: {problem.detail}"
                found.append(replace(problem, pointer=at, detail=detail))
        if found:
            raise Invalid(found)


async def _refuse_a_second(connection: AsyncConnection, blueprint: str) -> None:
    found = await rollouts.going_on(connection, t.deployments.c.blueprint == blueprint)
    if found:
        raise Conflict(
            f"revision {found[0].revision} of {blueprint} is being rolled out; wait until"
            f" deployment {found[0].id} is over, or stop it:"
            f" `stateroom blueprints stop {found[0].id}`"
        )


def _begun(
    revision: RevisionRecord,
    chosen: Sequence[TenantRecord],
    canary: str,
    everybody: bool,
    now: float,
) -> Rollout:
    """Who runs it already is done; of the others a share goes first."""
    there = [tenant for tenant in chosen if tenant.revision == revision.number]
    moving = [tenant for tenant in chosen if tenant.revision != revision.number]
    goes_first = canaries.first(canary, in_order(moving))
    members = [
        *(
            Member(m.id, m.slug, m.revision, m.slug in goes_first, since=now)
            for m in sorted(moving, key=lambda m: (m.slug not in goes_first, m.slug))
        ),
        *(
            Member(
                m.id, m.slug, m.revision, state=Move.DONE, since=now,
                reason="It runs this revision already.",
            )
            for m in there
        ),
    ]  # fmt: skip
    counts = Counter(tenant.revision for tenant in moving)
    previous = counts.most_common(1)[0][0] if counts else revision.number
    return Rollout(
        f"d{secrets.token_hex(8)}", revision.blueprint, revision.number, previous, canary,
        everybody, tuple(members), now, Stage.CANARY if goes_first else Stage.ALL, State.RUNNING,
    )  # fmt: skip


def in_order(tenants: Sequence[TenantRecord]) -> list[str]:
    """Slugs, those first that can show whether a revision is good: who is suspended cannot."""
    return [t.slug for t in sorted(tenants, key=lambda t: (t.suspended, t.slug))]


async def tenants_of(connection: AsyncConnection, blueprint: str) -> list[TenantRecord]:
    """Of those that stay, by slug."""
    found = await connection.execute(
        select(*rows.TENANT)
        .where(
            t.tenants.c.blueprint == blueprint,
            t.tenants.c.gone_at == 0,
            t.tenants.c.deleting == "",
        )
        .order_by(t.tenants.c.slug)
    )
    return [rows.tenant(row) for row in found]


def _named(
    everybody: Sequence[TenantRecord], slugs: Sequence[str], blueprint: str
) -> list[TenantRecord]:
    by_slug = {tenant.slug: tenant for tenant in everybody}
    unknown = [
        Problem(
            pointer("tenants", index),
            "unknown_tenant",
            f"{shown(slug)} is no tenant of blueprint {blueprint}.",
            near(slug, by_slug, "tenants"),
        )
        for index, slug in enumerate(slugs)
        if slug not in by_slug
    ]
    if unknown:
        raise Invalid(unknown)
    return [by_slug[slug] for slug in sorted(set(slugs))]


async def _one(connection: AsyncConnection, deployment_id: str) -> Rollout:
    found = await rollouts.read(connection, t.deployments.c.id == deployment_id)
    return found[0] if found else _there_is_none()


def _there_is_none() -> NoReturn:
    raise NotFound("there is no such deployment; GET /deployments names them")

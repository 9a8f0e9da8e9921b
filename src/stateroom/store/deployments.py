"""Deployments: moving tenants to a revision, all of them or the named ones, whole or not at all.

A deployment is a record of what was asked for. How far it is follows from the tenants' own
status whenever somebody looks: there is no second progress to keep right.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stateroom.domain.blueprint import Blueprint
from stateroom.domain.names import near, shown
from stateroom.domain.pointer import pointer
from stateroom.errors import Invalid, NotFound, Problem
from stateroom.store import fitting, lookups, rows
from stateroom.store import tables as t
from stateroom.store.changes import record, touch
from stateroom.store.database import Database
from stateroom.store.lookups import ParsedBlueprints
from stateroom.store.records import (
    DeploymentRecord,
    RevisionRecord,
    StatusRecord,
    TenantRecord,
)
from stateroom.store.tenant_change import fit_cabin
from stateroom.store.tenants import raise_generation


@dataclass(frozen=True, slots=True)
class Moved:
    """One tenant of a deployment. tenant: None when it is gone. status: None before the first."""

    slug: str
    tenant: TenantRecord | None
    status: StatusRecord | None


@dataclass(frozen=True, slots=True)
class DeploymentView:
    deployment: DeploymentRecord
    tenants: tuple[Moved, ...]


class Deployments:
    def __init__(
        self, database: Database, parsed: ParsedBlueprints, clock: Callable[[], float]
    ) -> None:
        self._database = database
        self._parsed = parsed
        self._clock = clock

    async def deploy(
        self, blueprint: str, number: int | None = None, slugs: Sequence[str] | None = None
    ) -> DeploymentView:
        """number: None for the newest. slugs: None for every tenant of the blueprint; new
        tenants then get this revision, too. Raises NotFound, Invalid with the problems of every
        tenant that does not fit (nobody is moved then), NoCapacity."""
        async with self._database.write() as connection:
            revision = await self._revision(connection, blueprint, number)
            everybody = await _tenants_of(connection, blueprint)
            chosen = everybody if slugs is None else _named(everybody, slugs, blueprint)
            parsed = self._parsed.of(revision)
            await self._refuse_misfits(connection, chosen, parsed)
            now = self._clock()
            for tenant in chosen:
                if tenant.revision != revision.number:
                    await self._move(connection, tenant, revision, parsed, now)
            if slugs is None:
                await connection.execute(
                    update(t.blueprints)
                    .where(t.blueprints.c.name == blueprint)
                    .values(deployed=revision.number)
                )
            made = DeploymentRecord(
                f"d{secrets.token_hex(8)}",
                blueprint,
                revision.number,
                "",
                tuple((tenant.id, tenant.slug) for tenant in chosen),
                now,
            )
            await _insert(connection, made)
            return await _view(connection, made)

    async def get(self, deployment_id: str) -> DeploymentView:
        """Raises NotFound."""
        async with self._database.read() as connection:
            found = await connection.execute(
                select(*rows.DEPLOYMENT).where(t.deployments.c.id == deployment_id)
            )
            row = found.first()
            if row is None:
                raise NotFound("there is no such deployment")
            return await _view(connection, rows.deployment(row))

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

    async def _move(
        self,
        connection: AsyncConnection,
        tenant: TenantRecord,
        revision: RevisionRecord,
        blueprint: Blueprint,
        now: float,
    ) -> None:
        own = fitting.belongings(tenant, await lookups.secrets_of(connection, tenant.id))
        cabin = await lookups.cabin_of(connection, tenant.id)
        await fit_cabin(connection, cabin, fitting.limits(blueprint, own))
        moved = await raise_generation(connection, tenant, now, revision=revision.number)
        data = {
            "tenant": tenant.slug,
            "change": ["revision"],
            "revision": revision.number,
            "generation": moved.generation,
        }
        await record(connection, now, "tenant", tenant.id, data)


async def _tenants_of(connection: AsyncConnection, blueprint: str) -> list[TenantRecord]:
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


async def _insert(connection: AsyncConnection, made: DeploymentRecord) -> None:
    await connection.execute(
        insert(t.deployments).values(
            id=made.id,
            blueprint=made.blueprint,
            revision=made.revision,
            canary=made.canary,
            tenants=[list(pair) for pair in made.tenants],
            created_at=made.created_at,
        )
    )
    await touch(connection)
    data = {
        "deployment": made.id,
        "blueprint": made.blueprint,
        "revision": made.revision,
        "tenants": [slug for _, slug in made.tenants],
    }
    await record(connection, made.created_at, "deployment", "", data)


async def _view(connection: AsyncConnection, made: DeploymentRecord) -> DeploymentView:
    ids = [tenant_id for tenant_id, _ in made.tenants]
    tenants: dict[str, TenantRecord] = {}
    status: dict[str, StatusRecord] = {}
    for start in range(0, len(ids), 500):  # Databases bound how many parameters a query has.
        some = ids[start : start + 500]
        found = await connection.execute(
            select(*rows.TENANT).where(t.tenants.c.id.in_(some), t.tenants.c.gone_at == 0)
        )
        tenants |= {tenant.id: tenant for tenant in map(rows.tenant, found)}
        seen = await connection.execute(select(*rows.STATUS).where(t.status.c.tenant.in_(some)))
        status |= {entry.tenant: entry for entry in map(rows.status, seen)}
    return DeploymentView(
        made,
        tuple(Moved(slug, tenants.get(id_), status.get(id_)) for id_, slug in made.tenants),
    )

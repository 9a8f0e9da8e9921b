"""Changing a tenant: a JSON Merge Patch on what is stored at this moment, checked as a whole.

Reading, merging, checking and writing are one write transaction, so of two changes at once the
second merges into the result of the first: neither is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from stateroom.domain.blueprint import Blueprint
from stateroom.domain.limits import LIMITS
from stateroom.domain.names import display_name_problem, near, shown
from stateroom.domain.per_tenant import TENANT
from stateroom.domain.pointer import pointer
from stateroom.domain.values import Limits, declared_values, merge_patch
from stateroom.errors import Denied, Invalid, Problem
from stateroom.store import capacity, fitting, lookups
from stateroom.store import tables as t
from stateroom.store.changes import record
from stateroom.store.database import Database
from stateroom.store.lookups import Expected, ParsedBlueprints
from stateroom.store.records import CabinRecord, RevisionRecord, TenantRecord, TenantView
from stateroom.store.tenants import raise_generation


@dataclass(frozen=True, slots=True)
class Change:
    """patch: of `values limits variables name blueprint suspended`, shapes already checked.
    expected: the generation that the caller saw, None for whichever. by_tenant: asked for with
    the tenant's own key, which may change no more than the values that are left to it."""

    patch: Mapping[str, Any]
    expected: Expected = None
    by_tenant: bool = False


class TenantChanges:
    def __init__(
        self, database: Database, parsed: ParsedBlueprints, clock: Callable[[], float]
    ) -> None:
        self._database = database
        self._parsed = parsed
        self._clock = clock

    async def change(self, slug: str, change: Change) -> TenantView:
        """Raises NotFound, Conflict (being deleted), Moved, Denied, Invalid, NoCapacity. A patch
        that changes nothing leaves the generation as it is."""
        async with self._database.write() as connection:
            before = await lookups.changeable_tenant(connection, slug, change.expected)
            after, limits = await self._checked(connection, before, change)
            if limits is None:
                return await lookups.view(connection, before)
            await fit_cabin(connection, await lookups.cabin_of(connection, before.id), limits)
            return await self._write(connection, before, after, sorted(change.patch))

    async def problems(self, slug: str, change: Change) -> tuple[Problem, ...]:
        """What `change` would refuse in what was sent; nothing is written. Raises NotFound,
        Conflict, Moved, Denied."""
        async with self._database.read() as connection:
            before = await lookups.changeable_tenant(connection, slug, change.expected)
            try:
                await self._checked(connection, before, change)
            except Invalid as error:
                return error.problems
            return ()

    async def _checked(
        self, connection: AsyncConnection, before: TenantRecord, change: Change
    ) -> tuple[TenantRecord, Limits | None]:
        """What the tenant would be, and what its cabin may then use up: None where nothing changes.
        Raises Denied, and Invalid with every problem at once."""
        if change.by_tenant:
            # First: what it may not change, it is told nothing about.
            now = await lookups.revision(connection, before.blueprint, before.revision)
            _refuse_what_is_not_the_tenants(self._parsed.of(now), change.patch)
        revision = await self._revision(connection, before, change)
        if revision is None:
            raise Invalid(await self._of_no_blueprint(connection, before, change.patch))
        blueprint = self._parsed.of(revision)
        after = _patched(before, revision, change.patch)
        strays = tuple(_strays(before, blueprint, change.patch))
        if after == before and not strays:
            return after, None
        return after, await self._fit(connection, before, after, blueprint, change.patch, strays)

    async def _revision(
        self, connection: AsyncConnection, tenant: TenantRecord, change: Change
    ) -> RevisionRecord | None:
        name = change.patch.get("blueprint", tenant.blueprint)
        if name == tenant.blueprint:
            return await lookups.revision(connection, name, tenant.revision)
        return await lookups.current_revision(connection, name)

    async def _of_no_blueprint(
        self, connection: AsyncConnection, before: TenantRecord, patch: Mapping[str, Any]
    ) -> tuple[Problem, ...]:
        """That there is no such blueprint, and what would be wrong under any other."""
        after = _patched(before, None, patch)
        own = fitting.belongings(after, await lookups.secrets_of(connection, after.id))
        found = [await lookups.unknown_blueprint(connection, patch["blueprint"])]
        if problem := display_name_problem(after.name, "/name"):
            found.append(problem)
        return (*found, *fitting.problems_anywhere(own))

    async def _fit(
        self,
        connection: AsyncConnection,
        before: TenantRecord,
        after: TenantRecord,
        blueprint: Blueprint,
        patch: Mapping[str, Any],
        strays: tuple[Problem, ...],
    ) -> Limits:
        own = fitting.belongings(after, await lookups.secrets_of(connection, after.id))
        found = [*strays, *await fitting.problems(connection, blueprint, own)]
        if problem := display_name_problem(after.name, "/name"):
            found.append(problem)
        cabin = await lookups.cabin_of(connection, before.id)
        if not found:
            limits = fitting.limits(blueprint, own)
            wants_disk = (patch.get("limits") or {}).get("disk_mb")
            if wants_disk is not None and limits.disk_mb < cabin.disk_mb:
                found.append(_shrinks(cabin.disk_mb - fitting.services_disk_mb(blueprint, own)))
        if found:
            raise Invalid(found)
        return limits

    async def _write(
        self,
        connection: AsyncConnection,
        before: TenantRecord,
        after: TenantRecord,
        changed: list[str],
    ) -> TenantView:
        now = self._clock()
        written = await raise_generation(
            connection,
            before,
            now,
            name=after.name,
            blueprint=after.blueprint,
            revision=after.revision,
            own_values=dict(after.values),
            own_limits=dict(after.limits),
            own_variables=dict(after.variables),
            suspended=after.suspended,
        )
        data = {"tenant": before.slug, "change": changed, "generation": written.generation}
        await record(connection, now, "tenant", before.id, data)
        return await lookups.view(connection, written)


async def fit_cabin(connection: AsyncConnection, cabin: CabinRecord, limits: Limits) -> None:
    """Reserves what the limits promise beyond what the cabin has. Disks only grow. Raises
    NoCapacity."""
    disk_mb = max(limits.disk_mb, cabin.disk_mb)
    reserved = await capacity.memory_of(connection, cabin.id)
    await capacity.reserve(connection, limits.memory_mb - reserved, disk_mb - cabin.disk_mb)
    await connection.execute(
        update(t.cabins)
        .where(t.cabins.c.id == cabin.id)
        .values(memory_mb=limits.memory_mb, disk_mb=disk_mb)
    )


def _patched(
    before: TenantRecord, revision: RevisionRecord | None, patch: Mapping[str, Any]
) -> TenantRecord:
    """revision: None for the one that it has."""
    name = patch.get("name", before.name)
    return replace(
        before,
        name=before.slug if name is None else name,
        blueprint=revision.blueprint if revision else before.blueprint,
        revision=revision.number if revision else before.revision,
        values=merge_patch(before.values, patch.get("values", {})),
        limits=merge_patch(before.limits, patch.get("limits", {})),
        variables=merge_patch(before.variables, patch.get("variables", {})),
        suspended=patch.get("suspended", before.suspended),
    )


def _strays(
    before: TenantRecord, blueprint: Blueprint, patch: Mapping[str, Any]
) -> Iterator[Problem]:
    """Nulls for what neither is there nor could be: a mistyped name, which would otherwise be
    taken for one that is back at what it inherits."""
    for area, word, own, known in (
        ("values", "value", before.values, declared_values(blueprint)),
        ("limits", "limit", before.limits, LIMITS),
    ):
        for name, change in patch.get(area, {}).items():
            if change is None and name not in own and name not in known:
                detail = f"There is no {word} {shown(name)}."
                yield Problem(
                    pointer(area, name), f"unknown_{word}", detail, near(name, known, area)
                )


def _refuse_what_is_not_the_tenants(blueprint: Blueprint, patch: Mapping[str, Any]) -> None:
    own = {name for name, value in declared_values(blueprint).items() if value.set_by == TENANT}
    beyond = [pointer(key) for key in patch if key != "values"]
    beyond += [pointer("values", name) for name in patch.get("values", {}) if name not in own]
    if beyond:
        yours = ", ".join(sorted(own)) or "none"
        raise Denied(
            f"a tenant's key may not change {', '.join(sorted(beyond))}; values that are left to"
            f" the tenant: {yours}"
        )


def _shrinks(has_mb: int) -> Problem:
    return Problem(
        "/limits/disk_mb",
        "shrinks",
        f"The disk has {has_mb} MiB, and disks only grow.",
        f"Ask for {has_mb} or more.",
    )

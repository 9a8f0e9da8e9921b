"""Creating a tenant: one transaction from the slug to the last reservation, or nothing at all.

Order of refusals: everything that is wrong with what was sent (at once), then a taken slug,
then missing capacity.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stateroom.domain.blueprint import Blueprint
from stateroom.domain.cabin import MOST_CABINS, Installation
from stateroom.domain.names import display_name_problem, shown, slug_problem
from stateroom.errors import Conflict, Invalid, NoCapacity, Problem
from stateroom.store import capacity, fitting, lookups, rows
from stateroom.store import tables as t
from stateroom.store.changes import CABIN_NUMBER, count_up, record, touch
from stateroom.store.credentials import new_broker_key, new_token
from stateroom.store.database import Database
from stateroom.store.fitting import Belongings
from stateroom.store.idempotency import Once, remember, remembered
from stateroom.store.lookups import ParsedBlueprints
from stateroom.store.records import CabinRecord, RevisionRecord, TenantView
from stateroom.store.sealing import Redacted, Sealer


@dataclass(frozen=True, slots=True)
class NewSecret:
    """kind: "env" | "file", None for what the blueprint says, else "env"."""

    value: Redacted
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class NewTenant:
    """What a caller asked for; None where nothing was said. volume: a kept cabin to revive."""

    slug: object
    blueprint: object
    name: object = None
    values: Mapping[str, Any] = field(default_factory=dict)
    limits: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, NewSecret] = field(default_factory=dict)
    volume: object = None


@dataclass(frozen=True, slots=True)
class Created:
    """answer: what `Once.render` made, now or the first time."""

    view: TenantView | None
    answer: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class _Ground:
    """What the checks found to build on."""

    revision: RevisionRecord
    blueprint: Blueprint
    own: Belongings
    kept: CabinRecord | None


class TenantCreation:
    def __init__(
        self,
        database: Database,
        installation: Installation,
        sealer: Sealer,
        parsed: ParsedBlueprints,
        clock: Callable[[], float],
    ) -> None:
        self._database = database
        self._installation = installation
        self._sealer = sealer
        self._parsed = parsed
        self._clock = clock

    async def problems(self, new: NewTenant) -> tuple[Problem, ...]:
        """What `create` would refuse in what was sent; nothing is written."""
        async with self._database.read() as connection:
            return (await self._check(connection, new))[1]

    async def create(self, new: NewTenant, once: Once | None = None) -> Created:
        """Raises Invalid with every problem, Conflict for a taken slug, NoCapacity."""
        async with self._database.write() as connection:
            now = self._clock()
            if once is not None and (answer := await remembered(connection, once, now)):
                return Created(None, answer)
            ground, found = await self._check(connection, new)
            if found or ground is None:
                raise Invalid(found)
            await _refuse_taken(connection, str(new.slug))
            view = await self._insert(connection, new, ground, now)
            answer = None
            if once is not None:
                answer = dict(once.render(view))
                await remember(connection, once, answer, now)
            return Created(view, answer)

    async def _check(
        self, connection: AsyncConnection, new: NewTenant
    ) -> tuple[_Ground | None, tuple[Problem, ...]]:
        found: list[Problem] = []
        if problem := slug_problem(new.slug, "/slug"):
            found.append(problem)
        if new.name is not None and (problem := display_name_problem(new.name, "/name")):
            found.append(problem)
        kept = await _kept_cabin(connection, new.volume)
        if new.volume is not None and kept is None:
            found.append(_unknown_volume(new.volume))
        values = {name: secret.value.reveal() for name, secret in new.secrets.items()}
        own = Belongings(new.values, new.limits, new.variables, values)
        revision = None
        if isinstance(new.blueprint, str):
            revision = await lookups.current_revision(connection, new.blueprint)
        if revision is None:
            found.append(await lookups.unknown_blueprint(connection, new.blueprint))
            return None, (*found, *fitting.problems_anywhere(own))
        blueprint = self._parsed.of(revision)
        found += await fitting.problems(connection, blueprint, own)
        return _Ground(revision, blueprint, own, kept), tuple(found)

    async def _insert(
        self, connection: AsyncConnection, new: NewTenant, ground: _Ground, now: float
    ) -> TenantView:
        slug, tenant_id = str(new.slug), f"t{secrets.token_hex(8)}"
        await connection.execute(
            insert(t.tenants).values(
                id=tenant_id,
                slug=slug,
                name=slug if new.name is None else new.name,
                blueprint=ground.revision.blueprint,
                revision=ground.revision.number,
                own_values=dict(new.values),
                own_limits=dict(new.limits),
                own_variables=dict(new.variables),
                suspended=False,
                safe_mode=False,
                restart_at=0.0,
                generation=1,
                changed_at=now,
                created_at=now,
                deleting="",
                gone_at=0.0,
            )
        )
        await self._give_cabin(connection, tenant_id, ground, now)
        version = await touch(connection)
        for name, secret in new.secrets.items():
            sealed = self._sealer.seal(tenant_id, name, secret.value.reveal().encode())
            await connection.execute(
                insert(t.secrets).values(
                    tenant=tenant_id,
                    name=name,
                    kind=secret_kind(ground.blueprint, name, secret.kind),
                    version=version,
                    updated_at=now,
                    sealed=sealed,
                )
            )
        said = {"tenant": slug, "change": "create", "generation": 1}
        await record(connection, now, "tenant", tenant_id, said)
        return await lookups.view(connection, await lookups.live_tenant(connection, slug))

    async def _give_cabin(
        self, connection: AsyncConnection, tenant_id: str, ground: _Ground, now: float
    ) -> None:
        """A new cabin, or the kept one with new credentials: number, uid and disk stay."""
        limits = fitting.limits(ground.blueprint, ground.own)
        kept = ground.kept
        disk_mb = max(limits.disk_mb, kept.disk_mb if kept else 0)
        await capacity.reserve(
            connection, limits.memory_mb, disk_mb - (kept.disk_mb if kept else 0)
        )
        cabin_id = kept.id if kept else await _unused_cabin_id(connection)
        token = new_token(self._sealer, cabin_id)
        broker_key = new_broker_key(self._sealer, cabin_id)
        columns = {
            "slot": await capacity.free_slot(connection, self._installation),
            "tenant": tenant_id,
            "state": "assigned",
            "disk_mb": disk_mb,
            "memory_mb": limits.memory_mb,
            "sealed_token": token.sealed,
            "token_sha256": token.sha256,
            "sealed_broker_key": broker_key.sealed,
            "broker_key_sha256": broker_key.sha256,
            "kept_at": 0.0,
            "erased_at": 0.0,
        }
        if kept:
            await connection.execute(
                update(t.cabins).where(t.cabins.c.id == kept.id).values(**columns)
            )
            return
        number = await _new_number(connection)
        await connection.execute(
            insert(t.cabins).values(id=cabin_id, number=number, created_at=now, **columns)
        )


def secret_kind(blueprint: Blueprint, name: str, asked: str | None, before: str = "env") -> str:
    """How a secret reaches the runtime: as the blueprint says, else as asked, else as before."""
    for block in blueprint.blocks:
        if block.kind == "secret" and block.options.get("name") == name:
            return str(block.options.get("as", "env"))
    return asked or before


async def _refuse_taken(connection: AsyncConnection, slug: str) -> None:
    found = await connection.execute(
        select(t.tenants.c.deleting).where(t.tenants.c.slug == slug, t.tenants.c.gone_at == 0)
    )
    deleting = found.scalar_one_or_none()
    if deleting is None:
        return
    if deleting:
        raise Conflict(
            f"the tenant {slug} is being deleted and holds its slug until it is gone; repeat this"
            f" once GET /tenants/{slug} answers 404, or choose another slug"
        )
    raise Conflict(f"the slug {slug} is taken; choose another one")


async def _unused_cabin_id(connection: AsyncConnection) -> str:
    """Rows of erased cabins stay, so an id that was ever given is never given again."""
    while True:
        candidate = secrets.token_hex(4)
        found = await connection.execute(select(t.cabins.c.id).where(t.cabins.c.id == candidate))
        if found.first() is None:
            return candidate


async def _new_number(connection: AsyncConnection) -> int:
    """Raises NoCapacity where every one was given once: uids follow from them, so none is given
    again."""
    number = await count_up(connection, CABIN_NUMBER)
    if number >= MOST_CABINS:
        raise NoCapacity(
            f"Not enough uids: this installation has made {number - 1} cabins, and no uid is used"
            " again, so that a new tenant owns nothing of an old one. Restore a kept volume, or set"
            " up another installation for new tenants (another STATEROOM_HOME)."
        )
    return number


async def _kept_cabin(connection: AsyncConnection, volume: object) -> CabinRecord | None:
    if not isinstance(volume, str):
        return None
    found = await connection.execute(
        select(*rows.CABIN).where(t.cabins.c.id == volume, t.cabins.c.state == "kept")
    )
    row = found.first()
    return None if row is None else rows.cabin(row)


def _unknown_volume(volume: object) -> Problem:
    return Problem(
        "/restore_volume",
        "unknown_volume",
        f"There is no kept volume {shown(volume)} of a cabin.",
        "GET /volumes names them. What a roll-out left beside a disk is read on the host:"
        " docs/howto/roll-out-a-revision.md.",
    )

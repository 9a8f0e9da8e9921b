"""The steward's side of the store: what it reads a plan from, and what it writes down.

Nothing here raises the change token but what gives the steward itself something new to plan
(a pinned revision, a finished delete), so that its own notes do not wake it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stateroom.domain.rollout import Seen
from stateroom.errors import NotFound
from stateroom.store import (
    changes,
    copies,
    failures,
    lookups,
    rollout_steps,
    rollouts,
    rows,
    sessions,
    webhook_outbox,
)
from stateroom.store import tables as t
from stateroom.store.database import Database
from stateroom.store.desired import DesiredReader
from stateroom.store.idempotency import REMEMBERED_SECONDS
from stateroom.store.lookups import ParsedBlueprints
from stateroom.store.records import (
    CabinRecord,
    CopyRecord,
    Desired,
    FailureRecord,
    RevisionRecord,
    SecretRecord,
    StatusRecord,
)
from stateroom.store.tenant_end import let_go_of_cabin, let_go_of_tenant

KEEP_EVENTS_SECONDS = 30 * 24 * 3600
KEEP_EVENTS = 100_000
KEEP_ROLLOUTS_SECONDS = 90 * 24 * 3600
KEEP_EVENTS_OF_ONE = 1_000
"""Of one tenant and kind: who flips its health all day pushes out nobody else's, nor what is on
record of who was given access to it."""


class StewardStore:
    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock
        self._desired = DesiredReader(database)
        self._parsed = ParsedBlueprints()

    async def desired(self) -> Desired:
        """Everything that the plan is made from, as of one moment. Secrets come without their
        sealed values (see `sealed_secrets`), cabins and providers with theirs."""
        return await self._desired.read()

    async def change_token(self) -> int:
        """Rises with every change of desired state that somebody else made. Cheap."""
        async with self._database.read() as connection:
            return await changes.token(connection)

    async def sealed_secrets(self, tenant_id: str) -> tuple[SecretRecord, ...]:
        """By name, with their sealed values: `Opener.open(tenant_id, name, sealed)`."""
        async with self._database.read() as connection:
            return await lookups.secrets_of(connection, tenant_id)

    async def save_status(self, records: Sequence[StatusRecord]) -> None:
        """Replaces the kept status of these tenants and tells it as an event each. Pass those
        that changed only. Tenants that are gone meanwhile are left out."""
        if not records:
            return
        async with self._database.write() as connection:
            slugs = await _live_slugs(connection, [record.tenant for record in records])
            living = [record for record in records if record.tenant in slugs]
            if not living:
                return
            now = self._clock()
            await webhook_outbox.note(connection, living, now)
            await connection.execute(
                delete(t.status).where(t.status.c.tenant == bindparam("its_tenant")),
                [{"its_tenant": record.tenant} for record in living],
            )
            await connection.execute(insert(t.status), [_status_row(r) for r in living])
            told = [_event_row(now, record, slugs[record.tenant]) for record in living]
            await connection.execute(insert(t.events), told)

    async def add_failures(self, records: Iterable[FailureRecord]) -> None:
        """Once each by (cabin, at, kind, role), however often they are added."""
        async with self._database.write() as connection:
            for record in records:
                await failures.add(connection, record, self._clock())

    async def note_disk(self, cabin_id: str, used_mb: float) -> None:
        """How full the cabin's disk was when somebody could look, in MiB: for people."""
        async with self._database.write() as connection:
            await connection.execute(
                update(t.cabins).where(t.cabins.c.id == cabin_id).values(used_mb=used_mb)
            )

    async def disk_of(self, cabin_id: str) -> float | None:
        """What was noted last, None for nothing yet."""
        async with self._database.read() as connection:
            found = await connection.execute(
                select(t.cabins.c.used_mb).where(t.cabins.c.id == cabin_id)
            )
            return found.scalar_one_or_none()

    async def finish_delete(self, tenant_id: str, *, seen: str = "") -> None:
        """The tenant is gone: its slug is free, secrets, status and own data are removed, its
        credentials are worth nothing, its cabin is kept or erased as it was asked for. seen: the
        deletion that was carried out ("keep" or "erase"); where another one is asked for by now,
        nothing changes. Again: changes nothing."""
        async with self._database.write() as connection:
            found = await connection.execute(
                select(t.tenants.c.slug, t.tenants.c.deleting).where(
                    t.tenants.c.id == tenant_id, t.tenants.c.gone_at == 0
                )
            )
            row = found.first()
            if row is None:
                return
            if not row.deleting:
                raise NotFound(f"nobody asked to delete the tenant {row.slug}")
            if seen and row.deleting != seen:
                return
            now = self._clock()
            await let_go_of_cabin(connection, tenant_id, row.deleting, now)
            await let_go_of_tenant(connection, tenant_id, now)
            said = {"tenant": row.slug, "phase": "gone", "data": row.deleting}
            await changes.record(connection, now, "tenant", tenant_id, said)
            await changes.touch(connection)

    async def finish_erase(self, cabin_id: str) -> None:
        """The data of a cabin of `Desired.erased` is gone; its disk space is free again."""
        async with self._database.write() as connection:
            await connection.execute(
                update(t.cabins)
                .where(t.cabins.c.id == cabin_id, t.cabins.c.state == "erased")
                .values(erased_at=self._clock())
            )
            await copies.forget(connection, cabin_id)

    async def carry_on(
        self, deployment: str, seen: Mapping[str, Seen], log: tuple[str, ...] = ()
    ) -> bool:
        """Takes a roll-out's next step, by what was seen of the tenants. log: the last lines of
        who failed, if it stops now. Whether anything changed."""
        async with self._database.write() as connection:
            found = await rollouts.going_on(connection, t.deployments.c.id == deployment)
            if not found:
                return False
            after = await rollout_steps.carry_on(
                connection, self._parsed, found[0], seen, log, self._clock()
            )
            return after != found[0]

    async def move_copies_on(self, moved: Sequence[tuple[CopyRecord, str]]) -> None:
        """Each to the state that it was seen to have reached, "" for gone."""
        async with self._database.write() as connection:
            for copy, state in moved:
                await copies.move_on(connection, copy, state, self._clock())
            await changes.touch(connection)

    async def unpinned_revisions(self) -> tuple[RevisionRecord, ...]:
        """Those whose images nobody has resolved yet, oldest first."""
        async with self._database.read() as connection:
            found = await connection.execute(
                select(*rows.REVISION)
                .where(t.revisions.c.pinned.is_(False))
                .order_by(t.revisions.c.id)
            )
            return tuple(map(rows.revision, found))

    async def pin_revision(self, revision_id: int, images: Mapping[str, Any]) -> None:
        """images: reference -> {"id": image id, "command": [argv]}. Pinned once: a second
        call changes nothing, for a revision never changes."""
        async with self._database.write() as connection:
            done = await connection.execute(
                update(t.revisions)
                .where(t.revisions.c.id == revision_id, t.revisions.c.pinned.is_(False))
                .values(images=dict(images), pinned=True, not_here=False, unfit="")
                .returning(t.revisions.c.id)
            )
            if done.first() is not None:
                await changes.touch(connection)

    async def miss_images(self, revision_id: int, unfit: str = "") -> bool:
        """Notes that an image of this revision is not on the machine, or why one that is cannot
        run: its tenants wait for somebody. Whether that is news."""
        async with self._database.write() as connection:
            is_news = (
                (t.revisions.c.id == revision_id)
                & t.revisions.c.pinned.is_(False)
                & (t.revisions.c.not_here.is_(False) | (t.revisions.c.unfit != unfit))
            )
            done = await connection.execute(
                update(t.revisions)
                .where(is_news)
                .values(not_here=True, unfit=unfit)
                .returning(t.revisions.c.id)
            )
            if done.first() is None:
                return False
            await changes.touch(connection)
            return True

    async def set_capacity(self, memory_mb: int, disk_mb: int, slots: int) -> None:
        """What may be promised to all cabins together: reserve taken off and overcommit applied
        by the caller, who measured the machine."""
        async with self._database.write() as connection:
            await connection.execute(delete(t.capacity))
            await connection.execute(
                insert(t.capacity).values(id=1, memory_mb=memory_mb, disk_mb=disk_mb, slots=slots)
            )

    async def use_ticket(self, jti: str, expires: float) -> bool:
        """True for the one caller who may use it, False for everybody after."""
        async with self._database.write() as connection:
            known = await connection.execute(select(t.tickets.c.jti).where(t.tickets.c.jti == jti))
            if known.first() is not None:
                return False
            await connection.execute(insert(t.tickets).values(jti=jti, expires=expires))
            return True

    async def cabin(self, tenant_id: str) -> CabinRecord:
        """The tenant's cabin with its sealed credentials:
        `Opener.open(cabin.id, API_TOKEN, cabin.sealed_token)`. Raises NotFound."""
        async with self._database.read() as connection:
            found = await connection.execute(
                select(*rows.CABIN).where(
                    t.cabins.c.tenant == tenant_id, t.cabins.c.state == "assigned"
                )
            )
            row = found.first()
        if row is None:
            raise NotFound("there is no such tenant")
        return rows.cabin(row)

    async def prune(self) -> None:
        """Forgets what is too old to matter: failures, events, used tickets, remembered answers,
        sessions that ended, messages that were given up, roll-outs."""
        async with self._database.write() as connection:
            now = self._clock()
            await _forget_events(connection, now)
            await failures.forget_old(connection, now)
            await connection.execute(delete(t.tickets).where(t.tickets.c.expires < now - 60))
            await connection.execute(
                delete(t.idempotency).where(t.idempotency.c.created_at < now - REMEMBERED_SECONDS)
            )
            await sessions.forget_ended(connection, now)
            await rollouts.forget(connection, now - KEEP_ROLLOUTS_SECONDS)
            await webhook_outbox.forget_dead(connection, now)


async def _forget_events(connection: AsyncConnection, now: float) -> None:
    place = func.row_number().over(
        partition_by=(t.events.c.tenant, t.events.c.kind), order_by=t.events.c.id.desc()
    )
    ranked = select(t.events.c.id, place.label("place")).where(t.events.c.tenant != "").subquery()
    many = select(ranked.c.id).where(ranked.c.place > KEEP_EVENTS_OF_ONE)
    # Ids of one are a part of all, so everybody's are counted after, and as rows: ids have gaps.
    beyond = select(t.events.c.id).order_by(t.events.c.id.desc()).offset(KEEP_EVENTS).limit(1)
    newest = await lookups.last_event(connection)
    for old in (
        t.events.c.at < now - KEEP_EVENTS_SECONDS,
        t.events.c.id.in_(many),
        t.events.c.id <= beyond.scalar_subquery(),
    ):
        # The newest stays: `Events.last_id` never goes back.
        await connection.execute(delete(t.events).where(old, t.events.c.id != newest))


async def _live_slugs(connection: AsyncConnection, ids: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for start in range(0, len(ids), 500):  # Databases bound how many parameters a query has.
        rows_ = await connection.execute(
            select(t.tenants.c.id, t.tenants.c.slug).where(
                t.tenants.c.id.in_(ids[start : start + 500]), t.tenants.c.gone_at == 0
            )
        )
        found |= {row[0]: row[1] for row in rows_}
    return found


def _status_row(record: StatusRecord) -> dict[str, Any]:
    return {
        "tenant": record.tenant,
        "phase": str(record.phase),
        "since": record.since,
        "reason": record.reason,
        "waiting": list(record.waiting),
        "applied_generation": record.applied_generation,
        "running_revision": record.running_revision,
        "seen_generation": record.seen_generation,
        "blocked": record.blocked,
        "reached": record.reached,
    }


def _event_row(at: float, record: StatusRecord, slug: str) -> dict[str, Any]:
    said = {
        "tenant": slug,
        "phase": str(record.phase),
        "reason": record.reason,
        "waiting": list(record.waiting),
        "since": record.since,
        "applied_generation": record.applied_generation,
        "blocked": record.blocked,
        "reached": record.reached,
    }
    return {"at": at, "kind": "tenant", "tenant": record.tenant, "data": said}

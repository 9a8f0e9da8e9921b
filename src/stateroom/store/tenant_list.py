"""Tenants as lists: a page at a time, searched and filtered, and counted by phase.

A page costs the same for a hundred tenants as for ten thousand: the order is that of an index, and
what the indexes are partial by stands in the SQL itself. A bound value would not do: SQLite cannot
know that it is the index's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, or_, select

from stateroom.store import rows
from stateroom.store import tables as t
from stateroom.store.database import Database
from stateroom.store.records import TenantView

PHASES = (
    "provisioning", "starting", "ready", "degraded", "asleep", "waking", "suspended", "failed",
    "deleting",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filter:
    """"" and 0: whichever. phase: as people are shown it. revision: the one that the tenant
    should run. search: a part of its slug or name, in small or capital letters."""

    phase: str = ""
    blueprint: str = ""
    revision: int = 0
    search: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """next, previous: the slug behind which, or before which, there is more; "" for no more.
    total: of all pages."""

    items: tuple[TenantView, ...]
    next: str
    previous: str
    total: int


class TenantList:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, limit: int, wanted: Filter = Filter(), after: str = "", before: str = ""
    ) -> Page:
        """By slug: the first `limit` behind `after`, or the last `limit` before `before`."""
        some = _where(_VIEWS, wanted)
        if before:
            query = some.where(t.tenants.c.slug < before).order_by(t.tenants.c.slug.desc())
        else:
            query = some.where(t.tenants.c.slug > after).order_by(t.tenants.c.slug)
        async with self._database.read() as connection:
            found = [_view(row) for row in await connection.execute(query.limit(limit + 1))]
            total = (await connection.execute(_count(wanted))).scalar_one()
        more, items = len(found) > limit, found[:limit]
        if before:
            items.reverse()
        # Where somebody came from there was something, and it may well be there still.
        behind, ahead = (bool(before), more) if before else (more, bool(after))
        return Page(
            tuple(items),
            items[-1].tenant.slug if items and behind else "",
            items[0].tenant.slug if items and ahead else "",
            total,
        )

    async def phases(self) -> dict[str, int]:
        """How many tenants are in each phase; phases without any are left out."""
        query = (
            select(_SHOWN_PHASE, func.count())
            .select_from(_WITH_STATUS)
            .where(_LIVE)
            .group_by(_SHOWN_PHASE)
        )
        async with self._database.read() as connection:
            return {str(row[0]): int(row[1]) for row in await connection.execute(query)}


def _sql(value: object) -> ColumnElement[Any]:
    return literal(value, literal_execute=True)


_LIVE = t.tenants.c.gone_at == _sql(0)
_WITH_STATUS = t.tenants.outerjoin(t.status, t.status.c.tenant == t.tenants.c.id)
_VIEWS = (
    select(*rows.TENANT, *rows.CABIN, *rows.REVISION, *rows.STATUS)
    .select_from(
        _WITH_STATUS.join(
            t.cabins,
            and_(t.cabins.c.tenant == t.tenants.c.id, t.cabins.c.state == _sql("assigned")),
        ).join(
            t.revisions,
            and_(
                t.revisions.c.blueprint == t.tenants.c.blueprint,
                t.revisions.c.number == t.tenants.c.revision,
            ),
        )
    )
    .where(_LIVE)
)
_SHOWN_PHASE = case(
    (t.tenants.c.deleting != "", "deleting"),
    (t.status.c.phase.is_(None), "provisioning"),
    (
        and_(
            t.status.c.phase.in_(("ready", "asleep")),
            t.status.c.applied_generation < t.tenants.c.generation,
        ),
        "starting",
    ),
    else_=t.status.c.phase,
)
"""The same rule as `api/present.py`: ready means that the last generation is applied."""


def _count(wanted: Filter) -> Select[Any]:
    """Only what is asked for is joined: without a phase the index alone gives the number."""
    source = _WITH_STATUS if wanted.phase else t.tenants
    return _where(select(func.count()).select_from(source).where(_LIVE), wanted)


def _where(query: Select[Any], wanted: Filter) -> Select[Any]:
    if wanted.phase:
        query = query.where(_SHOWN_PHASE.in_((wanted.phase,)))
    if wanted.blueprint:
        query = query.where(t.tenants.c.blueprint == wanted.blueprint)
    if wanted.revision:
        query = query.where(t.tenants.c.revision == wanted.revision)
    if wanted.search:
        query = query.where(
            or_(
                t.tenants.c.slug.icontains(wanted.search, autoescape=True),
                t.tenants.c.name.icontains(wanted.search, autoescape=True),
            )
        )
    return query


def _view(row: rows.Row) -> TenantView:
    at = 0
    parts = []
    for columns in (rows.TENANT, rows.CABIN, rows.REVISION, rows.STATUS):
        parts.append(row[at : at + len(columns)])
        at += len(columns)
    status = rows.status(parts[3]) if parts[3][0] is not None else None
    return TenantView(rows.tenant(parts[0]), rows.cabin(parts[1]), rows.revision(parts[2]), status)

"""Blueprints and their revisions. A revision never changes what it means; where the boxes stand
on the canvas (`layout`) is no meaning, and is kept with the newest revision."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func, insert, select, update

from stateroom.domain.blueprint import digest, meaning, parse
from stateroom.domain.pointer import pointer
from stateroom.errors import Invalid, Moved, NotFound, Problem
from stateroom.store import lookups, rows
from stateroom.store import tables as t
from stateroom.store.changes import record, touch
from stateroom.store.database import Database
from stateroom.store.lookups import Expected
from stateroom.store.records import BlueprintRecord, RevisionRecord


@dataclass(frozen=True, slots=True)
class Put:
    """created: whether the document meant something new."""

    revision: RevisionRecord
    created: bool


class Blueprints:
    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    async def all(self) -> tuple[BlueprintRecord, ...]:
        """By name."""
        newest = (
            select(t.revisions.c.blueprint, func.max(t.revisions.c.number).label("number"))
            .group_by(t.revisions.c.blueprint)
            .subquery()
        )
        query = (
            select(t.blueprints.c.name, t.blueprints.c.deployed, t.blueprints.c.created_at)
            .add_columns(*rows.REVISION)
            .join(newest, newest.c.blueprint == t.blueprints.c.name)
            .join(
                t.revisions,
                (t.revisions.c.blueprint == newest.c.blueprint)
                & (t.revisions.c.number == newest.c.number),
            )
            .order_by(t.blueprints.c.name)
        )
        async with self._database.read() as connection:
            found = (await connection.execute(query)).all()
        return tuple(
            BlueprintRecord(row[0], row[1], row[2], rows.revision(row[3:])) for row in found
        )

    async def get(self, name: str) -> BlueprintRecord:
        """Raises NotFound."""
        found = next((b for b in await self.all() if b.name == name), None)
        if found is None:
            raise NotFound("there is no such blueprint; `stateroom blueprints list` names them")
        return found

    async def revisions(self, name: str) -> tuple[RevisionRecord, ...]:
        """Newest first. Raises NotFound for an unknown blueprint."""
        await self.get(name)
        async with self._database.read() as connection:
            found = await connection.execute(
                select(*rows.REVISION)
                .where(t.revisions.c.blueprint == name)
                .order_by(t.revisions.c.number.desc())
            )
            return tuple(map(rows.revision, found))

    async def revision(self, name: str, number: int) -> RevisionRecord:
        """Raises NotFound."""
        await self.get(name)
        async with self._database.read() as connection:
            return await lookups.revision(connection, name, number)

    async def put(
        self,
        name: str,
        document: object,
        layout: Mapping[str, Any] | None = None,
        expected: Expected = None,
    ) -> Put:
        """The document is the newest revision afterwards: a new one if it means something new.
        layout None: as it was. expected: the newest revision's number as the caller saw it.
        Raises Invalid with every problem, Moved."""
        blueprint = parse(document)
        if blueprint.name != name:
            raise Invalid([misnamed(name, blueprint.name)])
        mark = digest(blueprint)
        async with self._database.write() as connection:
            newest = await lookups.newest_revision(connection, name)
            number = newest.number if newest else 0
            if expected is not None and number not in expected:
                raise Moved(
                    f"the newest revision of {name} is {number or 'not there yet'}, not"
                    f" {lookups.either(expected)}; read it again and repeat your change"
                )
            if newest is not None and newest.digest == mark:
                if layout is None or layout == newest.layout:
                    return Put(newest, created=False)
                await connection.execute(
                    update(t.revisions)
                    .where(t.revisions.c.id == newest.id)
                    .values(layout=dict(layout))
                )
                return Put(replace(newest, layout=layout), created=False)
            now = self._clock()
            if newest is None:
                await connection.execute(
                    insert(t.blueprints).values(name=name, deployed=0, created_at=now)
                )
            kept_layout = newest.layout if newest else {}
            await connection.execute(
                insert(t.revisions).values(
                    blueprint=name,
                    number=number + 1,
                    document=meaning(blueprint),
                    layout=dict(kept_layout if layout is None else layout),
                    digest=mark,
                    created_at=now,
                    images={},
                    pinned=False,
                    not_here=False,
                )
            )
            await touch(connection)
            said = {"blueprint": name, "revision": number + 1, "change": "revision"}
            await record(connection, now, "deployment", "", said)
            return Put(await lookups.revision(connection, name, number + 1), created=True)


def misnamed(path: str, inside: str) -> Problem:
    return Problem(
        pointer("name"),
        "other_name",
        f"The document is called {inside}, the address {path}.",
        "Use one name for both.",
    )

"""Whose database this is, and that one steward alone works on it.

A database belongs to the installation whose key its secrets are sealed with: the first steward
writes down a number that follows from the public key. So an address with a typo in it leads to a
sentence, not to an empty database in whose name every tenant would be taken down.

A steward holds a lock of the database's own while it runs: the lock in its home says nothing to
a copy of that home on another machine.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from stateroom.errors import Away, Permanent
from stateroom.store import tables as t
from stateroom.store.database import Database

log = logging.getLogger(__name__)

OWNER = "owner"
STEWARD_LOCK = 0x57A7F
TRY_SECONDS = 10.0
"""For a steward that was killed to be noticed by the server."""
LOOK_SECONDS = 5.0


async def claim(database: Database, public_key: bytes, mark: Path) -> None:
    """The database is this installation's afterwards. mark: a file of the installation's that says
    that it has had a database. Raises Permanent with what to do."""
    async with database.write() as connection:
        found = await _owner(connection)
        _must_be_ours(database, found, public_key, mark)
        if found is None:
            await connection.execute(
                insert(t.counters).values(name=OWNER, value=_number(public_key))
            )
    # After the commit: a crash between the two finds the row, and that is enough.
    mark.touch()


async def must_be_ours(database: Database, public_key: bytes, mark: Path) -> None:
    """The same question, and nothing is written. The schema is there."""
    async with database.read() as connection:
        _must_be_ours(database, await _owner(connection), public_key, mark)


def must_be_first(database: Database, mark: Path) -> None:
    """Of a database without a schema: nobody's, and nobody's may be taken only once."""
    _must_be_ours(database, None, b"", mark)


def _must_be_ours(database: Database, found: int | None, public_key: bytes, mark: Path) -> None:
    if found is None and mark.exists():
        raise Permanent(
            f"this installation has had another database than {database.address.shown}, which is"
            " empty. Correct STATEROOM_DATABASE or the setting `database`; if the former database"
            f" is lost and this one is to be used, remove {mark} first"
        )
    if found is not None and found != _number(public_key):
        raise Permanent(
            f"the {database.address.shown} belongs to another installation of Stateroom; give"
            " this one a database of its own"
        )


async def _owner(connection: AsyncConnection) -> int | None:
    found = await connection.execute(select(t.counters.c.value).where(t.counters.c.name == OWNER))
    return found.scalar_one_or_none()


def _number(public_key: bytes) -> int:
    return int.from_bytes(hashlib.sha256(public_key).digest()[:8], "big") >> 1


class Hold:
    """The lock of a steward that runs."""

    def __init__(self, connection: AsyncConnection | None) -> None:
        self._connection = connection

    async def run(self) -> None:
        """For as long as it is held; raises Away when it is lost, for then another steward may
        have it."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if self._connection is None:
                continue
            try:
                await self._connection.execute(text("SELECT 1"))
            except Exception as error:
                raise Away("the connection that kept other stewards away is lost") from error


@asynccontextmanager
async def only_steward(database: Database) -> AsyncIterator[Hold]:
    """Raises Permanent when another steward works on the database. A file needs none of this: it
    lies in the home, whose lock it is."""
    if database.address.sqlite:
        yield Hold(None)
        return
    async with database.session() as connection:
        end = asyncio.get_running_loop().time() + TRY_SECONDS
        while not await _locked(connection):
            if asyncio.get_running_loop().time() > end:
                raise Permanent(
                    f"another steward works on the {database.address.shown}: there is one for a"
                    " database; is there a copy of this home on another machine?"
                )
            await asyncio.sleep(0.2)
        yield Hold(connection)


async def _locked(connection: AsyncConnection) -> bool:
    found = await connection.execute(text("SELECT pg_try_advisory_lock(:n)"), {"n": STEWARD_LOCK})
    return bool(found.scalar_one())

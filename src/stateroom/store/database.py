"""The database: one place that knows how a transaction begins and what its errors mean.

Two kinds of transaction, and no other way in:
  read()   one consistent snapshot of everything that is read inside
  write()  alone: nobody else writes between its first read and its commit

On SQLite, write() begins IMMEDIATE (a deferred one that reads first fails at once when another
process writes meanwhile). On PostgreSQL the same promise is kept by an advisory lock and by
REPEATABLE READ for readers. Writers of this process queue at a lock of ours, in order, instead of
sleeping in the database; other processes wait there.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from stateroom.errors import Away, StateroomError
from stateroom.store.address import Address
from stateroom.store.sqlite import Sqlite

WAIT_SECONDS = 15
"""For one of our connections to be free: more than a slow writer takes."""

_READER = "stateroom_reader"
"""Under this name a connection keeps who has read by it since it was made or last wrote."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A state of the database. Two that are equal are the same state; two that differ need not be
    different ones."""

    reader: object
    version: object


class Dialect(Protocol):
    """What differs between the two databases."""

    def engine(self, **common: Any) -> AsyncEngine: ...

    async def open(self) -> None:
        """Before a connection is wanted; again: changes nothing."""

    async def close(self) -> None: ...

    async def for_reading(self, connection: AsyncConnection) -> None:
        """Options of a transaction that has not begun."""

    async def for_writing(self, connection: AsyncConnection) -> None:
        """The same."""

    async def alone(self, connection: AsyncConnection) -> None:
        """First statement of a writer: afterwards there is no other."""

    async def version(self, connection: AsyncConnection) -> object:
        """Of the snapshot that a reader has: another one once somebody else has committed. Only
        versions that the same connection told can be compared."""

    def meaning(self, error: DBAPIError) -> StateroomError | None:
        """None for what is a bug."""


class Database:
    """Connections to one database. url: as `Address.of` takes it. relay: a Unix socket that
    leads to the server, for a process without a network. Raises ValueError for a wrong URL, Away
    for a file that cannot be used."""

    def __init__(self, url: str, relay: Path | None = None) -> None:
        self._url = url
        self.relay = relay
        self.address = Address.of(url)
        self._dialect = _dialect(self.address, relay)
        self._turn = asyncio.Lock()
        self._engine = self._dialect.engine(
            pool_size=3,
            max_overflow=2,
            pool_timeout=WAIT_SECONDS,
            # Who reads again and again has the same connection: see `moment`.
            pool_use_lifo=True,
            # An error of the database must not show what was to be written.
            hide_parameters=True,
            json_serializer=partial(json.dumps, ensure_ascii=False, separators=(",", ":")),
            json_deserializer=_decoded,
        )

    def reveal_url(self) -> str:
        """With the password, for a process of ours."""
        return self._url

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """One snapshot. Raises Away when the database does not answer."""
        with self._meaning():
            await self._dialect.open()
            async with self._engine.connect() as connection:
                await self._dialect.for_reading(connection)
                async with connection.begin():
                    yield connection

    async def moment(self, connection: AsyncConnection) -> Moment:
        """Of the snapshot that `read` gave: who has read all of one moment need not read it again
        while it lasts. The database tells what others committed and not what this connection
        did, so a connection that wrote begins anew."""
        reader = connection.info.setdefault(_READER, object())
        return Moment(reader, await self._dialect.version(connection))

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Committed at the end, rolled back by an exception. Raises Away when another writer
        does not finish, NoCapacity when the disk below the database is full."""
        with self._meaning():
            await self._dialect.open()
            async with self._turn, self._engine.connect() as connection:
                await self._dialect.for_writing(connection)
                connection.info.pop(_READER, None)
                async with connection.begin():
                    await self._dialect.alone(connection)
                    yield connection

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncConnection]:
        """A connection for as long as it is wanted, each statement by itself: for a lock that is
        held longer than a transaction. Raises Away."""
        with self._meaning():
            await self._dialect.open()
            async with self._engine.connect() as connection:
                await connection.execution_options(isolation_level="AUTOCOMMIT")
                try:
                    yield connection
                finally:
                    # Whoever got it next would have what is still held.
                    await connection.invalidate()

    async def close(self) -> None:
        await self._engine.dispose()
        await self._dialect.close()

    @contextmanager
    def _meaning(self) -> Iterator[None]:
        """Turns the database's own errors into ours; those that are bugs pass as they are."""
        try:
            yield
        except PoolTimeout as error:
            raise Away("the database is busy; try again in a moment") from error
        except DBAPIError as error:
            meant = self._dialect.meaning(error)
            if meant is None:
                raise
            raise meant from error


def _dialect(address: Address, relay: Path | None) -> Dialect:
    if address.sqlite:
        return Sqlite(address.sqlite)
    from stateroom.store.postgresql import Postgresql

    return Postgresql(address, relay)


def _decoded(text: str | bytes) -> Any:
    """Most documents of most rows are empty, and a pass of the steward reads them all. One
    database gives text, the other bytes."""
    if text in ("{}", b"{}"):
        return {}
    return [] if text in ("[]", b"[]") else json.loads(text)

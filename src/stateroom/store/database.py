"""The database: one place that knows how a transaction begins and what its errors mean.

Two kinds of transaction, and no other way in:
  read()   one consistent snapshot of everything that is read inside
  write()  alone: nobody else writes between its first read and its commit

On SQLite, write() begins IMMEDIATE (a deferred one that reads first fails at once when another
process writes meanwhile). Writers of this process queue at a lock of ours, in order, instead of
sleeping in SQLite's busy handler; other processes wait there. On PostgreSQL the same promise is
kept by an advisory lock and by REPEATABLE READ for readers.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from stateroom.errors import Away, NoCapacity

BUSY_SECONDS = 10
_WRITER_LOCK = 0x57A7E
"""Number of PostgreSQL's advisory lock that writers take."""


class Database:
    """Connections to one database; `url` as SQLAlchemy writes it (an async driver)."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._sqlite = make_url(url).get_backend_name() == "sqlite"
        self._turn = asyncio.Lock()
        if self._sqlite:
            prepare_file(_sqlite_path(url))
        self._engine = create_async_engine(
            url,
            pool_size=3,
            max_overflow=2,
            # An error of the database must not show what was to be written.
            hide_parameters=True,
            json_serializer=partial(json.dumps, ensure_ascii=False, separators=(",", ":")),
            json_deserializer=_decoded,
        )
        if self._sqlite:
            event.listen(self._engine.sync_engine, "connect", _configure_sqlite)
            event.listen(self._engine.sync_engine, "begin", _begin_sqlite)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """One snapshot. Raises Away when the database does not answer."""
        with _meaning():
            async with self._engine.connect() as connection:
                if not self._sqlite:
                    await connection.execution_options(isolation_level="REPEATABLE READ")
                async with connection.begin():
                    yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Committed at the end, rolled back by an exception. Raises Away when another writer
        does not finish, NoCapacity when the disk below the database is full."""
        with _meaning():
            async with self._turn, self._engine.connect() as connection:
                await connection.execution_options(stateroom_begin="IMMEDIATE")
                async with connection.begin():
                    if not self._sqlite:
                        await connection.execute(
                            text("SELECT pg_advisory_xact_lock(:n)"), {"n": _WRITER_LOCK}
                        )
                    yield connection

    async def close(self) -> None:
        await self._engine.dispose()


def _decoded(text: str) -> Any:
    """Most documents of most rows are empty, and a pass of the steward reads them all."""
    if text == "{}":
        return {}
    return [] if text == "[]" else json.loads(text)


def prepare_file(path: Path) -> None:
    """The database file exists afterwards, in WAL mode, and may be written by its group: api and
    steward have different uids. SQLite gives its two side files the same mode. The lock keeps
    two first starts apart, since the change to WAL does not wait for anybody."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = _open_shared(path.with_name(path.name + ".lock"))
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            os.close(_open_shared(path))
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS)
        try:
            if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                connection.execute("PRAGMA journal_mode=WAL")
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise Away(
            f"the database {path} cannot be used ({error}); see that it is a file of Stateroom's"
            " and that its folder can be written"
        ) from error
    finally:
        os.close(lock)


def _open_shared(path: Path) -> int:
    """Opens or creates a file that the group may write whatever the umask says."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o660)
    if os.fstat(descriptor).st_uid == os.geteuid():
        os.fchmod(descriptor, 0o660)
    return descriptor


def _sqlite_path(url: str) -> Path:
    name = make_url(url).database
    if not name or name == ":memory:":
        raise ValueError("the database must be a file: sqlite+aiosqlite:////path/to/file")
    return Path(name)


def _configure_sqlite(connection: Any, _record: object) -> None:
    """FULL: what was answered with 202 survives a power cut, too; a cabin's number is then never
    given twice. The driver's own BEGIN is switched off: `_begin_sqlite` says how."""
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    how = connection.get_execution_options().get("stateroom_begin", "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {how}")


@contextmanager
def _meaning() -> Iterator[None]:
    """Turns the database's own errors into ours; those that are bugs pass as they are."""
    try:
        yield
    except DBAPIError as error:
        said = str(error.orig).lower()
        if "locked" in said or "busy" in said:
            raise Away("the database is busy; try again in a moment") from error
        if "is full" in said:
            raise NoCapacity(
                "the disk that holds Stateroom's database is full; free some space and repeat"
            ) from error
        if error.connection_invalidated or "unable to open" in said or "readonly" in said:
            raise Away(
                "the database cannot be used just now; see that its file and folder can be"
                " written by Stateroom"
            ) from error
        raise

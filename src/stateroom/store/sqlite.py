"""SQLite's part of the two transactions, and of what its errors mean."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from stateroom.errors import Away, NoCapacity, StateroomError

BUSY_SECONDS = 10


class Sqlite:
    """A file that api and steward both open; made where it is missing."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        prepare_file(self._path)

    def engine(self, **common: Any) -> AsyncEngine:
        made = create_async_engine(f"sqlite+aiosqlite:///{self._path}", **common)
        event.listen(made.sync_engine, "connect", _configure)
        event.listen(made.sync_engine, "begin", _begin)
        return made

    async def open(self) -> None:
        """Nothing stands between us and a file."""

    async def close(self) -> None:
        """The same."""

    async def for_reading(self, connection: AsyncConnection) -> None:
        """A deferred transaction is one snapshot from its first read on."""

    async def for_writing(self, connection: AsyncConnection) -> None:
        await connection.execution_options(stateroom_begin="IMMEDIATE")

    async def alone(self, connection: AsyncConnection) -> None:
        """IMMEDIATE was it."""

    async def version(self, connection: AsyncConnection) -> object:
        """A counter of the file, which also whoever writes to it by hand raises."""
        return (await connection.exec_driver_sql("PRAGMA data_version")).scalar_one()

    def meaning(self, error: DBAPIError) -> StateroomError | None:
        said = str(error.orig).lower()
        if "locked" in said or "busy" in said:
            return Away("the database is busy; try again in a moment")
        if "is full" in said:
            return NoCapacity(
                "the disk that holds Stateroom's database is full; free some space and repeat"
            )
        if error.connection_invalidated or "unable to open" in said or "readonly" in said:
            return Away(
                "the database cannot be used just now; see that its file and folder can be"
                " written by Stateroom"
            )
        return None


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


def _configure(connection: Any, _record: object) -> None:
    """FULL: what was answered with 202 survives a power cut, too; a cabin's number is then never
    given twice. The driver's own BEGIN is switched off: `_begin` says how. Its own lower() knows
    ASCII alone."""
    connection.isolation_level = None
    connection.create_function("lower", 1, _lower, deterministic=True)
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


def _lower(text: str | None) -> str | None:
    return text if text is None else text.lower()


def _begin(connection: Connection) -> None:
    how = connection.get_execution_options().get("stateroom_begin", "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {how}")

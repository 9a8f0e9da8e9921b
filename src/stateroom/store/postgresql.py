"""PostgreSQL's part of the two transactions, and of what its errors mean.

Writers take one advisory lock first, so each sees all that was committed before it and nobody
writes beside it: what BEGIN IMMEDIATE is on SQLite. Events then become visible in the order of
their ids, which those who resume by id rely on. Readers have REPEATABLE READ: one snapshot.

The driver is imported where this module is used, and this module only where a URL asks for it:
an installation on SQLite does not pay its 13 MiB a process.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from pathlib import Path
from typing import Any

from psycopg import InterfaceError, OperationalError
from psycopg.types.string import StrDumper
from sqlalchemy import URL, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from stateroom.errors import Away, NoCapacity, StateroomError
from stateroom.relay import Relay
from stateroom.store.address import Address

log = logging.getLogger(__name__)

BUSY_SECONDS = 10
CONNECT_SECONDS = 5
IDLE_SECONDS = 60
"""How long a writer whose machine vanished may keep the others waiting."""
WRITER_LOCK = 0x57A7E
"""Number of the advisory lock that writers take; such locks are a database's own."""

_LOOPBACK = "127.0.0.1"
_BUSY = ("40001", "40P01", "55P03")  # serialization, deadlock, lock not available
_FULL = ("53100",)
_AWAY = (
    "08",  # connection exceptions
    "25006",  # read only: a standby, or a server that is being moved
    "25P03",  # idle in transaction for too long
    "28",  # the password, or pg_hba.conf
    "3D000",  # no such database
    "53",  # too many connections, out of memory
    "57P",  # shutdown, crash, starting up
)


class Postgresql:
    """relay: a Unix socket that leads to the server's port, for whoever has no network."""

    def __init__(self, address: Address, relay: Path | None = None) -> None:
        self._address = address
        self._line: Relay | None = None
        self._hop: tuple[str, int] | None = None
        if relay is not None and address.host:
            listener = socket.create_server((_LOOPBACK, 0))
            self._hop = (_LOOPBACK, int(listener.getsockname()[1]))
            self._line = Relay(listener, lambda: asyncio.open_unix_connection(relay))

    def engine(self, **common: Any) -> AsyncEngine:
        made = create_async_engine(
            self._url(),
            connect_args=self._arguments(),
            # After a restart of the server every connection of the pool is a dead one.
            pool_pre_ping=True,
            use_native_hstore=False,
            **common,
        )
        event.listen(made.sync_engine, "connect", _configure)
        return made

    def _url(self) -> URL:
        address = self._address
        return URL.create(
            "postgresql+psycopg",
            username=address.user,
            password=address.password or None,
            # host is what the certificate must be for, also where `hostaddr` leads elsewhere.
            host=address.host or address.folder,
            port=address.port,
            database=address.name,
        )

    def _arguments(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "connect_timeout": CONNECT_SECONDS,
            "application_name": "stateroom",
            "client_encoding": "utf8",
            "keepalives_idle": 30,
            "tcp_user_timeout": 30_000,
            "options": f"-c lock_timeout={BUSY_SECONDS}s"
            f" -c idle_in_transaction_session_timeout={IDLE_SECONDS}s",
            # The environment and the home of whoever starts us have no say.
            "passfile": "/dev/null",
            "gssencmode": "disable",
            **dict(self._address.options),
        }
        if self._hop is not None:
            found["hostaddr"], found["port"] = self._hop
        return found

    async def open(self) -> None:
        if self._line is not None:
            await self._line.start()

    async def close(self) -> None:
        if self._line is not None:
            await self._line.close()

    async def for_reading(self, connection: AsyncConnection) -> None:
        await connection.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )

    async def for_writing(self, connection: AsyncConnection) -> None:
        """A server may have another default, under which the lock would come too late: the
        snapshot of a stricter level is taken before it is waited for."""
        await connection.execution_options(isolation_level="READ COMMITTED")

    async def alone(self, connection: AsyncConnection) -> None:
        await connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": WRITER_LOCK})

    async def version(self, connection: AsyncConnection) -> object:
        """Which transactions a reader sees, its own snapshot being one for all it reads."""
        return (await connection.execute(text("SELECT pg_current_snapshot()::text"))).scalar_one()

    def meaning(self, error: DBAPIError) -> StateroomError | None:
        state = getattr(error.orig, "sqlstate", None)
        if state in _BUSY:
            return Away("the database is busy; try again in a moment")
        if state in _FULL:
            return NoCapacity(
                "the disk that holds Stateroom's database is full; free some space and repeat"
            )
        # An attempt to connect that fails has no state, only a sentence in the server's language.
        unreached = state is None and isinstance(error.orig, (OperationalError, InterfaceError))
        if error.connection_invalidated or unreached or str(state).startswith(_AWAY):
            log.warning("the database: %s", reason(error), extra={"action": "database_away"})
            return Away("the database does not answer; `stateroom doctor` says why")
        return None


class _Text(StrDumper):
    """PostgreSQL keeps every character but NUL. Nobody's name has one, so whoever asks for such a
    name finds nothing; and what an engine said is written down all the same."""

    def dump(self, obj: str) -> Any:
        return super().dump(obj.replace("\0", "\ufffd"))


def _configure(connection: Any, _record: object) -> None:
    connection.driver_connection.adapters.register_dumper(str, _Text)


def reason(error: DBAPIError) -> str:
    """The driver's own first lines; they name host and user, and never a password."""
    lines = [line.strip() for line in str(error.orig).splitlines()]
    return " ".join(line for line in lines if line)[:500]

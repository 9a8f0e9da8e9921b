"""Who is signed in to the console: one-time links, and sessions of browsers.

Only digests are kept: whoever reads the database can neither use a link nor a session. A session
ends twelve hours after it began whatever is done with it, when somebody signs out, and with the
admin key that it was signed in under.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Delete, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stateroom.store import tables as t
from stateroom.store.changes import record
from stateroom.store.database import Database
from stateroom.store.sealing import Redacted

LINK_SECONDS = 15 * 60
SESSION_SECONDS = 12 * 3600


@dataclass(frozen=True, slots=True)
class Link:
    """code: what the link carries; given out once, kept nowhere."""

    code: Redacted
    expires_at: float


@dataclass(frozen=True, slots=True)
class ConsoleSession:
    """token: the cookie's value; given out once, kept nowhere."""

    token: Redacted
    expires_at: float


class Sessions:
    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    async def new_link(self) -> Link:
        """Good once, for LINK_SECONDS."""
        code, now = secrets.token_urlsafe(32), self._clock()
        async with self._database.write() as connection:
            await forget_ended(connection, now)
            link = Link(Redacted(code), now + LINK_SECONDS)
            row = {"code_sha256": _digest(code), "expires_at": link.expires_at}
            await connection.execute(insert(t.session_links).values(row))
            await _note(connection, now, "session_link")
        return link

    async def enter_by_link(
        self, code: str, admin_mark: str, instead_of: str = ""
    ) -> ConsoleSession | None:
        """A session for the code of a link, which is used up by it; None where it is no good.
        instead_of: the token that this browser had until now; it is worth nothing afterwards."""
        now = self._clock()
        good = (t.session_links.c.code_sha256 == _digest(code)) & (
            t.session_links.c.expires_at > now
        )
        # Looked for first: a wrong code must not make the database write.
        async with self._database.read() as connection:
            known = await connection.execute(select(t.session_links.c.code_sha256).where(good))
            if known.first() is None:
                return None
        async with self._database.write() as connection:
            used = await connection.execute(
                delete(t.session_links).where(good).returning(t.session_links.c.code_sha256)
            )
            if used.first() is None:
                return None
            return await _begin(connection, now, admin_mark, instead_of)

    async def enter(self, admin_mark: str, instead_of: str = "") -> ConsoleSession:
        """A session for somebody who has shown the admin key."""
        async with self._database.write() as connection:
            return await _begin(connection, self._clock(), admin_mark, instead_of)

    async def expiry(self, token: str, admin_mark: str) -> float | None:
        """When the session with this token ends; None for one that is none, or no longer."""
        async with self._database.read() as connection:
            found = await connection.execute(
                select(t.sessions.c.expires_at).where(
                    t.sessions.c.token_sha256 == _digest(token),
                    t.sessions.c.admin_mark == admin_mark,
                    t.sessions.c.expires_at > self._clock(),
                )
            )
            return found.scalar_one_or_none()

    async def end(self, token: str) -> None:
        async with self._database.write() as connection:
            await connection.execute(_of(token))
            await _note(connection, self._clock(), "sign_out")


async def forget_ended(connection: AsyncConnection, now: float) -> None:
    """Links and sessions whose time is over."""
    for table in (t.session_links, t.sessions):
        await connection.execute(delete(table).where(table.c.expires_at <= now))


async def _begin(
    connection: AsyncConnection, now: float, admin_mark: str, instead_of: str
) -> ConsoleSession:
    await forget_ended(connection, now)
    if instead_of:
        await connection.execute(_of(instead_of))
    # Always a token of our own making: what a browser brought along is never taken up.
    token, expires_at = secrets.token_urlsafe(32), now + SESSION_SECONDS
    await connection.execute(
        insert(t.sessions).values(
            token_sha256=_digest(token), admin_mark=admin_mark, expires_at=expires_at
        )
    )
    await _note(connection, now, "sign_in")
    return ConsoleSession(Redacted(token), expires_at)


async def _note(connection: AsyncConnection, now: float, action: str) -> None:
    """For the audit log: who came and went can be seen there, a thief with a link included."""
    await record(connection, now, "audit", "", {"action": action})


def _of(token: str) -> Delete:
    return delete(t.sessions).where(t.sessions.c.token_sha256 == _digest(token))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()

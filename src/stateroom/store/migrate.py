"""Brings a database to the schema of this program, once, however many parts start together.

The write transaction is the lock: the second process waits for it, then finds the work done.
It runs in a process of its own, because nothing of Alembic is needed afterwards.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from stateroom.errors import Away, Permanent, StateroomError
from stateroom.store.database import Database
from stateroom.store.migrations import HEAD

log = logging.getLogger(__name__)

AWAIT_SECONDS = 1.0


async def ensure_schema(database: Database) -> None:
    """The schema is this program's afterwards. Raises Permanent, with what to do, when the
    database was made by a newer Stateroom or cannot be migrated."""
    if await current_version(database) == HEAD:
        return
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "stateroom.store.migrate",
        stdin=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    # The URL may hold a password, so it does not go into a command line.
    handed = {"url": database.reveal_url(), "relay": str(database.relay or "")}
    _, said = await process.communicate(json.dumps(handed).encode())
    if process.returncode != 0:
        last = said.decode(errors="replace").strip().splitlines()[-1:] or ["no message"]
        raise Permanent(f"the database could not be migrated: {last[0]}")


async def reach(database: Database) -> None:
    """The same, and a server that does not answer is waited for: after a reboot it may come up
    after us, and nobody could start us sooner than we find out."""
    while True:
        try:
            return await ensure_schema(database)
        except Away as error:
            log.warning("%s", error, extra={"action": "database_awaited"})
        await asyncio.sleep(AWAIT_SECONDS)


async def current_version(database: Database) -> str | None:
    """The schema's version, None in an empty database."""
    try:
        async with database.read() as connection:
            found = await connection.execute(text("SELECT version_num FROM alembic_version"))
            return found.scalar_one_or_none()
    except DBAPIError:
        return None


async def upgrade(database: Database, revision: str = "head") -> None:
    """Runs what is missing up to `revision`, in this process, in one transaction."""
    async with database.write() as connection:
        await connection.run_sync(_upgrade, revision)


def _upgrade(connection: Connection, revision: str) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, revision)
    except CommandError as error:
        raise Permanent(
            f"{error}. If a newer Stateroom made this database, start that one."
        ) from error


async def _main() -> None:
    handed = json.load(sys.stdin)
    database = Database(handed["url"], Path(handed["relay"]) if handed["relay"] else None)
    try:
        await upgrade(database)
    except StateroomError as error:
        sys.exit(error.message)
    except DBAPIError as error:
        # One line is told on, and the first is the one that says what it is about.
        sys.exit(str(error.orig).strip().splitlines()[0])
    finally:
        await database.close()


if __name__ == "__main__":
    asyncio.run(_main())

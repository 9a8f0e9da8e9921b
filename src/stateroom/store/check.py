"""`python -m stateroom.store.check`: can this part use the database, and is it the right one?

Run where a part runs, as its user, with its settings: what it finds is what the part would. It
only reads, and prints one line of JSON: ``{"wrong": SENTENCE}``, "" when all is well.
"""

from __future__ import annotations

import asyncio
import json
import sys

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from stateroom.errors import Permanent, StateroomError
from stateroom.layout import Layout
from stateroom.settings import Settings, load
from stateroom.store.claim import must_be_first, must_be_ours
from stateroom.store.database import Database
from stateroom.store.migrate import current_version
from stateroom.store.sealing import public_of


async def check(settings: Settings) -> str:
    """What is wrong, for people; "" for nothing. Never a password."""
    try:
        database = Database(settings.database_url, settings.relay)
    except (ValueError, StateroomError) as error:
        return str(error)
    try:
        await _look(database, Layout(settings.home))
    except (StateroomError, DBAPIError) as error:
        return _told(database, error)
    finally:
        await database.close()
    return ""


async def _look(database: Database, layout: Layout) -> None:
    mark = layout.database_mark
    if not database.address.sqlite:
        async with database.read() as connection:
            encoding = (await connection.execute(text("SHOW server_encoding"))).scalar_one()
            if encoding != "UTF8":
                raise Permanent(
                    f"the {database.address.shown} has the encoding {encoding}; create it with"
                    " ENCODING 'UTF8' TEMPLATE template0"
                )
    if await current_version(database) is None:
        must_be_first(database, mark)
        return
    # Half of the key is enough, and each part has its own half.
    private, public = layout.steward / "seal.key", layout.api / "seal.pub"
    key = public_of(private.read_bytes()) if private.is_file() else public.read_bytes()
    await must_be_ours(database, key, mark)


def _told(database: Database, error: Exception) -> str:
    cause = error if isinstance(error, DBAPIError) else error.__cause__
    if not isinstance(cause, DBAPIError):
        return str(error)
    said = " ".join(str(cause.orig).split())[:500]
    return f"{database.address.shown} cannot be used: {said}{_hint(said)}"


_HINTS = {
    "password authentication failed":
        "correct the password in STATEROOM_DATABASE, then `stateroom up`",
    "Peer authentication failed":
        "our parts are no users of the host: give the database's user a password and a line"
        " `local NAME USER scram-sha-256` in pg_hba.conf",
    "no pg_hba.conf entry":
        "add a line for this user, database and address to pg_hba.conf",
    "does not support SSL":
        "let the server speak TLS, or add ?sslmode=disable where nobody else can listen between",
    "does not exist": "create it first: docs/howto/postgresql.md",
    "permission denied for schema": "the user must own the database: docs/howto/postgresql.md",
    "refused": "is the server started, and is this where it listens?",
    "No such file": "is the server started, and is this where it listens?",
}  # fmt: skip
"""What to do about it, by what the server or the driver says; in another language, nothing."""


def _hint(said: str) -> str:
    found = next((hint for sign, hint in _HINTS.items() if sign.lower() in said.lower()), "")
    return f". {found[0].upper()}{found[1:]}" if found else ""


def main() -> None:
    try:
        wrong = asyncio.run(check(load()))
    except (OSError, ValueError) as error:
        wrong = str(error)
    sys.stdout.write(json.dumps({"wrong": wrong}) + "\n")


if __name__ == "__main__":
    main()

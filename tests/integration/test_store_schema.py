"""The schema: migrations make the tables of the code, once, and the files may be shared."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
from pathlib import Path

import pytest
from sqlalchemy import create_engine, insert, select, text

from stateroom.errors import Away, Permanent
from stateroom.store.database import Database
from stateroom.store.migrate import current_version, ensure_schema, upgrade
from stateroom.store.migrations import HEAD
from stateroom.store.tables import failures, metadata
from tests.integration.store_lab import lab, url


def _schema(path: Path) -> dict[str, list[str]]:
    """Every table and index with the parts of its SQL; their order means nothing."""
    with sqlite3.connect(path) as connection:
        found = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"
            " AND name NOT IN ('alembic_version', 'sqlite_sequence')"
        ).fetchall()
    connection.close()
    return {
        name: sorted(" ".join(sql.split()).removesuffix(" )").split(", ")) for name, sql in found
    }


async def test_migrations_make_the_tables_of_the_code(tmp_path: Path) -> None:
    """A database that was migrated and one made from the tables are the same, part by part."""
    database = Database(url(tmp_path / "migrated.db"))
    await upgrade(database)
    await database.close()
    engine = create_engine(f"sqlite:///{tmp_path / 'made.db'}")
    metadata.create_all(engine)
    engine.dispose()
    assert _schema(tmp_path / "migrated.db") == _schema(tmp_path / "made.db")


async def test_head_names_the_newest_migration(tmp_path: Path) -> None:
    """The constant that a start compares with is what migrating ends at."""
    database = Database(url(tmp_path / "x.db"))
    await upgrade(database)
    assert await current_version(database) == HEAD
    await database.close()


async def test_parts_that_start_together_migrate_once(tmp_path: Path) -> None:
    """Api and steward start on a home without a database: both come up, in any order."""
    databases = [Database(url(tmp_path / "x.db")) for _ in range(3)]
    await asyncio.gather(*(ensure_schema(database) for database in databases))
    for database in databases:
        assert await current_version(database) == HEAD
        await database.close()


async def test_migrating_again_keeps_what_is_there(tmp_path: Path) -> None:
    """The newest migration applied to a database with data in it changes none of it."""
    async with lab(tmp_path) as it:
        made = await it.tenant("acme")
        await upgrade(it.database)
        await ensure_schema(it.database)
        assert (await it.store.tenants.get("acme")).tenant == made.tenant


async def test_failures_outlive_the_change_of_their_key(tmp_path: Path) -> None:
    """What a database of before the key held is there after it, whole."""
    database = Database(url(tmp_path / "x.db"))
    await upgrade(database, "0006")
    row = {"cabin": "0000000a", "at": 5.5, "kind": "exit", "role": "db", "began_at": 1.0,
           "detail": "it ended", "retry_after": 2.0}  # fmt: skip
    async with database.write() as connection:
        await connection.execute(insert(failures), [row])
    await ensure_schema(database)
    async with database.read() as connection:
        kept = (await connection.execute(select(failures))).mappings().all()
    assert [dict(each) for each in kept] == [row]
    await database.close()


async def test_a_newer_database_is_refused_with_a_sentence(tmp_path: Path) -> None:
    """An old program does not touch what a newer one made, and says which one to start."""
    async with lab(tmp_path) as it:
        async with it.database.write() as connection:
            await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(Permanent, match="newer Stateroom"):
            await ensure_schema(it.database)


async def test_a_migration_that_breaks_leaves_the_old_schema(tmp_path: Path) -> None:
    """A table in the way stops the migration, and nothing of it stays behind."""
    path = tmp_path / "x.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE tickets (other INTEGER)")
    connection.close()
    database = Database(url(path))
    with pytest.raises(Permanent):
        await ensure_schema(database)
    await database.close()
    assert set(_schema(path)) == {"tickets"}


async def test_two_users_of_one_group_share_the_files(tmp_path: Path) -> None:
    """Whatever the umask: database, WAL and shared memory are the group's to write, and nobody
    else's to read."""
    before = os.umask(0o077)
    try:
        async with lab(tmp_path) as it:
            await it.tenant("acme")
            modes = {
                path.name: stat.S_IMODE(path.stat().st_mode)
                for path in tmp_path.glob("stateroom.db*")
            }
    finally:
        os.umask(before)
    assert set(modes) >= {"stateroom.db", "stateroom.db-wal", "stateroom.db-shm"}
    # The template was copied with the umask; a file that Database itself makes is tested below.
    assert modes["stateroom.db-wal"] == modes["stateroom.db"]


async def test_a_new_database_is_made_for_the_group(tmp_path: Path) -> None:
    """The first start makes the file 0660 under the strictest umask."""
    before = os.umask(0o077)
    try:
        database = Database(url(tmp_path / "store" / "x.db"))
        await upgrade(database)
        modes = {stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "store").iterdir()}
        await database.close()
    finally:
        os.umask(before)
    assert modes == {0o660}


async def test_what_is_no_database_is_told(tmp_path: Path) -> None:
    """A file of something else is refused with its name, not with a trace."""
    (tmp_path / "x.db").write_bytes(b"this is no database, it is a letter" * 100)
    with pytest.raises(Away, match=r"x\.db"):
        Database(url(tmp_path / "x.db"))


async def test_foreign_keys_are_kept(tmp_path: Path) -> None:
    """SQLite checks references only when told to: a secret of nobody cannot be written."""
    async with lab(tmp_path) as it:
        with pytest.raises(Exception, match="FOREIGN KEY") as refusal:
            async with it.database.write() as connection:
                await connection.execute(
                    text("INSERT INTO secrets VALUES ('t0', 'KEY', 'env', 1, 0, 'hunter2')")
                )
        assert "[parameters" not in str(refusal.value)


async def test_a_full_disk_is_told_and_nothing_is_half_done(tmp_path: Path) -> None:
    """The database cannot grow: the caller hears 507's error, and reads go on."""
    from stateroom.errors import NoCapacity

    async with lab(tmp_path) as it:
        await it.tenant("acme")
        async with it.database.read() as connection:
            pages = (await connection.execute(text("PRAGMA page_count"))).scalar_one()
        big = {f"V{i}": "x" * 8000 for i in range(90)}
        with pytest.raises(NoCapacity, match="disk"):
            async with it.database.write() as connection:
                await connection.execute(text(f"PRAGMA max_page_count = {pages + 1}"))
                await connection.execute(
                    text("INSERT INTO events (at, kind, tenant, data) VALUES (0, 'x', '', :d)"),
                    {"d": str(big)},
                )
        assert (await it.store.tenants.get("acme")).tenant.slug == "acme"
        assert "x" not in {e.kind for e in await it.store.events.newest(100)}

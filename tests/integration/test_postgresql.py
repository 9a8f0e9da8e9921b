"""PostgreSQL itself: what differs from a file. What both do is tested with `either_database`."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import socket
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import URL, create_engine, insert, text

from stateroom.edge.certificates import issue, make_authority
from stateroom.errors import Away, NoCapacity, NotFound, Permanent
from stateroom.relay import Relay, unix_listener
from stateroom.settings import Settings
from stateroom.store import claim
from stateroom.store import postgresql as dialect
from stateroom.store import tables as t
from stateroom.store.check import check
from stateroom.store.claim import only_steward
from stateroom.store.database import Database
from stateroom.store.migrate import current_version, ensure_schema, reach, upgrade
from stateroom.store.migrations import HEAD
from stateroom.store.tables import metadata
from tests.integration.api_lab import api, problem_of
from tests.integration.store_lab import PRIVATE, PUBLIC, lab, on
from tests.postgresql import PASSWORD, QUOTED, USER, Cluster, cluster


@asynccontextmanager
async def opened(url: str, relay: Path | None = None) -> AsyncIterator[Database]:
    database = Database(url, relay)
    try:
        yield database
    finally:
        await database.close()


@pytest.fixture(scope="module")
def own() -> Iterator[Cluster]:
    """A server that tests may stop; labs are on it meanwhile."""
    with cluster() as made, on(made):
        yield made


@pytest.fixture
def server(postgresql: Cluster) -> Iterator[Cluster]:
    """Labs are on it."""
    with on(postgresql):
        yield postgresql


# ---- the schema ------------------------------------------------------------------------------


async def test_migrations_make_the_tables_of_the_code(postgresql: Cluster) -> None:
    """A database that was migrated and one made from the tables are the same, line by line."""
    async with opened(postgresql.new("migrated")) as database:
        await upgrade(database)
    address = database.address
    url = URL.create(
        "postgresql+psycopg", USER, PASSWORD, address.folder, address.port, "made"
    )  # fmt: skip
    postgresql.new("made")
    engine = create_engine(url)
    metadata.create_all(engine)
    engine.dispose()
    assert _schema(postgresql.dump("migrated")) == _schema(postgresql.dump("made"))


def _schema(dump: str) -> list[str]:
    """Their order means nothing; Alembic's own table is none of ours."""
    statements = re.sub(r"^(--|SET |SELECT |\\).*$", "", dump, flags=re.MULTILINE).split(";")
    ours = (s for s in statements if "alembic_version" not in s)
    return sorted(line.strip().rstrip(",") for s in ours for line in s.splitlines() if line.strip())


async def test_parts_that_start_together_migrate_once(postgresql: Cluster) -> None:
    """Api and steward start on an empty database: both come up, in any order."""
    url = postgresql.new("together")
    async with opened(url) as one, opened(url) as two:
        await asyncio.gather(ensure_schema(one), ensure_schema(two))
        assert await current_version(one) == await current_version(two) == HEAD


async def test_a_migration_that_breaks_leaves_the_old_schema(postgresql: Cluster) -> None:
    """A table in the way stops it, the message says which, and nothing of it stays behind."""
    async with opened(postgresql.new("broken")) as database:
        async with database.write() as connection:
            await connection.execute(text("CREATE TABLE tickets (other INTEGER)"))
        with pytest.raises(Permanent, match="tickets"):
            await ensure_schema(database)
        assert await current_version(database) is None
    assert postgresql.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
                          database="broken") == "tickets"  # fmt: skip


# ---- the two transactions --------------------------------------------------------------------


async def test_a_writer_sees_what_was_committed_while_it_waited(server: Cluster) -> None:
    """Two processes add one to the same number forty times each: eighty, also where the server's
    default level would let the second see the past."""
    server.sql(f"ALTER ROLE {USER} SET default_transaction_isolation TO 'repeatable read'")
    try:
        async with opened(server.new("adding", "empty")) as database:
            async with database.write() as connection:
                await connection.execute(insert(t.counters).values(name="n", value=0))
            program = (sys.executable, "-c", _ADDER, database.reveal_url())
            pipe = asyncio.subprocess.PIPE
            adders = [
                await asyncio.create_subprocess_exec(*program, stdin=pipe, stdout=pipe)
                for _ in range(2)
            ]
            for adder in adders:
                assert adder.stdout is not None
                assert await adder.stdout.readline() == b"ready\n"
            await asyncio.gather(*(adder.communicate(b"go\n") for adder in adders))
            assert [adder.returncode for adder in adders] == [0, 0]
            async with database.read() as connection:
                query = text("SELECT value FROM counters WHERE name = 'n'")
                assert (await connection.execute(query)).scalar_one() == 80
    finally:
        server.sql(f"ALTER ROLE {USER} RESET default_transaction_isolation")


_ADDER = """
import asyncio, sys
from sqlalchemy import text
from stateroom.store.database import Database

async def main(url):
    database = Database(url)
    async with database.read():
        print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(40):
        async with database.write() as c:
            n = (await c.execute(text("SELECT value FROM counters WHERE name = 'n'"))).scalar_one()
            await c.execute(text("UPDATE counters SET value = :n WHERE name = 'n'"), {"n": n + 1})
    await database.close()

asyncio.run(main(sys.argv[1]))
"""


async def test_a_reader_cannot_write(server: Cluster, tmp_path: Path) -> None:
    """A change outside a write transaction would be made beside its lock."""
    async with lab(tmp_path) as it:
        with pytest.raises(Away):
            async with it.database.read() as connection:
                await connection.execute(insert(t.counters).values(name="n", value=0))
        async with it.database.write() as connection:
            await connection.execute(insert(t.counters).values(name="n", value=0))


async def test_a_writer_that_hangs_is_told_of_as_busy(
    server: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others are refused after a while, readers are not held up, and a killed writer's lock
    goes with its connection."""
    monkeypatch.setattr(dialect, "BUSY_SECONDS", 1)
    async with lab(tmp_path) as it, opened(it.database.reveal_url()) as other:
        with pytest.raises(Away, match="does not answer"):
            async with it.database.write() as connection:
                with pytest.raises(Away, match="busy"):
                    async with other.write():
                        pass
                assert await it.store.events.last_id() == 0
                held = (await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one()
                server.sql(f"SELECT pg_terminate_backend({held})")
                async with other.write():
                    pass
                await connection.execute(insert(t.counters).values(name="n", value=0))
        await it.tenant("acme")


async def test_a_full_disk_is_told(server: Cluster, tmp_path: Path) -> None:
    """As the server says it: 507's error, and nothing is half done."""
    async with lab(tmp_path) as it:
        await it.tenant("acme")
        with pytest.raises(NoCapacity, match="disk"):
            async with it.database.write() as connection:
                await connection.execute(insert(t.counters).values(name="n", value=0))
                await connection.execute(text("DO $$ BEGIN RAISE disk_full; END $$"))
        async with it.database.read() as connection:
            query = text("SELECT count(*) FROM counters WHERE name = 'n'")
            assert (await connection.execute(query)).scalar_one() == 0


async def test_names_sort_by_their_bytes(server: Cluster, tmp_path: Path) -> None:
    """Whatever language the database was made for: as Python sorts them, page by page."""
    slugs = ["a1", "a-b", "ab", "a-1", "b", "a-b-c", "abc"]
    async with lab(tmp_path) as it:
        for slug in slugs:
            await it.tenant(slug)
        seen, after = [], ""
        while True:
            page = await it.store.listing.page(2, after=after)
            seen += [view.tenant.slug for view in page.items]
            if not (after := page.next):
                break
        assert seen == sorted(slugs)
    spoken = server.sql("SELECT string_agg(x, ' ' ORDER BY x) FROM unnest(ARRAY['a-b', 'a1']) x")
    assert spoken != " ".join(sorted(["a-b", "a1"]))


async def test_nul_is_a_name_of_nobody(server: Cluster, tmp_path: Path) -> None:
    """The one character that PostgreSQL does not keep: whoever asks for it finds nothing."""
    async with lab(tmp_path) as it:
        with pytest.raises(NotFound):
            await it.store.tenants.get("a\0b")
    async with api(tmp_path) as http:
        problem_of(await http.call("GET", "/tenants/%00"), 404)


# ---- a server that is away -------------------------------------------------------------------


async def test_a_restart_of_the_server_is_a_503_and_over(own: Cluster, tmp_path: Path) -> None:
    """While it is away each call is answered 503 with Retry-After; afterwards all work again at
    once, with what was there."""
    async with api(tmp_path) as it:
        await it.sample()
        await it.created("acme")
        own.stop()
        for method, path in (("GET", "/tenants/acme"), ("POST", "/tenants/acme/restart")):
            answer = await it.call(method, path)
            problem_of(answer, 503)
            assert int(answer.headers["retry-after"]) > 0
            assert "hunter2" not in answer.text
        own.start()
        assert (await it.ok("GET", "/tenants/acme"))["slug"] == "acme"
        await asyncio.gather(*(it.ok("GET", "/tenants") for _ in range(8)))
        own.stop()
        own.start()
        assert (await it.created("globex"))["slug"] == "globex"


async def test_a_start_waits_for_the_server(own: Cluster) -> None:
    """After a reboot it may come up later than we do."""
    url = own.new("late")
    own.stop()
    async with opened(url) as database:
        waiting = asyncio.create_task(reach(database))
        await asyncio.sleep(0.3)
        assert not waiting.done()
        own.start()
        await asyncio.wait_for(waiting, 30)
        assert await current_version(database) == HEAD


# ---- whose it is -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Home:
    settings: Settings
    mark: Path


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """With the steward's key in it."""
    (tmp_path / "steward").mkdir()
    (tmp_path / "steward" / "seal.key").write_bytes(PRIVATE)
    return Home(Settings(home=tmp_path), tmp_path / "steward" / "has-database")


def at(home: Home, url: str) -> Settings:
    return Settings(home=home.settings.home, database=url)


async def test_a_database_is_one_installations(postgresql: Cluster, home: Home) -> None:
    """The first steward's: again it is taken, another one is refused, also by its check."""
    async with opened(postgresql.new("owned")) as database:
        await upgrade(database)
        assert await check(at(home, database.reveal_url())) == ""
        await claim.claim(database, PUBLIC, home.mark)
        await claim.claim(database, PUBLIC, home.mark)
        assert await check(at(home, database.reveal_url())) == ""
        with pytest.raises(Permanent, match="another installation"):
            await claim.claim(database, b"another's", home.mark.with_name("other"))
        (home.settings.home / "steward" / "seal.key").write_bytes(b"x" * 32)
        assert "another installation" in await check(at(home, database.reveal_url()))


async def test_an_empty_database_does_not_take_the_place_of_a_full_one(
    postgresql: Cluster, home: Home
) -> None:
    """A typo in its name must not take every tenant down; a lost row after a crash between the
    two steps of a claim does not matter."""
    home.mark.touch()
    url = postgresql.new("typo")
    assert "has had another database" in await check(at(home, url))
    async with opened(url) as database:
        await upgrade(database)
        assert "has had another database" in await check(at(home, url))
        with pytest.raises(Permanent, match="has had another database"):
            await claim.claim(database, PUBLIC, home.mark)
        home.mark.unlink()
        await claim.claim(database, PUBLIC, home.mark)
        home.mark.unlink()
        await claim.claim(database, PUBLIC, home.mark)
        assert home.mark.exists()


async def test_one_steward_a_database(
    postgresql: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy of the home on another machine is refused; when the first one is gone it may; one
    that lost its connection ends."""
    monkeypatch.setattr(claim, "TRY_SECONDS", 0.3)
    monkeypatch.setattr(claim, "LOOK_SECONDS", 0.05)
    url = postgresql.new("locked")
    async with opened(url) as one, opened(url) as two:
        async with only_steward(one):
            with pytest.raises(Permanent, match="another steward"):
                async with only_steward(two):
                    pass
        with pytest.raises(Away):
            async with only_steward(two) as hold:
                running = asyncio.create_task(hold.run())
                await asyncio.sleep(0.2)
                assert not running.done()
                ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                postgresql.sql(f"{ended} WHERE datname = 'locked'")
                await asyncio.wait_for(running, 10)


# ---- what is told of a server that cannot be used --------------------------------------------


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"password": "hunter3"}, "correct the password"),
        ({"name": "nowhere"}, "create it first"),
        ({"folder": "/nonexistent"}, "is the server started"),
        ({"port": "1"}, "is the server started"),
        ({"ssl": "?sslmode=require"}, "sslmode=disable"),
    ],
)
async def test_what_is_wrong_is_told(
    postgresql: Cluster, home: Home, change: dict[str, str], told: str,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    """Each with what to do about it, and never the password, also not in the log."""
    caplog.set_level(logging.DEBUG)
    host = "" if "folder" in change else "127.0.0.1"
    url = postgresql.url(
        change.get("name", "postgres"), host=host, password=change.get("password", QUOTED)
    )
    url = url.replace(str(postgresql.folder), change.get("folder", ""))
    url = url.replace(f":{postgresql.port}", f":{change.get('port', postgresql.port)}")
    said = await check(at(home, url + change.get("ssl", "")))
    assert told in said.lower()
    for secret in ("hunter2", "hunter3", PASSWORD, QUOTED):
        assert secret not in said + caplog.text


async def test_a_database_of_another_encoding_is_refused(postgresql: Cluster, home: Home) -> None:
    """It would give bytes where text was written."""
    postgresql.sql(
        f"CREATE DATABASE old OWNER {USER} TEMPLATE template0 ENCODING 'SQL_ASCII'"
        " LOCALE_PROVIDER libc LOCALE 'C'"
    )
    try:
        assert "encoding SQL_ASCII" in await check(at(home, postgresql.url("old")))
    finally:
        postgresql.sql("DROP DATABASE old WITH (FORCE)")


async def test_the_check_is_a_program(postgresql: Cluster, home: Home) -> None:
    """As it runs inside a part: one line of JSON, whatever is wrong."""
    file = home.settings.home / "url"
    file.write_text(postgresql.url("postgres", password="hunter3"))
    environ = os.environ | {
        "STATEROOM_HOME": str(home.settings.home),
        "STATEROOM_DATABASE_FILE": str(file),
    }
    for _ in range(2):
        asked = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "stateroom.store.check", env=environ,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, _err = await asked.communicate()
        assert asked.returncode == 0
        assert out.startswith(b'{"wrong": "')
        assert b"hunter3" not in out
        file.unlink(missing_ok=True)


# ---- the relay -------------------------------------------------------------------------------


async def test_a_part_without_a_network_reaches_the_server(
    postgresql: Cluster, tmp_path: Path
) -> None:
    """Through the relay's Unix socket, also when the relay is started again, and not without."""
    url = postgresql.new("relayed").replace("@:", "@127.0.0.1:").partition("?")[0]
    path = tmp_path / "database.sock"

    def relay() -> Relay:
        return Relay(
            unix_listener(path), lambda: asyncio.open_connection("127.0.0.1", postgresql.port)
        )

    # Nobody listens at this port: what answers came by the relay.
    nowhere = url.replace(f":{postgresql.port}/", ":1/")
    first = relay()
    await first.start()
    async with opened(nowhere, path) as database:
        await upgrade(database)
        await ensure_schema(database)
        await asyncio.gather(*(current_version(database) for _ in range(8)))
        await first.close()
        with pytest.raises(Away):
            await current_version(database)
        second = relay()
        await second.start()
        assert await current_version(database) == HEAD
        await second.close()


async def test_tls_goes_through_the_relay_to_the_right_name(
    own: Cluster, home: Home, tmp_path: Path
) -> None:
    """The certificate is checked for the name in the URL, which leads nowhere from here; another
    name, or another authority, is refused, whatever listens behind the relay."""
    authority = make_authority("Company", ["example.com"], time.time())
    own.speak_tls(*issue(authority, ["db.example.com"], time.time()))
    ours, other = tmp_path / "ours.pem", tmp_path / "other.pem"
    ours.write_bytes(authority.certificate_pem)
    other.write_bytes(make_authority("Other", ["example.com"], time.time()).certificate_pem)
    path = tmp_path / "database.sock"
    relay = Relay(
        unix_listener(path), lambda: asyncio.open_connection("127.0.0.1", own.port)
    )
    await relay.start()

    def address(host: str, file: Path) -> str:
        checked = f"sslmode=verify-full&sslrootcert={file}"
        return f"{own.url('postgres', host=host)}?{checked}"

    query = text("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
    right = address("db.example.com", ours)
    async with opened(right, path) as database, database.read() as connection:
        assert (await connection.execute(query)).scalar_one() is True
    for host, file in (("elsewhere.example.com", ours), ("db.example.com", other)):
        settings = replace(at(home, address(host, file)), database_relay=str(path))
        assert "certificate" in await check(settings)
    await relay.close()


async def test_the_relay_leads_to_one_place(tmp_path: Path) -> None:
    """Whatever is said on the line goes to that place and back; a place that is away closes the
    line, and the next one is tried anew."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.read())
        writer.close()

    path = tmp_path / "database.sock"
    relay = Relay(unix_listener(path), lambda: asyncio.open_connection("127.0.0.1", port))
    await relay.start()
    await relay.start()

    async def ask() -> bytes:
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(b"x" * 300_000)
        writer.write_eof()
        answer = await reader.read()
        writer.close()
        return answer

    async with await asyncio.start_server(echo, sock=listener):
        assert set(await asyncio.gather(*(ask() for _ in range(4)))) == {b"x" * 300_000}
    reader, writer = await asyncio.open_unix_connection(path)
    assert await reader.read() == b""
    writer.close()
    await relay.close()
    assert path.stat().st_mode & 0o777 == 0o660

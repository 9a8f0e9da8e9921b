"""What only a real HAProxy can show: changes under traffic, crashes, odd answers."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from stateroom.domain.routes import Door, RouteTable
from stateroom.edge import route_map
from stateroom.edge.addresses import listen_addresses
from stateroom.edge.haproxy import HAProxyEdge, make_map
from stateroom.errors import Clash, EngineError, Permanent, Retryable
from tests.contract.edge_lab import (
    ACME,
    CONSOLE,
    GLOBEX,
    TENANTS,
    WEBSOCKET,
    Lab,
    Line,
    bearer,
    lab,
)


@pytest.fixture
async def here() -> AsyncIterator[Lab]:
    async with lab() as made:
        yield made


def frame(text: str) -> bytes:
    """A masked WebSocket text frame (the mask is zero)."""
    return bytes([0x81, 0x80 | len(text)]) + bytes(4) + text.encode()


async def heard(line: Line) -> str:
    head = await asyncio.wait_for(line.reader.readexactly(2), 20)
    return (await line.reader.readexactly(head[1])).decode()


async def test_a_change_of_routes_cuts_nothing(here: Lab) -> None:
    """A stream and a WebSocket go on while the table is replaced, even after the tenant's own
    door has been closed; new requests follow the new table. (What ends when a token or the route
    itself is gone: tests/attacks/test_edge_rotation.py.)"""
    stream, socket = await here.open(), await here.open()
    await stream.send(here.request(target="/stream", headers=[bearer()]))
    assert (await stream.head()).status == 200
    assert await stream.chunk() == b"first\n"
    await socket.send(here.request(target="/ws", headers=[bearer(), *WEBSOCKET]))
    assert (await socket.answer()).status == 101

    async def both_live(word: str) -> None:
        await socket.send(frame(word))
        assert await heard(socket) == f"acme heard {word}"

    await both_live("one")
    await here.change(ACME, requests_per_minute=1000)
    await here.change(ACME, door=Door.CLOSED)
    assert (await here.ask(headers=[bearer()])).status == 503
    await both_live("two")
    await here.change(GLOBEX, door=Door.CLOSED)
    await both_live("three")
    here.runtimes[ACME].release.set()
    assert await stream.chunk() == b"last\n"


async def test_a_stream_is_not_held_back(here: Lab) -> None:
    """Each piece of a response arrives before the runtime sends the next one, and a request's
    body reaches the runtime before it has ended."""
    line = await here.open()
    await line.send(here.request(target="/stream", headers=[bearer()]))
    await line.head()
    assert await line.chunk() == b"first\n"
    assert not here.runtimes[ACME].release.is_set()
    upload = await here.open()
    raw = here.request(target="/ws", headers=[bearer(), *WEBSOCKET])
    await upload.send(raw)
    assert (await upload.answer()).status == 101
    for word in ("a", "b"):
        await upload.send(frame(word))
        assert await heard(upload) == f"acme heard {word}"


async def test_requests_meet_the_old_table_or_the_new_one(here: Lab) -> None:
    """While a route moves between two runtimes, each with a token of its own, every answer is
    whole: the old runtime, the new one, or a refusal of the other token; never a mixture."""
    first = replace(here.route(), requests_per_minute=10**6)
    second = replace(here.route(GLOBEX), host=ACME)
    seen: set[tuple[int, str]] = set()
    done = asyncio.Event()

    async def ask() -> None:
        line = await here.open()
        while not done.is_set():
            await line.send(here.request(headers=[bearer()]))
            answer = await line.answer()
            seen.add((answer.status, answer.name if answer.status == 200 else ""))

    asking = [asyncio.create_task(ask()) for _ in range(4)]
    for _ in range(30):
        await here.publish(second)
        await here.publish(first)
    done.set()
    await asyncio.gather(*asking)
    assert seen == {(200, "acme"), (401, "")}
    assert here.runtimes[GLOBEX].seen == []


async def test_a_killed_edge_knows_its_routes(here: Lab) -> None:
    """After kill -9 and a start the table, its version and the file are what they were."""
    await here.change(ACME, user="changed@acme")
    before, file = await here.edge.read(), here.config.map_file.read_bytes()
    await here.kill()
    with pytest.raises(Retryable, match="is it running"):
        await here.edge.read()
    with pytest.raises(Retryable, match="is it running"):
        await here.edge.replace(RouteTable(), before[1])
    assert here.config.map_file.read_bytes() == file
    await here.start()
    assert await here.edge.read() == before
    assert here.config.map_file.read_bytes() == file
    assert (await here.ask(headers=[bearer()])).status == 200


async def test_a_crash_between_file_and_commit_converges(here: Lab) -> None:
    """With the file written and nothing committed, the running edge reports the old table; one
    that restarts at that moment has the new one; either way the next replace goes through."""
    new = RouteTable.of([here.route(GLOBEX)])
    old, version = await here.edge.read()
    here.config.map_file.write_text(route_map.text(route_map.rows(new)))
    await here.kill()
    await here.start()
    fresh = HAProxyEdge(here.config.maps, here.config.socket)
    assert await fresh.read() == (new, new.version)
    with pytest.raises(Clash):
        await fresh.replace(old, version)
    assert await fresh.replace(old, new.version) == old.version


async def test_a_file_that_was_never_committed_is_put_right(here: Lab) -> None:
    """A pass that finds the wanted table in force does not replace it; the file that another
    attempt left must not come back to life with the next restart."""
    table, version = await here.edge.read()
    here.config.map_file.write_text("left.t.localhost t|c|u|127.0.0.1|1|open|1\n")
    assert await here.edge.read() == (table, version)
    await here.kill()
    await here.start()
    assert (await here.edge.read())[1] == version


async def test_an_uncommitted_version_does_no_harm(here: Lab) -> None:
    """Rows that a dead steward had added to a version of its own never match, and go with the
    next commit."""
    map_file = str(here.config.map_file)
    socket = here.edge._socket
    number = (await socket.ask(f"prepare map {map_file}")).strip().rpartition(": ")[2]
    await socket.do(f"add map @{number} {map_file}", "evil.t.localhost t|c|u|127.0.0.1|1|open|1\n")
    assert (await here.ask("evil.t.localhost")).status == 404
    await here.change(ACME, requests_per_minute=7)
    assert (await here.ask("evil.t.localhost")).status == 404
    assert "evil" not in await socket.ask(f"show map @{number} {map_file}")
    assert "entry_cnt=4" in await socket.ask("show map")


async def test_rows_by_another_hand_are_seen_and_removed(here: Lab) -> None:
    """What somebody put into the map by hand shows as another table, and one replace ends it."""
    _, version = await here.edge.read()
    socket, map_file = here.edge._socket, here.config.map_file
    await socket.do(f"add map {map_file}", "evil.t.localhost t|c|u|127.0.0.1|1|open|1\n")
    found, tampered = await here.edge.read()
    assert "evil.t.localhost" in {r.host for r in found.routes}
    wanted = RouteTable.of(r for r in found.routes if r.host != "evil.t.localhost")
    assert await here.edge.replace(wanted, tampered) == version
    assert (await here.ask("evil.t.localhost")).status == 404


async def test_a_row_that_makes_no_sense_opens_nothing(here: Lab) -> None:
    """A damaged row never leads anywhere: its host is closed or unknown, the others work."""
    await here.kill()
    good = here.config.map_file.read_text()
    rows = ["a.t.localhost tenant-a1", "b.t.localhost tenant-a1|c|u|", "c.t.localhost |||||open|1",
            "d.t.localhost tenant-a1|c|u|host|9|open|9", "e.t.localhost tenant-a1|c|u||1|open|9"]
    here.config.map_file.write_text(good + "\n".join(rows) + "\n")
    await here.start()
    for row in rows:
        assert (await here.ask(row.split(" ")[0], headers=[bearer()])).status in {401, 404, 503}
    assert (await here.ask(headers=[bearer()])).status == 200
    _, version = await here.edge.read()
    wanted = RouteTable.of([here.route(), here.route(GLOBEX)])
    assert version != wanted.version
    assert await here.edge.replace(wanted, version) == wanted.version
    assert here.config.map_file.read_text() == good


async def test_a_full_disk_is_retryable_and_leaves_the_table(here: Lab) -> None:
    """When the file cannot be written, nothing is committed either, and reading goes on."""
    table, version = await here.edge.read()
    blocker = here.config.maps / ".routes.map.new"
    blocker.mkdir()
    with pytest.raises(Retryable, match="could not be written"):
        await here.edge.replace(RouteTable(), version)
    assert await here.edge.read() == (table, version)
    blocker.rmdir()
    assert await here.edge.replace(RouteTable(), version) == RouteTable().version


async def test_the_edge_can_read_what_the_steward_writes(here: Lab) -> None:
    """The file is readable by the group and by nobody else, under any umask, also where an
    earlier attempt left a file of another mode."""
    (here.config.maps / ".routes.map.new").touch(0o600)
    before = os.umask(0o077)
    try:
        await here.change(ACME, requests_per_minute=7)
    finally:
        os.umask(before)
    assert here.config.map_file.stat().st_mode & 0o777 == 0o640


async def test_two_processes_do_not_write_at_once(here: Lab) -> None:
    """While one edge object holds the lock file, another one's replace is Retryable; it never
    interleaves."""
    table, version = await here.edge.read()
    others = [HAProxyEdge(here.config.maps, here.config.socket) for _ in range(4)]
    results = await asyncio.gather(
        *(e.replace(RouteTable.of([here.route()]), version) for e in others),
        return_exceptions=True,
    )
    assert sum(isinstance(r, str) for r in results) == 1
    assert all(isinstance(r, str | EngineError) for r in results)
    assert table != (await here.edge.read())[0]


async def test_another_installations_edge_is_refused(here: Lab) -> None:
    """A HAProxy that runs with other maps is not ours to read or to change."""
    elsewhere = here.folder / "elsewhere"
    elsewhere.mkdir()
    make_map(elsewhere)
    with pytest.raises(Permanent, match="another installation"):
        await HAProxyEdge(elsewhere, here.config.socket).read()


@asynccontextmanager
async def liar(path: Path, reply: Callable[[bytes], bytes]) -> AsyncIterator[None]:
    """A runtime socket that answers each command with what `reply` says."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        command = await reader.readline()
        writer.write(reply(command))
        writer.close()

    server = await asyncio.start_unix_server(handle, str(path))
    try:
        yield
    finally:
        server.close()
        await server.wait_closed()


async def test_short_and_garbled_answers_are_retryable(tmp_path: Path) -> None:
    """Whatever comes back instead of an answer is Retryable, and no table is made up of it."""
    make_map(tmp_path)
    socket = tmp_path / "s"
    replies = [b"", b"0x55 a.b", b"0x55 a.b t|c|u||1|open|1", b"hello\n\n", b"\xff\xfe\n",
               b"0x1\n\n", b"a.t.localhost t|c|u||1|open|1\n"]
    for reply in replies:
        async with liar(socket, lambda _, r=reply: r):  # type: ignore[misc]
            with pytest.raises(Retryable):
                await HAProxyEdge(tmp_path, socket).read()


async def test_a_refused_command_is_retryable(tmp_path: Path) -> None:
    """An edge that answers questions but refuses to change says so in the error, which a later
    pass repeats; the message holds no row of the table."""
    make_map(tmp_path)
    socket = tmp_path / "s"
    for failing in (b"prepare", b"add", b"commit"):

        def reply(command: bytes, failing: bytes = failing) -> bytes:
            if command.startswith(failing):
                return b"Permission denied\n\n"
            return b"New version created: 1\n\n" if command.startswith(b"prepare") else b"\n"

        async with liar(socket, reply):
            edge = HAProxyEdge(tmp_path, socket)
            _, version = await edge.read()
            async with lab() as other:
                table = RouteTable.of([other.route()])
            with pytest.raises(Retryable, match="Permission denied") as caught:
                await edge.replace(table, version)
            assert table.routes[0].tokens[0] not in str(caught.value)


async def test_it_tells_the_rate_that_it_compares_with_the_limit(here: Lab) -> None:
    """Requests that were let through, of one tenant: at its limit the number is the limit, and
    what was refused is not in it."""
    await here.change(ACME, requests_per_minute=4)
    statuses = [(await here.ask(headers=[bearer()])).status for _ in range(6)]
    assert statuses == [200] * 4 + [429] * 2
    assert (await here.ask(headers=[("Authorization", "Bearer wrong")])).status == 401
    assert await here.edge.requests_per_minute(TENANTS[ACME]) == 4
    assert await here.edge.requests_per_minute(TENANTS[GLOBEX]) == 0
    await here.ask(GLOBEX, headers=[bearer(GLOBEX)])
    assert await here.edge.requests_per_minute(TENANTS[GLOBEX]) == 1


async def test_it_listens_on_ipv6_loopback_too() -> None:
    """Browsers try ::1 first for names under localhost."""
    addresses = listen_addresses("127.0.0.1")
    assert addresses[0] == "127.0.0.1"
    async with lab(addresses=addresses) as here:
        for address in addresses:
            reader, writer = await asyncio.open_connection(
                address, here.config.https_port, ssl=here.tls, server_hostname=ACME
            )
            line = Line(reader, writer)
            await line.send(here.request(headers=[bearer()]))
            assert (await line.answer()).status == 200
            line.close()
        assert {s.header("X-Forwarded-For") for s in here.runtimes[ACME].seen} == {"203.0.113.1"}


async def test_curl_trusts_the_certificate_with_http2(here: Lab) -> None:
    """curl with our CA alone accepts tenants and console, over HTTP/2; an early refusal of a POST
    is an answer and no broken stream."""

    async def curl(host: str, *more: str) -> str:
        process = await asyncio.create_subprocess_exec(
            "curl", "-sS", "--http2", "--cacert", str(here.folder / "ca.pem"), "-o", "/dev/null",
            "-w", "%{http_version} %{http_code}", "--resolve",
            f"{host}:{here.config.https_port}:127.0.0.1", *more,
            f"https://{host}:{here.config.https_port}/echo", stdout=-1, stderr=-2,
        )
        out, _ = await process.communicate()
        return out.decode()

    assert await curl(CONSOLE) == "2 200"
    assert await curl(ACME, "-H", ": ".join(bearer())) == "2 200"
    assert await curl(ACME) == "2 401"
    assert await curl(ACME, "-d", "x" * 10_000) == "2 401"
    assert await curl("nobody.t.localhost") == "2 404"

"""Attacks with the shape of a request: hosts, paths, framing, floods; and with responses."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from stateroom.domain.routes import Door
from tests.contract.edge_lab import ACME, CONSOLE, GLOBEX, WEBSOCKET, Lab, Line, bearer, lab

HTML = ("Accept", "text/html")


@pytest.fixture
async def here() -> AsyncIterator[Lab]:
    async with lab() as made:
        yield made


def with_host(*hosts: str, target: str = "/echo") -> bytes:
    lines = "".join(f"Host: {h}\r\n" for h in hosts)
    name, value = bearer()
    return f"GET {target} HTTP/1.1\r\n{lines}{name}: {value}\r\n\r\n".encode("latin-1")


async def test_a_host_is_known_in_any_case_and_with_any_port(here: Lab) -> None:
    """Case and port of a Host do not matter, and the runtime sees one spelling of it."""
    for host in (ACME, ACME.upper(), f"{ACME}:1", "Acme.T.LocalHost:8443"):
        assert (await here.raw(with_host(host))).name == "acme", host
    assert {s.header("Host") for s in here.runtimes[ACME].seen} == {
        f"{ACME}{here.config.port_suffix}"
    }


async def test_an_unknown_host_is_not_found(here: Lab) -> None:
    """Names that nobody has are 404 with problem+json, whatever identity comes along."""
    hosts = ["nobody.t.localhost", f"{ACME}.", f"x.{ACME}", "t.localhost", ".t.localhost",
             "localhost", "127.0.0.1", "[::1]:8443", f"{ACME}.evil.example", f"evil-{ACME}",
             "acme.t.localhost.t.localhost", "0", "a" * 250, "api", f"{CONSOLE}."]
    for host in hosts:
        answer = await here.raw(with_host(host))
        assert answer.status == 404, host
        assert answer.problem["title"] == "Not found"
    assert (here.reached(), here.api.seen) == (0, [])


async def test_an_ambiguous_host_is_refused(here: Lab) -> None:
    """Doubled, missing, decorated or non-ASCII hosts are 400: no two readers disagree about who
    is meant."""
    cases = [
        (ACME, GLOBEX), (GLOBEX, ACME), (f"{ACME},{GLOBEX}",), (f"{ACME} {GLOBEX}",), (),
        ("",), (f"user@{ACME}",), (f"{GLOBEX}@{ACME}",), (f"{ACME}/",), (f"{ACME}\\",),
        (f"{ACME}:8443:1",), (f"{ACME}:x",), (f"{ACME}:",), (f"{ACME}#",), (f"{ACME}?",),
        (f"{ACME}\t.x",), ("\xe4cme.t.localhost",), ("acme\xef\xbc\x8et.localhost",),
        ("acme%2et.localhost",), (f"https://{ACME}",), (f"[{ACME}]",),
    ]
    for hosts in cases:
        answer = await here.raw(with_host(*hosts))
        assert answer.status == 400, hosts
    assert (here.reached(), here.api.seen) == (0, [])


async def test_the_request_line_names_no_other_host(here: Lab) -> None:
    """A whole URL in the request line is refused, whether or not it agrees with Host."""
    targets = [f"https://{ACME}/x", f"http://{ACME}/x", f"https://{GLOBEX}/x", f"//{GLOBEX}/x/..",
               "ftp://x/", "*", "echo", f"{GLOBEX}:443", "?x"]
    refused = [t for t in targets if not t.startswith("//")]
    for target in refused:
        assert (await here.raw(with_host(ACME, target=target))).status == 400, target
    assert here.reached() == 0
    # A path that begins with two slashes is a path.
    assert (await here.raw(with_host(ACME, target=f"//{GLOBEX}/echo"))).name == "acme"


async def test_requests_of_one_connection_go_each_to_its_own_tenant(here: Lab) -> None:
    """Hosts may change within one connection (browsers share one among siblings): destination
    and identity follow the request."""
    line = await here.open()
    for host in (ACME, GLOBEX, ACME, GLOBEX):
        await line.send(here.request(host, headers=[bearer(host)]))
        assert (await line.answer()).name == host.split(".")[0]
    await line.send(here.request(GLOBEX, headers=[bearer(ACME)]))
    assert (await line.answer()).status == 401
    await line.send(here.request(ACME))
    assert (await line.answer()).status == 401


RESERVED = [
    "/.stateroom/enter?ticket=t", "/.stateroom/", "/.stateroom/a/b.c~d-e_f",
]
LOOK_ALIKES = [
    "/.stateroom", "/.STATEROOM/x", "/.Stateroom/x", "/%2estateroom/x", "/%2Estateroom/x",
    "/.%73tateroom/x", "/.state%72oom/x", "/%252estateroom/x", "/%25252estateroom/x",
    "/.stateroom%2fx", "/.stateroom%2Fx", "/.stateroom%252fx", "/.stateroom%5cx", "/.stateroom\\x",
    "//.stateroom/x", "///.stateroom//x", "/./.stateroom/x", "/x/../.stateroom/x", "/x/.stateroom/",
    "/%2f.stateroom/x", "/%5c.stateroom/x", "/\\.stateroom/x", "/..%2f.stateroom/x",
    "/.stateroom;a=b/x", "/.stateroom;/x", "/.stateroom%00/x", "/.stateroom%20/x",
    "/%25%32estateroom/",
    "/.stateroom/../api/v1/tenants", "/.stateroom/..", "/.stateroom/./x", "/.stateroom//x",
    "/.stateroom/%2e%2e/api/v1/tenants", "/.stateroom/%2e%2e%2fapi", "/.stateroom/a%2fb",
    "/.stateroom/..;/api", "/.stateroom/x/..", "/.stateroom/a\\b", "/.stateroom/%zz",
    "/%2e%73%74%61%74%65%72%6f%6f%6d%2f", "/.stateroom?x", "/a/%2e%2e/%2estateroom/",
]


async def test_the_reserved_path_is_the_platforms(here: Lab) -> None:
    """/.stateroom/ of a tenant's host is answered by the api, which is told the tenant by us and
    gets no credential of the tenant's."""
    for target in RESERVED:
        spoof = [("X-Stateroom-Tenant", "tenant-b2"), ("X-Stateroom-Host", GLOBEX)]
        answer = await here.ask(target=target, headers=[*spoof, bearer(), here.session()])
        assert answer.name == "api", target
    for seen, target in zip(here.api.seen, RESERVED, strict=True):
        assert seen.target == target
        assert seen.header("X-Stateroom-Tenant") == "tenant-a1"
        assert seen.header("X-Stateroom-Host") is None
        assert (seen.header("Authorization"), seen.header("Cookie")) == (None, None)
    assert here.reached() == 0


async def test_no_other_spelling_of_the_reserved_path_gets_anywhere(here: Lab) -> None:
    """A path that somebody might read as /.stateroom/ reaches neither the runtime nor the api."""
    for target in LOOK_ALIKES:
        for identity in (bearer(), here.session()):
            answer = await here.ask(target=target, headers=[identity])
            assert answer.status in {400, 404}, target
            assert answer.problem
    assert (here.reached(), here.api.seen) == (0, [])


async def test_paths_that_only_resemble_it_are_the_tenants(here: Lab) -> None:
    """Other paths pass as they were sent, byte for byte."""
    targets = ["/stateroom/x", "/.stateroomy/x", "/x.stateroom", "/.stateroom-x", "/a%2fb%20c",
               "/q?p=/.stateroom/", "/%C3%A4?x=%zz", "/a//b/../c", "/" + "x" * 5000]
    for target in targets:
        assert (await here.ask(target=target, headers=[bearer()])).name == "acme", target
    assert [s.target for s in here.runtimes[ACME].seen] == targets


async def test_the_console_is_the_apis_and_keeps_its_credentials(here: Lab) -> None:
    """The console's host leads to the api with Authorization and cookies, without claims."""
    spoof = [("X-Forwarded-For", "1.2.3.4"), ("X-Stateroom-Tenant", "tenant-a1"),
             ("X-Forwarded-User", "root")]
    answer = await here.ask(CONSOLE, "/api/v1/tenants", headers=[
        ("Authorization", "Bearer admin"), ("Cookie", "a=b"), *spoof])
    assert answer.name == "api"
    (seen,) = here.api.seen
    assert (seen.header("Authorization"), seen.header("Cookie")) == ("Bearer admin", "a=b")
    assert seen.header("X-Forwarded-For") == "203.0.113.1"
    assert seen.header("X-Stateroom-Tenant") is None
    assert seen.header("X-Forwarded-User") is None


async def test_the_apis_own_port_cannot_speak_for_the_edge(tmp_path: Path) -> None:
    """Through loopback the api gets the caller's credentials, and nothing that only the edge may
    say, in whatever case."""
    async with lab(api_socket=tmp_path / "api.sock") as here:
        reader, writer = await asyncio.open_connection("127.0.0.1", here.config.api_port)
        spoof = [("x-stateroom-tenant", "tenant-a1"), ("X-STATEROOM-HOST", ACME),
                 ("X-Forwarded-For", "1.2.3.4"), ("x-forwarded-user", "root"), ("FORWARDED", "x")]
        line = Line(reader, writer)
        await line.send(here.request(ACME, "/.stateroom/enter", headers=[bearer(), *spoof]))
        assert (await line.answer()).name == "api"
        line.close()
        (seen,) = here.api.seen
        kept = {name.lower() for name, _ in seen.headers}
        assert kept <= {"host", "authorization", "connection"}, kept
        assert seen.header("Authorization") == bearer()[1]


async def test_the_apis_own_port_refuses_as_the_other_one_does(tmp_path: Path) -> None:
    """No Host, two of them, a proxy's request or CONNECT: problem+json from the edge, and nothing
    reaches the api, whose server would answer in words of its own."""
    async with lab(api_socket=tmp_path / "api.sock") as here:
        for raw, status in (
            (b"GET /api/v1/health HTTP/1.1\r\n\r\n", 400),
            (b"GET /api/v1/health HTTP/1.0\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: \r\n\r\n", 400),
            (b"GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
            (b"CONNECT localhost:443 HTTP/1.1\r\nHost: localhost:443\r\n\r\n", 405),
            (b"TRACE / HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
        ):
            reader, writer = await asyncio.open_connection("127.0.0.1", here.config.api_port)
            line = Line(reader, writer)
            await line.send(raw)
            answer = await line.answer()
            assert answer.problem["status"] == status, raw
            line.close()
        assert here.api.seen == []


UNREADABLE = {
    "no HTTP": b"hello\r\n\r\n",
    "long header": b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
    "long URL": b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: h\r\n\r\n",
    "negative length": b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",
    "name with a space": b"GET / HTTP/1.1\r\nHost: h\r\nA B: c\r\n\r\n",
}


@pytest.mark.parametrize("what", UNREADABLE)
async def test_what_is_no_request_ends_here(tmp_path: Path, what: str) -> None:
    """HAProxy's parser refuses it, in its own short words, which tell neither program nor version;
    the connection ends, on every port, and nothing reaches anybody."""
    async with lab(api_socket=tmp_path / "api.sock") as here:
        for port in (here.config.http_port, here.config.api_port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            line = Line(reader, writer)
            await line.send(UNREADABLE[what])
            answer = await line.answer()
            assert answer.status == 400 and len(answer.body) < 200
            assert b"haproxy" not in answer.body.lower() and not answer.all("server")
            assert answer.header("connection") == "close"
            line.close()
        assert here.api.seen == [] and here.reached() == 0


def smuggled(here: Lab) -> dict[str, bytes]:
    """Requests whose end two readers could see in different places, each with a second one."""
    inner = here.request(target="/smuggled", headers=[bearer(), ("X-Forwarded-User", "root")])
    first = here.request(method="PUT", target="/first", headers=[bearer()])[:-2]
    zero = b"0\r\n\r\n" + inner
    size = str(len(zero)).encode()

    def put(*lines: bytes) -> bytes:
        return first + b"".join(line + b"\r\n" for line in lines) + b"\r\n"

    chunked = b"Transfer-Encoding: chunked"
    return {
        "length and chunked": put(b"Content-Length: " + size, chunked) + zero,
        "chunked and length": put(chunked, b"Content-Length: " + size) + zero,
        "two lengths": put(b"Content-Length: 0", b"Content-Length: " + size) + inner,
        "length list": put(b"Content-Length: 0, " + size) + inner,
        "signed length": put(b"Content-Length: +0") + inner,
        "hexadecimal length": put(b"Content-Length: 0x0") + inner,
        "space before colon": put(b"Content-Length : 0") + inner,
        "xchunked": put(b"Transfer-Encoding: xchunked", b"Content-Length: " + size) + zero,
        "chunked twice": put(chunked, chunked) + zero,
        "chunked, identity": put(b"Transfer-Encoding: chunked, identity") + zero,
        "tab before chunked": put(b"Transfer-Encoding:\tchunked", b"Content-Length: 5") + zero,
        "vertical tab": put(b"Transfer-Encoding: \x0bchunked", b"Content-Length: " + size) + zero,
        "folded": put(b"X-A: 1\r\n Transfer-Encoding: chunked", b"Content-Length: 3") + zero,
        "bare line feed": first + b"X-A: b\nTransfer-Encoding: chunked\r\n\r\n" + zero,
        "bad chunk size": put(chunked) + b"0x1\r\nx\r\n" + zero,
        "chunk extension": put(chunked) + b"0;a=\nb\r\n\r\n" + inner,
        "bare carriage return": put(b"X-A: b\rContent-Length: " + size) + inner,
        "upgrade to h2c": put(b"Upgrade: h2c", b"Connection: Upgrade, HTTP2-Settings") + inner,
    }


async def test_nothing_is_smuggled_behind_a_request(here: Lab) -> None:
    """However a request is framed, the runtime never sees one that the edge did not check: what
    follows is the body, refused, or a request of its own with our headers."""
    for what, raw in smuggled(here).items():
        line = await here.open()
        await line.send(raw)
        assert (await line.head()).status in {200, 400, 501, 405, 422}, what
        line.close()
    for seen in here.runtimes[ACME].seen:
        assert seen.header("X-Forwarded-User") == "owner@acme"
        assert seen.header("Host") == f"{ACME}{here.config.port_suffix}"
        assert not (seen.header("Content-Length") and seen.header("Transfer-Encoding"))


async def test_a_path_that_cannot_be_decoded_is_refused(here: Lab) -> None:
    """Broken percent encodings, NUL and fragments are 400: readers disagree about what they
    mean. In a query, where they are data, they pass."""
    for path in ("/%", "/%z", "/a%2", "/%zz/x", "/a%00b", "/%%32e", "/a#b", "/%u002e"):
        assert (await here.ask(target=path, headers=[bearer()])).status == 400, path
    assert here.reached() == 0
    assert (await here.ask(target="/a?b=%zz&c=100%", headers=[bearer()])).status == 200


async def test_methods_and_upgrades_that_make_tunnels_are_refused(here: Lab) -> None:
    """CONNECT, TRACE and any upgrade but websocket never become a tunnel to a runtime."""
    assert (await here.ask(method="TRACE", headers=[bearer()])).status == 405
    connect = here.request(target=f"{GLOBEX}:443", method="CONNECT", headers=[bearer()])
    assert (await here.raw(connect)).status in {400, 405}
    for upgrade in ("h2c", "websocket, h2c", "TLS/1.0", "tcp", ""):
        headers = [bearer(), ("Upgrade", upgrade), ("Connection", "Upgrade")]
        assert (await here.ask(headers=headers)).status == 400, upgrade
    twice = [bearer(), *WEBSOCKET, ("Upgrade", "h2c")]
    assert (await here.ask(target="/ws", headers=twice)).status == 400
    post = await here.ask(target="/ws", method="POST", headers=[bearer(), *WEBSOCKET])
    assert post.status == 400
    assert here.reached() == 0


async def test_headers_are_limited_and_bodies_are_not(here: Lab) -> None:
    """Headers beyond the edge's buffer are 400; a large body arrives whole."""
    assert (await here.ask(headers=[bearer(), ("X-Long", "x" * 15_500)])).status == 400
    assert (await here.ask(headers=[bearer(), ("X-Long", "x" * 8_000)])).status == 200
    body = bytes(5_000_000)
    whole = await here.ask(method="POST", headers=[bearer()], body=body)
    assert json.loads(whole.body)["bytes"] == len(body)


async def test_the_runtime_learns_the_clients_address_but_never_our_own() -> None:
    """A client elsewhere is named as it is; the machine itself, whichever address it uses, is
    named by the stand-in, since OpenClaw refuses its own proxy as a client."""
    async with lab(own_networks=("127.9.0.0/16",)) as here:
        for local in ("127.0.0.77", "127.0.0.1", "127.9.0.1"):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", here.config.https_port, ssl=here.tls, server_hostname=ACME,
                local_addr=(local, 0),
            )
            line = Line(reader, writer)
            await line.send(here.request(headers=[bearer(), ("X-Forwarded-For", "192.0.2.7")]))
            assert (await line.answer()).status == 200
            line.close()
        seen = [s.header("X-Forwarded-For") for s in here.runtimes[ACME].seen]
        assert seen == ["127.0.0.77", "203.0.113.1", "203.0.113.1"]


async def test_a_tenant_beyond_its_rate_is_slowed_and_no_other(here: Lab) -> None:
    """Exactly as many requests a minute as the route allows; the rest is 429 with Retry-After,
    strangers use nothing up, and a sibling is not touched."""
    await here.change(ACME, requests_per_minute=5)
    for _ in range(8):
        assert (await here.ask()).status == 401
    answers = [await here.ask(headers=[bearer()]) for _ in range(12)]
    assert [a.status for a in answers] == [200] * 5 + [429] * 7
    refused = answers[-1]
    assert refused.problem["title"] == "Too many requests"
    assert int(refused.header("Retry-After") or 0) == 13
    assert (await here.ask(headers=[here.session()])).status == 429
    assert (await here.ask(GLOBEX, headers=[bearer(GLOBEX)])).status == 200
    # Refused requests did not count: a higher limit helps at once.
    await here.change(ACME, requests_per_minute=6)
    assert (await here.ask(headers=[bearer()])).status == 200
    assert (await here.ask(headers=[bearer()])).status == 429


async def test_the_rate_is_the_tenants_not_the_hosts() -> None:
    """A slug that goes to another tenant starts with a rate of its own."""
    async with lab() as here:
        await here.change(ACME, requests_per_minute=1)
        assert (await here.ask(headers=[bearer()])).status == 200
        assert (await here.ask(headers=[bearer()])).status == 429
        await here.change(ACME, tenant="tenant-c3")
        assert (await here.ask(headers=[bearer()])).status == 200


async def test_a_flood_of_open_streams_is_the_tenants_own_trouble() -> None:
    """Beyond its share of open requests a tenant gets 429; a sibling is served; once a stream
    ends, the next is let in."""
    async with lab(tenant_requests=3) as here:
        streams = [await here.open() for _ in range(3)]
        for line in streams:
            await line.send(here.request(target="/stream", headers=[bearer()]))
            assert (await line.head()).status == 200
        full = await here.ask(headers=[bearer()])
        assert full.status == 429
        assert full.header("Retry-After") == "1"
        assert (await here.ask(GLOBEX, headers=[bearer(GLOBEX)])).status == 200
        here.runtimes[ACME].release.set()
        for line in streams:
            assert [await line.chunk() for _ in range(3)] == [b"first\n", b"last\n", b""]
        assert (await here.ask(headers=[bearer()])).status == 200


async def test_who_says_nothing_is_not_waited_for_and_a_silent_runtime_is() -> None:
    """A connection without a handshake, or with half of one, ends; a stream whose runtime is
    silent for longer than that goes on."""
    async with lab(client_seconds=1) as here:
        stream = await here.open()
        await stream.send(here.request(target="/stream", headers=[bearer()]))
        assert await stream.chunk_after_head() == b"first\n"
        hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
        for sent in (b"", hello):
            reader, writer = await asyncio.open_connection("127.0.0.1", here.config.https_port)
            writer.write(sent)
            assert await asyncio.wait_for(reader.read(-1), 20) == b""
            writer.close()
        here.runtimes[ACME].release.set()
        assert await stream.chunk() == b"last\n"


async def test_a_body_that_drips_holds_no_connection_of_the_api(here: Lab) -> None:
    """The api hears of a request when its body is there, and never of one that breaks off."""
    line = await here.open(CONSOLE)
    await line.send(here.request(CONSOLE, "/ws", "POST", body=b"x" * 100)[:-1])
    assert (await line.answer()).status == 408
    assert here.api.seen == []
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        assert (await here.ask(target="/.stateroom/enter", method=method)).status == 405
    assert here.api.seen == []


async def test_a_stranger_with_an_endless_body_is_answered_and_let_go(here: Lab) -> None:
    """401 comes at once in HTTP/1.1 too, and the connection, where the rest of the body would be
    taken for a request, is closed."""
    for framing in (("Transfer-Encoding", "chunked"), ("Content-Length", "500000000")):
        line = await here.open()
        await line.send(here.request(method="PUT", headers=[framing]) + b"5\r\nhello\r\n")
        assert (await line.answer()).status == 401
        assert await line.ended()
    assert here.reached() == 0


async def test_one_source_cannot_take_every_connection() -> None:
    """Half of all connections is the most that one address gets; closing some makes room."""
    async with lab(max_connections=40) as here:
        lines = [await here.open() for _ in range(20)]
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await here.ask(headers=[bearer()])
        for line in lines:
            line.close()
        answer = None
        while answer is None:
            try:
                answer = await here.ask(headers=[bearer()])
            except (ConnectionError, asyncio.IncompleteReadError):
                await asyncio.sleep(0.01)
        assert answer.status == 200


async def test_a_call_that_waits_ends_with_its_caller(here: Lab) -> None:
    """The api sees at once that who asked went away: many that ask and leave hold nothing."""
    begun, ended = asyncio.Event(), asyncio.Event()

    async def waiting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        begun.set()
        with suppress(ConnectionResetError):
            assert await reader.read() == b""
        ended.set()
        writer.close()

    await here.api.stop()
    async with await asyncio.start_server(waiting, "127.0.0.1", here.config.api_port):
        line = await here.open(CONSOLE)
        await line.send(here.request(CONSOLE, "/api/v1/tenants/acme?wait=ready"))
        await asyncio.wait_for(begun.wait(), 20)
        line.close()
        await asyncio.wait_for(ended.wait(), 10)


async def test_plain_http_takes_no_connection_that_https_needs() -> None:
    """One address that opens more than there are on the plain port, half a request on each, keeps
    a few; the others are closed unheard, and HTTPS is served meanwhile, to the same address too."""

    async def half_a_request(port: int) -> bytes:
        """What comes back, "" for a connection that is closed or reset."""
        with suppress(ConnectionResetError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(b"GET / HTTP/1.1\r\n")
                return await reader.read(-1)
            finally:
                writer.transport.abort()
        return b""

    kept, opened = 5, 90
    async with lab(max_connections=80) as here:
        port = here.config.http_port
        open_ = {asyncio.create_task(half_a_request(port)) for _ in range(opened)}
        async with asyncio.timeout(20):
            while len(open_) > kept:
                done, open_ = await asyncio.wait(open_, return_when="FIRST_COMPLETED")
                assert {task.result() for task in done} == {b""}
        assert (await here.ask(headers=[bearer()])).name == "acme"
        for task in open_:
            task.cancel()
        await asyncio.gather(*open_, return_exceptions=True)


async def test_a_closed_door_has_a_page_for_people_and_a_problem_for_programs(here: Lab) -> None:
    """Known but not ready: 503 with Retry-After in the caller's form, and only for callers who
    may know. No address counts as closed, whatever the door says."""
    for fields in ({"door": Door.CLOSED}, {"door": Door.CLOSED, "address": ""}, {"address": ""}):
        await here.change(ACME, **{"door": Door.OPEN, "address": "127.0.0.41", **fields})
        program = await here.ask(headers=[bearer()])
        assert (program.status, program.header("Retry-After")) == (503, "2")
        assert program.problem["title"] == "Unavailable"
        person = await here.ask(headers=[here.session(), HTML])
        assert (person.status, person.header("Retry-After")) == (503, "2")
        assert person.header("Content-Type") == "text/html; charset=utf-8"
        assert b'http-equiv="refresh"' in person.body
        assert (await here.ask()).status == 401
        socket = await here.ask(target="/ws", headers=[bearer(), HTML, *WEBSOCKET])
        assert socket.problem["status"] == 503
    assert here.reached() == 0


async def test_a_runtime_that_is_gone_looks_like_a_closed_door(here: Lab) -> None:
    """Refused connections are 503 with Retry-After in the same two forms; a runtime that ends in
    the middle is 502; a sibling serves on."""
    ended = await here.ask(target="/break-off", headers=[bearer()])
    assert ended.problem["status"] == 502
    await here.runtimes[ACME].stop()
    program = await here.ask(headers=[bearer()])
    assert (program.problem["status"], program.header("Retry-After")) == (503, "2")
    person = await here.ask(headers=[here.session(), HTML])
    assert (person.status, person.header("Retry-After")) == (503, "2")
    assert b'http-equiv="refresh"' in person.body
    assert (await here.ask(GLOBEX, headers=[bearer(GLOBEX)])).status == 200


async def test_the_api_that_is_gone_is_a_problem_of_its_own(here: Lab) -> None:
    """Without the api the console and the reserved path say 503; tenants do not notice."""
    await here.api.stop()
    for answer in (await here.ask(CONSOLE, "/api/v1/health"),
                   await here.ask(target="/.stateroom/enter")):
        assert (answer.problem["status"], answer.header("Retry-After")) == (503, "2")
    assert (await here.ask(headers=[bearer()])).status == 200


async def test_a_person_at_the_console_sees_a_page_while_the_api_is_away(here: Lab) -> None:
    """Opening or reloading the console without the api: a page that looks again by itself and runs
    nothing. What its own code asks for stays a problem; with the api back, all goes there."""
    opened = [HTML, ("Sec-Fetch-Mode", "navigate")]
    assert (await here.ask(CONSOLE, "/tenants", headers=opened)).name == "api"
    await here.api.stop()
    person = await here.ask(CONSOLE, "/tenants?phase=ready", headers=opened)
    assert (person.status, person.header("Retry-After")) == (503, "2")
    assert person.header("Content-Type") == "text/html; charset=utf-8"
    assert person.header("Cache-Control") == "no-store"
    policy = person.header("Content-Security-Policy")
    assert policy is not None and policy.startswith("default-src 'none';")
    assert "script" not in policy
    assert b'http-equiv="refresh"' in person.body
    for method, headers in (("GET", [HTML, ("Sec-Fetch-Mode", "cors")]), ("GET", []),
                            ("POST", opened), ("DELETE", opened)):
        program = await here.ask(CONSOLE, "/api/v1/tenants", method, headers)
        assert (program.problem["status"], program.header("Retry-After")) == (503, "2")
    await here.api.start()
    assert (await here.ask(CONSOLE, "/tenants", headers=opened)).name == "api"


async def test_a_person_at_the_console_sees_the_page_when_the_api_breaks_off(here: Lab) -> None:
    """An api that ends in the middle of an answer is away too; to a program it is 502."""
    person = await here.ask(CONSOLE, "/break-off", headers=[HTML])
    assert (person.status, person.header("Retry-After")) == (502, "2")
    assert b'http-equiv="refresh"' in person.body
    assert (await here.ask(CONSOLE, "/break-off")).problem["status"] == 502


async def test_a_runtime_sets_no_cookie_of_ours_and_none_for_siblings(here: Lab) -> None:
    """Cookies of a runtime stay on its own host and never take the name of the session."""
    here.runtimes[ACME].cookies = [
        "__Host-stateroom=stolen; Secure; Path=/", "__host-STATEROOM=x; Secure; Path=/",
        "__Host-stateroom-x=y; Secure; Path=/", "mine=1; Path=/; HttpOnly",
        "wide=1; Domain=t.localhost; Path=/", "wide2=1; path=/;DOMAIN = .t.localhost",
    ]
    answer = await here.ask(headers=[bearer()])
    kept = [c for c in answer.all("Set-Cookie") if c]
    assert kept == ["mine=1; Path=/; HttpOnly", "wide=1; Path=/", "wide2=1; path=/"]
    here.runtimes[ACME].cookies = ["a=1; Domain=t.localhost; Domain=localhost"]
    assert (await here.ask(headers=[bearer()])).all("Set-Cookie") == []


async def test_a_runtime_cannot_speak_for_the_platform(here: Lab) -> None:
    """Headers that reach beyond the runtime's own page are taken away; ours are set."""
    answer = await here.ask(headers=[bearer()])
    assert answer.status == 200
    for name in ("Clear-Site-Data", "Alt-Svc", "Service-Worker-Allowed",
                 "Strict-Transport-Security"):
        assert answer.all(name) == [], name
    assert answer.all("X-Content-Type-Options") == ["nosniff"]


async def test_the_log_holds_no_secret(here: Lab) -> None:
    """Tickets, tokens, cookies and queries of good and refused requests are not in the log."""
    secret = "s3cr3t-0f-th3-t3st"
    cookie = ("Cookie", f"__Host-stateroom={secret}")
    platform = "/.stateroom/enter"
    targets = [f"{platform}?ticket={secret}", f"{platform}/{secret}", f"/x?k={secret}"]
    for target in targets:
        for identity in (bearer(), cookie, ("Authorization", f"Bearer {secret}")):
            await here.ask(target=target, headers=[identity])
    await here.raw(with_host(f"{ACME}@", target=f"/y?{secret}"))
    # A line is written once a request is over, which may be after its answer.
    log = await here.log_of(10)
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    good = {"tenant": "tenant-a1", "path": "/x", "caller": "token", "method": "GET", "status": 200}
    assert any(good.items() <= line.items() for line in lines)
    assert sum(line["path"] == "/.stateroom/" for line in lines) == 6
    assert secret not in log
    assert bearer()[1].split(" ")[1] not in log


async def test_plain_http_redirects_known_hosts_only(here: Lab) -> None:
    """HTTP leads to HTTPS of the same host and path; an unknown host is not found, so that nobody
    is redirected elsewhere in our name."""

    async def plain(host: str, target: str = "/a?b=c") -> tuple[int, str]:
        reader, writer = await asyncio.open_connection("127.0.0.1", here.config.http_port)
        writer.write(f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        raw = (await reader.read(-1)).decode()
        writer.close()
        location = [v for n, _, v in (x.partition(": ") for x in raw.split("\r\n"))
                    if n.lower() == "location"]
        return int(raw.split(" ")[1]), "".join(location)

    port = here.config.port_suffix
    assert await plain(f"{ACME}:8080") == (308, f"https://{ACME}{port}/a?b=c")
    assert await plain(CONSOLE.upper()) == (308, f"https://{CONSOLE}{port}/a?b=c")
    assert await plain(ACME, "//evil.example/") == (308, f"https://{ACME}{port}//evil.example/")
    assert await plain("evil.example") == (404, "")
    assert await plain(f"{ACME}@evil.example") == (400, "")

"""The same attacks in HTTP/2, where host, path and method are fields and a WebSocket is a
CONNECT."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contract.edge_http2 import Http2, Refused
from tests.contract.edge_lab import ACME, CONSOLE, GLOBEX, Lab, bearer, lab

Fields = list[tuple[str, str]]


@pytest.fixture
async def here() -> AsyncIterator[Lab]:
    async with lab() as made:
        yield made


def fields(here: Lab, host: str = ACME, path: str = "/echo", method: str = "GET") -> Fields:
    return [(":method", method), (":scheme", "https"),
            (":authority", f"{host}{here.config.port_suffix}"), (":path", path)]


def lower(header: tuple[str, str]) -> tuple[str, str]:
    return (header[0].lower(), header[1])


async def connect(here: Lab) -> Http2:
    return await Http2.connect(here.config.https_port, here.tls, ACME)


async def outcome(here: Lab, request: Fields) -> int:
    """The status, or 0 where the edge does not even answer."""
    client = await connect(here)
    try:
        return await client.ask(request)
    except Refused:
        return 0
    finally:
        client.close()


async def test_streams_of_one_connection_go_each_to_its_own_tenant(here: Lab) -> None:
    """Browsers share a connection among sibling hosts: routes and identity are the stream's."""
    client = await connect(here)
    for host in (ACME, GLOBEX, ACME):
        assert await client.ask([*fields(here, host), lower(bearer(host))]) == 200
    assert await client.ask([*fields(here, GLOBEX), lower(bearer(ACME))]) == 401
    assert await client.ask([*fields(here, "nobody.t.localhost")]) == 404
    assert await client.ask([*fields(here, CONSOLE)]) == 200
    assert await client.ask(fields(here, path="/.stateroom/enter")) == 200
    assert await client.ask([*fields(here, path="/%2estateroom/"), lower(bearer())]) == 404
    client.close()
    counts = [len(here.runtimes[h].seen) for h in (ACME, GLOBEX)]
    assert (counts, len(here.api.seen)) == ([2, 1], 2)


async def test_cookies_in_pieces_are_one_header(here: Lab) -> None:
    """HTTP/2 may split the Cookie header: the session is found in any piece, and two sessions in
    two pieces are refused."""
    session = lower(here.session())
    client = await connect(here)
    assert await client.ask([*fields(here), ("cookie", "a=b"), session, ("cookie", "c=d")]) == 200
    assert await client.ask([*fields(here), session, ("cookie", "__Host-stateroom=x")]) == 401
    assert await client.ask([*fields(here), ("cookie", "__Host-stateroom=x"), session]) == 401
    client.close()


async def test_a_host_beside_authority_is_not_believed(here: Lab) -> None:
    """A Host field that names another tenant than :authority never decides where a request goes:
    what is answered at all is the answer of :authority's tenant to its own token."""
    for host in (GLOBEX, f"{GLOBEX}{here.config.port_suffix}"):
        for who in (ACME, GLOBEX):
            request = [*fields(here), ("host", host), lower(bearer(who))]
            assert await outcome(here, request) in {0, 200 if who == ACME else 401, 400}
    assert here.runtimes[GLOBEX].seen == []
    for seen in here.runtimes[ACME].seen:
        assert seen.header("Host") == f"{ACME}{here.config.port_suffix}"
    twice = [*fields(here), (":authority", GLOBEX), lower(bearer())]
    assert await outcome(here, twice) in {0, 400}


async def test_odd_fields_reach_nobody(here: Lab) -> None:
    """Pseudo-header games, connection headers and line breaks inside values are refused."""
    good = fields(here)
    token = lower(bearer())
    cases = [
        [*good, token, (":path", "/other")], [*good, token, (":method", "POST")],
        [*good, token, ("transfer-encoding", "chunked")], [*good, token, ("connection", "close")],
        [*good, token, ("X-Forwarded-User", "root")], [*good, token, ("", "x")],
        [*good, token, ("a", "b\r\nx-forwarded-user: root")], [*good, token, ("a b", "c")],
        [*good, token, ("a", "b\nhost: x")], [*good, token, ("a:b\r\nc", "d")],
        [*good[:3], (":path", ""), token], [*good[:3], (":path", "echo"), token],
        [*good[:3], (":path", f"https://{GLOBEX}/"), token], [*good[:3], (":path", "*"), token],
        [*good[:3], (":path", "/a b"), token], [*good[:3], (":path", "/a\r\nX: y"), token],
        [*good[:3], token], [*good[1:], token], [token, *good],
        [*fields(here, f"user@{ACME}"), token], [*fields(here, f"{ACME} {GLOBEX}"), token],
    ]
    for case in cases:
        assert await outcome(here, case) in {0, 400, 404}, case
    assert here.reached() == 0


async def test_a_length_that_lies_is_corrected(here: Lab) -> None:
    """A content-length without its body does not make the runtime wait for somebody's bytes."""
    lying = [*fields(here), ("content-length", "5"), lower(bearer())]
    assert await outcome(here, lying) in {0, 200, 400}
    for seen in here.runtimes[ACME].seen:
        assert (seen.header("content-length"), seen.body) == (None, b"")
    posted = [*fields(here, method="POST"), ("content-length", "5"), lower(bearer())]
    client = await connect(here)
    with pytest.raises(Refused):
        await client.ask(posted, b"0123456789")
    client.close()


async def test_what_the_client_says_about_itself_never_arrives(here: Lab) -> None:
    """Spoofed identity is replaced in HTTP/2 as well."""
    spoof = [("x-forwarded-user", "root"), ("forwarded", "for=::1"), ("x-openclaw-scopes", "admin"),
             ("x-stateroom-tenant", "other"), ("proxy-authorization", "x"), ("te", "trailers")]
    assert await outcome(here, [*fields(here), *spoof, lower(bearer())]) == 200
    headers = dict(here.runtimes[ACME].seen[0].headers)
    assert headers["x-forwarded-user"] == "owner@acme"
    assert headers["x-openclaw-scopes"] == "operator.read,operator.write"
    assert not {"forwarded", "x-stateroom-tenant", "proxy-authorization", "te",
                "authorization"} & set(headers)


def upgrade(here: Lab, *more: tuple[str, str], protocol: str = "websocket") -> Fields:
    return [(":method", "CONNECT"), (":protocol", protocol), *fields(here, path="/ws")[1:],
            ("sec-websocket-version", "13"), *more]


async def test_a_websocket_opens_for_its_own_page_only(here: Lab) -> None:
    """An extended CONNECT needs identity, and with a cookie the tenant's own Origin."""
    session, token = lower(here.session()), lower(bearer())
    own, foreign = ("origin", here.origin()), ("origin", here.origin(GLOBEX))
    for refused, status in (
        ((), 401), ((own,), 401), ((session,), 403), ((session, foreign), 403),
        ((session, own, ("sec-fetch-site", "same-site")), 403), ((lower(bearer(GLOBEX)), own), 401),
    ):
        client = await connect(here)
        await client.begin(upgrade(here, *refused), end=False)
        assert await client.status() == status
        client.close()
    assert here.reached() == 0
    for allowed in ((session, own), (token,)):
        client = await connect(here)
        await client.begin(upgrade(here, *allowed), end=False)
        assert await client.status() == 200
        await client.send(b"\x81\x82\x00\x00\x00\x00hi")
        assert (await client.data())[2:] == b"acme heard hi"
        client.close()


async def test_no_other_tunnel_opens(here: Lab) -> None:
    """CONNECT without a protocol, or with another one, is refused with any identity."""
    token = lower(bearer())
    plain = [(":method", "CONNECT"), (":authority", f"{GLOBEX}:443"), token]
    assert await outcome(here, plain) in {0, 400, 405}
    for protocol in ("h2c", "connect-udp", "", "websocket, h2c"):
        client = await connect(here)
        try:
            await client.begin(upgrade(here, token, protocol=protocol), end=False)
            assert await client.status() == 400
        except Refused:
            pass
        finally:
            client.close()
    assert here.reached() == 0


async def refused_post(here: Lab, *more: tuple[str, str], body: bytes, ends: bool) -> int:
    client = await connect(here)
    request = [*fields(here, method="POST"), *more]
    try:
        if ends:
            return await client.ask(request, body)
        await client.begin(request, end=False)
        await client.send(body)
        return await client.status()
    finally:
        client.close()


async def test_a_strangers_post_is_refused_with_an_answer(here: Lab) -> None:
    """401, whether its body says how long it is or not; also when that has no end, however much
    of it has come: nobody waits for it, and so 408, which means `again`, is never the answer."""
    for _ in range(10):
        assert await refused_post(here, body=b"x" * 1000, ends=True) == 401
        small = ("content-length", "15000")
        assert await refused_post(here, small, body=b"x" * 15_000, ends=True) == 401
        for part in (b"", b"the beginning of a body", b"x" * 16_000):
            assert await refused_post(here, body=part, ends=False) == 401
            large = ("content-length", "15001")
            assert await refused_post(here, large, body=part[:15_000], ends=False) == 401
    assert here.reached() == 0


async def test_a_small_body_that_does_not_come_is_late(here: Lab) -> None:
    """What announces a few bytes and keeps them back has not sent a request: 408."""
    small = ("content-length", "15000")
    for part in (b"", b"the beginning of a body", b"x" * 14_999):
        assert await refused_post(here, small, body=part, ends=False) == 408
    assert here.reached() == 0

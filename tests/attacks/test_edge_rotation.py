"""Attacks on what was revoked: who keeps a stream or a WebSocket open keeps nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace

import pytest

from stateroom.domain.routes import Door, Route, RouteTable
from stateroom.edge.cuts import Cut, concerned, cuts
from stateroom.edge.haproxy import HAProxyEdge
from stateroom.edge.runtime_socket import RuntimeSocket
from stateroom.errors import Retryable
from tests.contract.edge_lab import (
    ACME,
    GLOBEX,
    WEBSOCKET,
    Headers,
    Lab,
    Line,
    bearer,
    lab,
    token_digest,
)


@pytest.fixture
async def here() -> AsyncIterator[Lab]:
    async with lab() as made:
        yield made


async def opened(here: Lab, host: str, identity: tuple[str, str], *more: tuple[str, str]) -> Line:
    """A WebSocket that is open."""
    line = await here.open(host)
    headers: Headers = [identity, *WEBSOCKET, *more]
    await line.send(here.request(host, "/ws", headers=headers))
    assert (await line.head()).status == 101
    return line


async def streaming(here: Lab, host: str) -> Line:
    """An answer that has begun and goes on."""
    line = await here.open(host)
    await line.send(here.request(host, "/stream", headers=[bearer(host)]))
    await line.chunk_after_head()
    return line


async def by_session(here: Lab, host: str = ACME) -> Line:
    return await opened(here, host, here.session(host), ("Origin", here.origin(host)))


async def lives(line: Line) -> bool:
    """It answers a ping, which the runtime at its other end must see."""
    await line.send(b"\x89\x80\x00\x00\x00\x00")
    try:
        return await asyncio.wait_for(line.reader.readexactly(2), 20) == b"\x8a\x00"
    except (asyncio.IncompleteReadError, ConnectionError):
        return False


async def is_cut(line: Line) -> bool:
    with suppress(ConnectionError):
        await asyncio.wait_for(line.reader.read(-1), 20)
    return line.reader.at_eof() or line.reader.exception() is not None


async def rotate(here: Lab, token: str = "a-new-token") -> None:
    await here.change(ACME, tokens=(token_digest(token),))


async def test_a_token_that_was_replaced_keeps_nothing_open(here: Lab) -> None:
    """Neither WebSocket nor stream, and it opens nothing; what the tenant's own browser and other
    tenants have open goes on, also what the new token opens."""
    old = [await opened(here, ACME, bearer()), await streaming(here, ACME)]
    browser, other = await by_session(here), await opened(here, GLOBEX, bearer(GLOBEX))
    await rotate(here)
    new = await opened(here, ACME, ("Authorization", "Bearer a-new-token"))
    assert [await is_cut(line) for line in old] == [True, True]
    assert [await lives(line) for line in (browser, other, new)] == [True, True, True]
    assert (await here.ask(headers=[bearer()])).status == 401


async def test_a_tenant_that_is_gone_has_nothing_open(here: Lab) -> None:
    """Whoever opened it: the address will be another tenant's one day."""
    lines = [await opened(here, ACME, bearer()), await by_session(here)]
    other = await by_session(here, GLOBEX)
    await here.publish(here.route(GLOBEX))
    assert [await is_cut(line) for line in lines] == [True, True]
    assert await lives(other)


async def test_a_tenant_without_a_place_has_nothing_open(here: Lab) -> None:
    """One that was suspended."""
    lines = [await opened(here, ACME, bearer()), await by_session(here)]
    await here.change(ACME, door=Door.CLOSED, address="")
    assert [await is_cut(line) for line in lines] == [True, True]


async def test_other_changes_cut_nothing(here: Lab) -> None:
    """A rate, a door that closes while its runtime ends in its own time, one more token, and
    another tenant's rotation."""
    line = await opened(here, ACME, bearer())
    await here.change(ACME, requests_per_minute=7)
    await here.change(ACME, door=Door.CLOSED)
    await here.change(ACME, tokens=(*here.route().tokens, token_digest("second")))
    await here.change(GLOBEX, tokens=(token_digest("other"),))
    assert await lives(line)


async def test_a_cut_that_was_interrupted_is_done_by_the_next_reading(
    here: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever replaced the table died before it could end what is open; the next steward does."""
    line, browser = await opened(here, ACME, bearer()), await by_session(here)
    ask = RuntimeSocket.ask

    async def dies(self: RuntimeSocket, command: str, payload: str = "") -> str:
        if command.startswith("show sess"):
            raise Retryable("it died")
        return await ask(self, command, payload)

    monkeypatch.setattr(RuntimeSocket, "ask", dies)
    with pytest.raises(Retryable, match="it died"):
        await rotate(here)
    assert await lives(line)
    table, _ = await here.edge.read()
    assert token_digest("a-new-token") in str(table)
    monkeypatch.setattr(RuntimeSocket, "ask", ask)
    await HAProxyEdge(here.config.maps, here.config.socket).read()
    assert await is_cut(line)
    assert await lives(browser)
    assert not (here.config.maps / "cuts.json").exists()


async def test_a_damaged_list_of_cuts_stops_nothing(here: Lab) -> None:
    """It is nothing to do, and the next list takes its place."""
    line = await opened(here, ACME, bearer())
    for damaged in ("", "{}", "7", '["x"]', json.dumps([[1]])):
        (here.config.maps / "cuts.json").write_text(damaged)
        await here.edge.read()
    assert await lives(line)
    await rotate(here)
    assert await is_cut(line)


async def test_many_are_cut_in_one_go(here: Lab) -> None:
    """More than one command's line can hold."""
    await here.change(ACME, requests_per_minute=10_000)
    lines = [await opened(here, ACME, bearer()) for _ in range(230)]
    await rotate(here)
    assert all([await is_cut(line) for line in lines])


def test_what_ends_is_decided_by_the_two_tables() -> None:
    """Another cabin, tenant or address at the same host ends everything, a token that is missing
    ends what tokens opened."""
    made = Route(ACME, "t1", "c1", "owner@acme", "10.213.0.2", 18789, Door.OPEN, 60, ("B" * 64,))
    before = RouteTable.of([made])
    whole = (Cut("10.213.0.2:18789", tokens_only=False),)
    for other in ({"cabin": "c2"}, {"tenant": "t2"}, {"address": "10.213.0.9"}, {"port": 1}):
        assert cuts(before, RouteTable.of([replace(made, **other)])) == whole
    assert cuts(before, RouteTable()) == whole
    assert cuts(before, RouteTable.of([replace(made, tokens=("A" * 64,))])) == (
        Cut("10.213.0.2:18789", tokens_only=True),
    )
    assert cuts(before, before) == ()
    assert list(concerned("0x1: x\n  server=token (id=1) addr=10.213.0.2:187890\n", whole)) == []

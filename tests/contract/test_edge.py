"""The contract of every edge, over the one in memory and a real HAProxy."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from stateroom.domain.routes import Door, Route, RouteTable
from stateroom.edge.base import Counts, Edge
from stateroom.edge.fake import FakeEdge
from stateroom.errors import Clash, Permanent
from tests.contract.edge_lab import lab

EMPTY = RouteTable()
TOKEN = "0123456789ABCDEF" * 4


@pytest.fixture(params=["fake", "haproxy"])
async def edge(request: pytest.FixtureRequest) -> AsyncIterator[Edge]:
    """An edge with an empty table."""
    if request.param == "fake":
        yield FakeEdge()
        return
    async with lab() as here:
        await here.publish()
        yield here.edge


def route(number: int = 1, tokens: int = 1) -> Route:
    return Route(
        f"tenant-{number}.t.localhost", f"t{number}", f"{number:08x}", f"owner@tenant-{number}",
        f"127.1.{number // 250}.{number % 250 + 1}", 18789, Door.OPEN, 600,
        tuple(f"{number:032X}{i:032X}" for i in range(tokens)),
    )


async def test_it_begins_empty(edge: Edge) -> None:
    """No routes is a table like any other, with the version that such a table has."""
    assert await edge.read() == (EMPTY, EMPTY.version)


async def test_what_was_put_in_is_read_back(edge: Edge) -> None:
    """Every field of every route survives, and so does the version."""
    table = RouteTable.of([
        route(3, tokens=3), replace(route(1, tokens=0), door=Door.CLOSED, address=""),
        replace(route(2), user="Owner.Of+2@x_y", port=1, requests_per_minute=1),
    ])
    version = await edge.replace(table, EMPTY.version)
    assert version == table.version
    assert await edge.read() == (table, version)


async def test_nobody_was_let_in_yet(edge: Edge) -> None:
    """A tenant that nobody asked for, or that the edge does not know, has no requests."""
    await edge.replace(RouteTable.of([route()]), EMPTY.version)
    assert isinstance(edge, Counts)
    assert [await edge.requests_per_minute(tenant) for tenant in ("t1", "t-nobody")] == [0, 0]


async def test_a_stale_version_changes_nothing(edge: Edge) -> None:
    """Who planned for another table than the one in force gets Clash, and it stays."""
    first, second = RouteTable.of([route(1)]), RouteTable.of([route(2)])
    version = await edge.replace(first, EMPTY.version)
    for stale in (EMPTY.version, second.version, "", "nonsense"):
        with pytest.raises(Clash):
            await edge.replace(second, stale)
    assert await edge.read() == (first, version)


async def test_the_same_again_changes_nothing(edge: Edge) -> None:
    """Replacing a table by itself is fine, as often as one likes."""
    table = RouteTable.of([route(1), route(2)])
    version = await edge.replace(table, EMPTY.version)
    for _ in range(3):
        assert await edge.replace(table, version) == version
    assert await edge.read() == (table, version)


async def test_of_two_at_once_one_wins(edge: Edge) -> None:
    """Two writers with the same version: one table is in force, whole; the others hear Clash."""
    tables = [RouteTable.of([route(n)]) for n in range(5)]
    results = await asyncio.gather(
        *(edge.replace(t, EMPTY.version) for t in tables), return_exceptions=True
    )
    won = [r for r in results if isinstance(r, str)]
    assert len(won) == 1
    assert sum(isinstance(r, Clash) for r in results) == 4
    assert (await edge.read())[1] == won[0]


async def test_everything_can_go(edge: Edge) -> None:
    """The empty table takes the last route and the last token away."""
    table = RouteTable.of([route(1)])
    version = await edge.replace(table, EMPTY.version)
    assert await edge.replace(EMPTY, version) == EMPTY.version
    assert await edge.read() == (EMPTY, EMPTY.version)


async def test_two_hosts_of_one_tenant_share_its_tokens(edge: Edge) -> None:
    """A tenant may have a second host; its tokens are listed with both."""
    table = RouteTable.of([route(1, 2), replace(route(1, 2), host="custom.example")])
    version = await edge.replace(table, EMPTY.version)
    assert await edge.read() == (table, version)


BAD = {
    "host with a space": replace(route(), host="a b.localhost"),
    "host with a newline": replace(route(), host="a.localhost\nb.localhost x"),
    "host in upper case": replace(route(), host="Acme.t.localhost"),
    "host with a port": replace(route(), host="acme.t.localhost:8443"),
    "host without a dot": replace(route(), host="acme"),
    "host with a final dot": replace(route(), host="acme.t.localhost."),
    "host that is empty": replace(route(), host=""),
    "host that is no ASCII": replace(route(), host="äcme.t.localhost"),
    "label that is too long": replace(route(), host="a" * 64 + ".t.localhost"),
    "tenant with a separator": replace(route(), tenant="t1|c"),
    "tenant that is empty": replace(route(), tenant=""),
    "tenant with a newline": replace(route(), tenant="t1\n"),
    "cabin with a separator": replace(route(), cabin="c|"),
    "user with a newline": replace(route(), user="owner\r\nX-Forwarded-User: root"),
    "user with a separator": replace(route(), user="owner|127.0.0.1"),
    "user that is empty": replace(route(), user=""),
    "user with a percent": replace(route(), user="%[src]"),
    "address that is a name": replace(route(), address="localhost"),
    "address with a port": replace(route(), address="127.0.0.1:80"),
    "address that means all": replace(route(), address="0.0.0.0"),
    "address of a group": replace(route(), address="224.0.0.1"),
    "address of everybody": replace(route(), address="255.255.255.255"),
    "port zero": replace(route(), port=0),
    "port too high": replace(route(), port=65536),
    "rate of zero": replace(route(), requests_per_minute=0),
    "token in lower case": replace(route(), tokens=(TOKEN.lower(),)),
    "token that is short": replace(route(), tokens=(TOKEN[:-1],)),
    "token with a newline": replace(route(), tokens=(TOKEN + "\n",)),
    "token twice": replace(route(), tokens=(TOKEN, TOKEN)),
}


async def test_what_a_map_cannot_hold_is_refused_whole(edge: Edge) -> None:
    """A value with characters that would make another row of it is Permanent, loudly, and
    nothing of its table comes into force."""
    for what, bad in BAD.items():
        with pytest.raises(Permanent, match="The edge refuses"):
            await edge.replace(RouteTable.of([route(7), bad]), EMPTY.version)
        assert await edge.read() == (EMPTY, EMPTY.version), what


async def test_a_table_that_contradicts_itself_is_refused(edge: Edge) -> None:
    """A host twice, a token of two tenants, a tenant with two sets of tokens: Permanent."""
    shared = (TOKEN,)
    for pair in (
        (route(1), replace(route(2), host=route(1).host)),
        (replace(route(1), tokens=shared), replace(route(2), tokens=shared)),
        (route(1), replace(route(1), host="other.t.localhost", tokens=shared)),
    ):
        with pytest.raises(Permanent):
            await edge.replace(RouteTable.of(pair), EMPTY.version)
    assert await edge.read() == (EMPTY, EMPTY.version)


async def test_ten_thousand_routes_are_one_table(edge: Edge) -> None:
    """A large table goes in whole, one route of it changes, and it goes out again."""
    table = RouteTable.of(route(n, tokens=2) for n in range(10_000))
    version = await edge.replace(table, EMPTY.version)
    assert await edge.read() == (table, version)
    changed = RouteTable.of([*table.routes[1:], replace(table.routes[0], door=Door.CLOSED)])
    version = await edge.replace(changed, version)
    assert await edge.read() == (changed, version)
    assert await edge.replace(EMPTY, version) == EMPTY.version
    assert (await edge.read())[0] == EMPTY

"""The prober against real servers on loopback, well-behaved and hostile ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from stateroom.domain.cabin import AGENT_PORT
from stateroom.steward import prober as prober_module
from stateroom.steward.prober import MISSES_ALLOWED, Prober, Target
from tests.world import until

Respond = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
BUSY = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"
ADDRESS = "127.0.31.7"
"""A loopback address of our own: the agent's port is fixed."""

TARGET = Target("agent", ADDRESS, 100.0)


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prober_module, "WHILE_BOOTING", 0.01)
    monkeypatch.setattr(prober_module, "WHILE_HEALTHY", 0.01)
    monkeypatch.setattr(prober_module, "TIMEOUT", 0.3)


class Agent:
    """Answers each request with `says`; asked: the heads of the requests so far."""

    def __init__(self, says: bytes) -> None:
        self.says = says
        self.asked: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.asked.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(self.says)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def asking(agent: Agent | None) -> AsyncIterator[tuple[Prober, asyncio.Event]]:
    """A prober that watches TARGET, and what it sets when a verdict changes."""
    changed = asyncio.Event()
    prober = Prober(changed.set, lambda: 200.0)
    server = await asyncio.start_server(agent, ADDRESS, AGENT_PORT) if agent else None
    prober.watch([TARGET])
    try:
        yield prober, changed
    finally:
        await prober.close()
        if server:
            server.close()
            await server.wait_closed()


def healthy(prober: Prober) -> bool:
    return "agent" in prober.health() and prober.health()["agent"].healthy


def detail(prober: Prober) -> str:
    return prober.health()["agent"].detail if "agent" in prober.health() else ""


async def test_an_agent_that_has_started_is_healthy() -> None:
    """The verdict wakes the loop, and says of which start it speaks."""
    agent = Agent(OK)
    async with asking(agent) as (prober, changed):
        await asyncio.wait_for(changed.wait(), 10)
        verdict = prober.health()["agent"]
        assert (verdict.healthy, verdict.since, verdict.started_at) == (True, 200.0, 100.0)
    assert agent.asked[0].startswith(b"GET /startupz ")
    assert b"x-forwarded-for: 203.0.113.1" in agent.asked[0].lower()


async def test_a_busy_agent_may_miss_a_few() -> None:
    """It is unhealthy after some misses in a row, and no sooner."""
    agent = Agent(OK)
    async with asking(agent) as (prober, _):
        await until(lambda: healthy(prober))
        agent.says = BUSY
        agent.asked.clear()
        await until(lambda: not healthy(prober))
        assert len(agent.asked) >= MISSES_ALLOWED
        assert "503" in prober.health()["agent"].detail
        agent.says = OK
        await until(lambda: healthy(prober))


@pytest.mark.parametrize(
    "says",
    [
        b"",
        b"\x00\xff garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 30_000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 1_000_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/9.9 200 OK\r\n\r\n",
        b"HTTP/1.1 99999 \r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.31.7:18789/startupz\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
    ],
    ids=["nothing", "garbage", "headers", "header", "length", "framing", "version", "status",
         "redirect", "encoding"],
)  # fmt: skip
async def test_a_hostile_agent_is_asked_again(says: bytes) -> None:
    """Whatever a tenant's process sends, its watch goes on, and believes it once it is well."""
    agent = Agent(says)
    async with asking(agent) as (prober, _):
        await until(lambda: len(agent.asked) > 2)
        agent.says = OK
        await until(lambda: healthy(prober))


async def test_nobody_there_is_unhealthy() -> None:
    """A refused connection is a verdict, not an end."""
    async with asking(None) as (prober, _):
        await until(lambda: "cannot be reached" in detail(prober))
        server = await asyncio.start_server(Agent(OK), ADDRESS, AGENT_PORT)
        await until(lambda: healthy(prober))
        server.close()
        await server.wait_closed()


async def test_an_agent_that_never_ends_its_answer_holds_up_nobody() -> None:
    """It is asked again after the time-out."""
    agent = Agent(b"HTTP/1.1 200 OK\r\n")
    hanging: list[asyncio.StreamWriter] = []

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hanging.append(writer)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(agent.says)

    prober = Prober(lambda: None)
    server = await asyncio.start_server(hang, ADDRESS, AGENT_PORT)
    prober.watch([TARGET])
    await until(lambda: len(hanging) > 1)
    assert "did not answer" in prober.health()["agent"].detail
    await prober.close()
    for writer in hanging:
        writer.close()
    server.close()
    await server.wait_closed()


async def test_another_start_begins_unknown() -> None:
    """A verdict belongs to one start: the next one's is not inherited, and who is no longer
    watched has none."""
    async with asking(Agent(OK)) as (prober, _):
        await until(lambda: healthy(prober))
        prober.watch([Target("agent", ADDRESS, 150.0)])
        assert not healthy(prober)
        await until(lambda: healthy(prober))
        assert prober.health()["agent"].started_at == 150.0
        prober.watch([])
        assert prober.health() == {}

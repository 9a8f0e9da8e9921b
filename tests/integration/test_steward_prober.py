"""The prober against real servers on loopback, well-behaved and hostile ones."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from stateroom.domain.cabin import AGENT_PORT
from stateroom.domain.inventory import Health
from stateroom.runtimes.openclaw import LONGEST_MARK
from stateroom.steward import prober as prober_module
from stateroom.steward import question
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
    monkeypatch.setattr(question, "TIMEOUT", 0.3)


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


def acting_on(content: str, status: bytes = b"200 OK") -> bytes:
    """What OpenClaw answers that acts on a content of this mark."""
    header = f"Strict-Transport-Security: max-age=0; content={content}".encode()
    return b"HTTP/1.1 " + status + b"\r\n" + header + b"\r\nContent-Length: 0\r\n\r\n"


def content(prober: Prober) -> str:
    return prober.health()["agent"].content if "agent" in prober.health() else ""


async def test_the_content_that_is_awaited_wakes_the_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """At once, though a healthy runtime is asked seldom: a new content is a new question, and
    its answer a reason to look. The verdict goes on: it is the same start."""
    monkeypatch.setattr(prober_module, "WHILE_HEALTHY", 600.0)
    agent = Agent(acting_on("1-aa"))
    async with asking(agent) as (prober, changed):
        await until(lambda: content(prober) == "1-aa")
        since = prober.health()["agent"].since
        await until(lambda: healthy(prober))
        changed.clear()
        prober.watch([replace(TARGET, content="2-bb")])
        asked = len(agent.asked)
        await until(lambda: len(agent.asked) > asked + 1)
        assert content(prober) == "1-aa" and not changed.is_set()
        agent.says = acting_on("2-bb")
        await asyncio.wait_for(changed.wait(), 10)
        verdict = prober.health()["agent"]
        assert (verdict.content, verdict.healthy, verdict.since) == ("2-bb", True, since)


async def test_a_content_that_was_found_before_it_was_awaited_wakes_the_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The pass that begins to wait has not read what the prober found meanwhile."""
    monkeypatch.setattr(prober_module, "WHILE_HEALTHY", 600.0)
    async with asking(Agent(acting_on("2-bb"))) as (prober, changed):
        await until(lambda: healthy(prober) and content(prober) == "2-bb")
        changed.clear()
        prober.watch([replace(TARGET, content="2-bb")])
        assert changed.is_set()


async def test_a_runtime_that_never_takes_it_is_asked_ever_less(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The pauses grow with the time that has passed: a refusal costs no more than health does."""
    monkeypatch.setattr(prober_module, "WHILE_HEALTHY", 10.0)
    prober = Prober(lambda: None)
    watch = prober_module._Watch("2-bb", time.monotonic())
    prober._verdicts[TARGET] = Health(True, 0.0, "", 100.0, "1-aa")
    pauses = []
    for waited in (0.0, 2.0, 20.0, 900.0):
        watch.since = time.monotonic() - waited
        pauses.append(round(prober._pause(TARGET, watch, 0), 1))
    assert pauses == [0.1, 0.3, 3.0, 10.0]


async def test_whatever_else_a_tenant_says_wakes_nobody() -> None:
    """A runtime that names another content with every answer gives the steward no work."""
    agent = Agent(acting_on("0-x"))
    async with asking(agent) as (prober, changed):
        await until(lambda: healthy(prober))
        prober.watch([replace(TARGET, content="2-bb")])
        changed.clear()
        for number in range(5):
            agent.says = acting_on(f"{number}-{'y' * 4000}")
            asked = len(agent.asked)
            await until(lambda: len(agent.asked) > asked + 1)  # noqa: B023
        assert not changed.is_set()
        assert len(content(prober)) == LONGEST_MARK


async def test_one_that_does_not_answer_acts_on_what_it_acted_on() -> None:
    """Silence tells nothing about content; an answer that names none tells that it acts on
    none of ours."""
    agent = Agent(acting_on("1-aa"))
    async with asking(agent) as (prober, _):
        await until(lambda: healthy(prober) and content(prober) == "1-aa")
        agent.says = b""
        await until(lambda: not healthy(prober))
        assert content(prober) == "1-aa"
        agent.says = OK
        await until(lambda: healthy(prober) and content(prober) == "")

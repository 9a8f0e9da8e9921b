"""Bodies that are slow, or many at once: ended, or sent again, and nothing stays held."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.requests import Request

from stateroom.api.errors import Crowded, TooLarge, TooSlow
from stateroom.api.intake import Bounds, Intake
from tests.integration.api_lab import ADMIN, HOST, api, problem_of, served
from tests.integration.test_api_sessions import CONSOLE

KIB = 1024


class Sender:
    """A client that sends what a test gives it, when the test gives it."""

    def __init__(self, **headers: str) -> None:
        self._parts: asyncio.Queue[tuple[bytes, bool]] = asyncio.Queue()
        self.is_heard = asyncio.Event()
        lines = [(name.encode(), value.encode()) for name, value in headers.items()]
        self.request = Request({"type": "http", "headers": lines}, self._receive)

    def send(self, part: bytes, more: bool = True) -> None:
        self._parts.put_nowait((part, more))

    async def _receive(self) -> dict[str, Any]:
        if self._parts.empty():
            self.is_heard.set()
        part, more = await self._parts.get()
        return {"type": "http.request", "body": part, "more_body": more}


async def taken(intake: Intake, sender: Sender) -> int:
    async with intake.body(sender.request, 1024 * KIB) as body:
        return len(body)


async def test_a_body_that_drips_is_ended() -> None:
    """However much of it is here: 408, and its bytes count no longer."""
    intake = Intake(Bounds(seconds=0.05))
    sender = Sender()
    sender.send(b"x" * 20 * KIB)
    with pytest.raises(TooSlow):
        await taken(intake, sender)
    assert intake.held == 0


async def test_all_bodies_together_hold_no_more_than_the_bound() -> None:
    """The one that would be too much is refused; a small one is taken even then; and what is done
    with makes room."""
    intake = Intake(Bounds(total_bytes=100 * KIB, free_bytes=KIB))
    first, second, third, small = (Sender() for _ in range(4))
    first.send(b"x" * 51 * KIB)
    second.send(b"x" * 51 * KIB)
    reading = [asyncio.create_task(taken(intake, sender)) for sender in (first, second)]
    await asyncio.wait_for(asyncio.gather(first.is_heard.wait(), second.is_heard.wait()), 10)
    assert intake.held == 100 * KIB
    refused = Sender()
    refused.send(b"x" * 2 * KIB, more=False)
    with pytest.raises(Crowded):
        await taken(intake, refused)
    small.send(b"x" * KIB, more=False)
    assert await taken(intake, small) == KIB
    assert intake.held == 100 * KIB
    for sender in (first, second):
        sender.send(b"", more=False)
    assert await asyncio.gather(*reading) == [51 * KIB, 51 * KIB]
    third.send(b"x" * 2 * KIB, more=False)
    assert await taken(intake, third) == 2 * KIB
    assert intake.held == 0


async def test_a_body_counts_until_it_is_done_with() -> None:
    """What was read of it is in memory for as long as somebody works on it."""
    intake = Intake(Bounds(free_bytes=0))
    sender = Sender()
    sender.send(b"x" * KIB, more=False)
    async with intake.body(sender.request, KIB):
        assert intake.held == KIB
    assert intake.held == 0


@pytest.mark.parametrize("headers", [{}, {"content-length": "1025"}])
async def test_a_body_that_is_too_large_is_not_kept(headers: dict[str, str]) -> None:
    """By what it says of itself before any of it is read, else by what arrives."""
    intake = Intake(Bounds(free_bytes=0))
    sender = Sender(**headers)
    sender.send(b"x" * 1025)
    with pytest.raises(TooLarge):
        async with intake.body(sender.request, KIB):
            pass
    assert intake.held == 0


async def test_a_client_that_drips_is_answered_408(tmp_path: Path) -> None:
    """Beyond what the edge takes itself, without a key and with one; nothing stays held."""
    intake = Intake(Bounds(seconds=0.2))
    signing_in, creating = CONSOLE, {"Host": HOST, "Authorization": f"Bearer {ADMIN}"}
    async with api(tmp_path, intake=intake) as it, served(it.app) as http:
        for path, headers, size in (
            ("/session", signing_in, 3 * KIB),
            ("/tenants", creating, 20 * KIB),
        ):
            answer = await answer_to_a_drip(http, path, headers, size)
            assert answer.startswith(b"HTTP/1.1 408 ")
            assert b"application/problem+json" in answer
            assert (await http.get("/health")).status_code == 200
        assert intake.held == 0


async def answer_to_a_drip(
    http: httpx.AsyncClient, path: str, headers: Mapping[str, str], size: int
) -> bytes:
    """The head of the answer to a client that announces more than it sends."""
    reader, writer = await asyncio.open_connection(http.base_url.host, http.base_url.port)
    lines = [f"{name}: {value}" for name, value in headers.items()]
    head = [f"POST /api/v1{path} HTTP/1.1", "Content-Type: application/json",
            "Transfer-Encoding: chunked", *lines]  # fmt: skip
    text = "\r\n".join(head) + f"\r\n\r\n{size:x}\r\n"
    writer.write(text.encode() + b" " * size + b"\r\n")
    try:
        return await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
    finally:
        writer.close()


async def test_signing_in_takes_four_kilobytes(tmp_path: Path) -> None:
    """Nobody has shown a key before that body is read: more of it is 413."""
    async with api(tmp_path) as it:
        for size, status in ((4000, 422), (4096, 413)):
            content = json.dumps({"key": "x" * size}).encode()
            headers = {**CONSOLE, "Content-Type": "application/json"}
            answer = await it.call("POST", "/session", key=None, content=content, headers=headers)
            problem_of(answer, status)


async def test_where_there_is_no_room_a_body_is_503(tmp_path: Path) -> None:
    """With the time after which to send it again; a small one is taken."""
    async with api(tmp_path, intake=Intake(Bounds(total_bytes=KIB, free_bytes=KIB))) as it:
        await it.sample()
        await it.created()
        answer = await it.call("PATCH", "/tenants/acme", json={"name": "x" * 3 * KIB})
        problem_of(answer, 503)
        assert answer.headers["retry-after"] == "2"
        await it.ok("PATCH", "/tenants/acme", json={"name": "x"})

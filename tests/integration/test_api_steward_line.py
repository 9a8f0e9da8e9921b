"""The api's line to the steward, over a real Unix socket against a small server that stands in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path

import pytest
from aiohttp import web

from stateroom.api.steward_client import SocketSteward
from stateroom.errors import Away, Denied, Invalid, NotFound, Problem


@asynccontextmanager
async def steward(
    folder: Path, **answers: object
) -> AsyncIterator[tuple[SocketSteward, list[str]]]:
    """answers: path's first word -> JSON, or (status, JSON). Yields the client and what was
    asked."""
    asked: list[str] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        asked.append(f"{request.method} {request.raw_path} {await request.text()}".strip())
        word = request.path.split("/")[1]
        if word == "signal":
            await asyncio.sleep(0.05)
            return web.Response(status=204)
        if word == "logs":
            return await _log(request)
        answer = answers.get(word, (404, {"detail": "there is no such tenant"}))
        status, body = answer if isinstance(answer, tuple) else (200, answer)
        return web.json_response(body, status=status)

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.UnixSite(runner, str(folder / "steward.sock")).start()
    client = SocketSteward(folder / "steward.sock")
    try:
        yield client, asked
    finally:
        await client.close()
        await runner.cleanup()


async def _log(request: web.Request) -> web.StreamResponse:
    if request.path.endswith("nobody"):
        return web.json_response({"detail": "there is no such tenant"}, status=404)
    response = web.StreamResponse()
    await response.prepare(request)
    for part in (b"one\ntw", b"o \xe2\x80", b"\xa8 \xff\nthree"):
        await response.write(part)
        await asyncio.sleep(0.01)
    if request.query["follow"] == "1":
        assert request.transport is not None
        request.transport.abort()
    return response


async def test_every_call_says_what_it_should(tmp_path: Path) -> None:
    """Paths, bodies and answers of the whole line; what is secret does not show itself."""
    async with steward(
        tmp_path,
        access={"api_token": "sr_x", "ticket": "tick"},
        session={"cookie": "jwt", "max_age": 60},
        usage={"now": {}, "days": []},
        plan={"text": "", "actions": [], "waiting": []},
        status={"ok": True},
    ) as (client, asked):
        access = await client.access("t/1?x")
        assert (access.api_token.reveal(), access.ticket.reveal()) == ("sr_x", "tick")
        assert "sr_x" not in repr(access)
        session = await client.session("t1", "tick")
        assert (session.cookie.reveal(), session.max_age) == ("jwt", 60)
        assert await client.usage("t1") == {"now": {}, "days": []}
        await client.plan()
        await client.plan("t1")
        await client.preview("b", {"name": "b"})
        assert await client.status() == {"ok": True}
        assert asked == [
            "GET /access/t%2F1%3Fx",
            'POST /session {"ticket": "tick", "tenant": "t1"}',
            "GET /usage/t1",
            "GET /plan",
            "GET /plan?tenant=t1",
            (
                'POST /plan {"blueprint": "b", "document": {"name": "b"}, "tenants": null,'
                ' "canary": ""}'
            ),
            "GET /status",
        ]


async def test_refusals_become_our_errors(tmp_path: Path) -> None:
    """403, 404, 422 and 503 keep their sentence; anything else counts as away."""
    for status, error in (
        (403, Denied),
        (404, NotFound),
        (422, Invalid),
        (503, Away),
        (500, Away),
    ):
        async with steward(tmp_path, usage=(status, {"detail": "a sentence"})) as (client, _):
            with pytest.raises(error, match="sentence" if status != 500 else "steward"):
                await client.usage("t1")
    async with steward(tmp_path, usage=["no object"]) as (client, _):
        with pytest.raises(Away):
            await client.usage("t1")


async def test_problems_come_over_whole(tmp_path: Path) -> None:
    """Pointer, code, hint, block and link: what the console leads to."""
    said = [
        Problem("/blocks/0/options/image", "no_image", "Not here.", "Build it.", block="db"),
        Problem("/links/0", "x", "No.", link=("a", "b")),
    ]
    sent = {"detail": "Two.", "errors": [asdict(problem) for problem in said]}
    async with steward(tmp_path, plan=(422, sent)) as (client, _):
        with pytest.raises(Invalid, match="Two") as raised:
            await client.preview("b", {"name": "b"})
    assert raised.value.problems == tuple(said)


async def test_a_steward_that_is_not_there_is_away(tmp_path: Path) -> None:
    """Every call but the signal, which fails for nobody."""
    client = SocketSteward(tmp_path / "steward.sock")
    client.signal()
    for call in (
        client.access("t"),
        client.session("t", "x"),
        client.logs("t", 1, False),
        client.plan(),
    ):
        with pytest.raises(Away):
            await call
    await client.close()


async def test_a_server_that_speaks_something_else_is_away(tmp_path: Path) -> None:
    """Garbage, half an answer, a closed connection."""
    for said in (b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", b""):

        async def handle(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter, said: bytes = said
        ) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(said)
            await writer.drain()
            writer.close()

        path = tmp_path / f"{len(said)}.sock"
        server = await asyncio.start_unix_server(handle, path)
        client = SocketSteward(path)
        with pytest.raises(Away):
            await client.status()
        await client.close()
        server.close()
        await server.wait_closed()


async def test_signals_that_come_together_are_few(tmp_path: Path) -> None:
    """A hundred changes at once are one signal under way and one behind it."""
    async with steward(tmp_path) as (client, asked):
        for _ in range(100):
            client.signal()
            await asyncio.sleep(0)
        for _ in range(100):
            if len(asked) >= 2:
                break
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.2)
        assert asked == ["POST /signal"] * 2
        client.signal()
        await asyncio.sleep(0.2)
        assert len(asked) == 3


async def test_log_lines_are_split_at_newlines_alone(tmp_path: Path) -> None:
    """Whatever pieces they come in; a stream that breaks ends, and says no error in the middle."""
    expected = ["one", "two \u2028 \ufffd", "three"]
    async with steward(tmp_path) as (client, asked):
        assert [line async for line in await client.logs("t1", 5, False)] == expected
        assert asked[-1] == "GET /logs/t1?tail=5&follow=0&role=agent"
        assert [line async for line in await client.logs("t1", 5, True)][:2] == expected[:2]
        with pytest.raises(NotFound):
            await client.logs("nobody", 5, False)

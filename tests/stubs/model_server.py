"""A stand-in for a model provider: a real server on a real loopback socket, that behaves as a
test tells it to. It is no provider: it shows what the broker sends and how it takes what comes.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Seen:
    """One request as it arrived. headers: lower-case names, in order, repeated ones too."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        document = json.loads(self.body)
        assert isinstance(document, dict)
        return document

    def header(self, name: str) -> str | None:
        return next((value for found, value in self.headers if found == name), None)


Behaviour = Callable[[Seen, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class ModelServer:
    """behave: what it does with each request. cut: set when a client hung up on a request
    that was not answered to its end."""

    behave: Behaviour
    seen: list[Seen] = field(default_factory=list)
    cut: asyncio.Event = field(default_factory=asyncio.Event)
    _arrived: asyncio.Condition = field(default_factory=asyncio.Condition)
    _server: asyncio.Server | None = None

    async def __aenter__(self) -> ModelServer:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()

    @property
    def base_url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"

    async def until_seen(self, count: int) -> None:
        """Until so many requests have arrived."""
        async with self._arrived, asyncio.timeout(20):
            await self._arrived.wait_for(lambda: len(self.seen) >= count)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await _read(reader)
            async with self._arrived:
                self.seen.append(request)
                self._arrived.notify_all()
            answering = asyncio.ensure_future(self.behave(request, writer))
            leaving = asyncio.ensure_future(reader.read())
            await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not answering.done():
                self.cut.set()
                answering.cancel()
            leaving.cancel()
            await asyncio.gather(answering, leaving, return_exceptions=True)
        finally:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Seen:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ")
    headers = [(name.lower(), value.strip()) for name, _, value in
               (line.partition(":") for line in head[1:] if line)]
    length = int(dict(headers).get("content-length", "0"))
    return Seen(method, target, headers, await reader.readexactly(length))


async def send(
    writer: asyncio.StreamWriter,
    status: int,
    body: bytes,
    kind: str = "application/json",
    headers: Sequence[tuple[str, str]] = (),
) -> None:
    lines = [f"HTTP/1.1 {status} Status", f"content-type: {kind}", "connection: close",
             f"content-length: {len(body)}", *(f"{n}: {v}" for n, v in headers)]
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
    await writer.drain()


def completion(text: str, usage: tuple[int, int] | None) -> dict[str, Any]:
    document: dict[str, Any] = {
        "id": "c1", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text},
                     "finish_reason": "stop"}],
    }
    return document if usage is None else {**document, "usage": usage_document(usage)}


def usage_document(usage: tuple[int, int]) -> dict[str, int]:
    return {"prompt_tokens": usage[0], "completion_tokens": usage[1],
            "total_tokens": sum(usage)}


def answers(
    text: str = "hello",
    usage: tuple[int, int] | None = (10, 5),
    headers: Sequence[tuple[str, str]] = (),
) -> Behaviour:
    async def behave(_: Seen, writer: asyncio.StreamWriter) -> None:
        await send(writer, 200, json.dumps(completion(text, usage)).encode(), headers=headers)

    return behave


def says(status: int, body: bytes, kind: str = "application/json",
         headers: Sequence[tuple[str, str]] = ()) -> Behaviour:
    async def behave(_: Seen, writer: asyncio.StreamWriter) -> None:
        await send(writer, status, body, kind, headers)

    return behave


def chunk(text: str | None, finish: str | None = None) -> dict[str, Any]:
    delta = {} if text is None else {"content": text}
    return {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], "usage": None}


async def begin_stream(
    writer: asyncio.StreamWriter, headers: Sequence[tuple[str, str]] = ()
) -> None:
    lines = ["HTTP/1.1 200 OK", "content-type: text/event-stream", "connection: close",
             *(f"{n}: {v}" for n, v in headers)]
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n")
    await writer.drain()


async def event(writer: asyncio.StreamWriter, document: object) -> None:
    text = document if isinstance(document, str) else json.dumps(document)
    writer.write(b"data: " + text.encode() + b"\n\n")
    await writer.drain()


def streams(
    pieces: Sequence[str] = ("hel", "lo"),
    usage: tuple[int, int] | None = (10, 5),
    gate: asyncio.Event | None = None,
) -> Behaviour:
    """Streams as OpenAI does. gate: after the first piece it waits for this."""

    async def behave(_: Seen, writer: asyncio.StreamWriter) -> None:
        await begin_stream(writer)
        for number, piece in enumerate(pieces):
            if number == 1 and gate is not None:
                await gate.wait()
            await event(writer, chunk(piece))
        await event(writer, chunk(None, "stop"))
        if usage is not None:
            await event(writer, {"id": "c1", "choices": [], "usage": usage_document(usage)})
        await event(writer, "[DONE]")

    return behave


def breaks_off(pieces: Sequence[str] = ("hel",)) -> Behaviour:
    """Streams some pieces, then the connection ends."""

    async def behave(_: Seen, writer: asyncio.StreamWriter) -> None:
        await begin_stream(writer)
        for piece in pieces:
            await event(writer, chunk(piece))

    return behave


async def hangs(_: Seen, writer: asyncio.StreamWriter) -> None:
    """Takes the request and never answers."""
    await asyncio.Event().wait()


def echoes_the_key(status: int) -> Behaviour:
    """Answers with what it was sent as authorization, in its body and its headers."""

    async def behave(request: Seen, writer: asyncio.StreamWriter) -> None:
        given = request.header("authorization") or ""
        told = {**completion(given, (1, 1)), "error": {"message": f"you sent {given}"}}
        if status == 200:
            del told["error"]
        await send(writer, status, json.dumps(told).encode(), headers=[("x-echo", given)])

    return behave

"""HTTP over a Unix socket, as little as the steward's line needs: one connection a call.

A full client would cost the api ten megabytes for life; h11 is here anyway, the server speaks
through it. Connecting to a socket of this machine takes less than keeping a pool right.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import h11

LARGEST_ANSWER = 32 * 1024 * 1024
_CHUNK = 64 * 1024


class Broken(Exception):
    """Nobody answered, not in time, or not in HTTP."""


class Exchange:
    """One call: `begin` answers the status, then `parts` the body. Always `close`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.CLIENT)

    @classmethod
    async def open(cls, socket: Path) -> Exchange:
        try:
            return cls(*await asyncio.open_unix_connection(str(socket)))
        except OSError as error:
            raise Broken(str(error)) from error

    async def begin(self, method: str, target: str, body: bytes) -> int:
        headers = [("Host", "steward"), ("Connection", "close"), ("Accept", "*/*")]
        if body:
            headers.append(("Content-Type", "application/json"))
        headers.append(("Content-Length", str(len(body))))
        request = h11.Request(method=method, target=target, headers=headers)
        try:
            for event in (request, h11.Data(data=body), h11.EndOfMessage()):
                self._writer.write(self._http.send(event) or b"")
            await self._writer.drain()
            while True:
                answer = await self._next()
                if isinstance(answer, h11.Response):
                    return answer.status_code
        except (OSError, h11.ProtocolError) as error:
            raise Broken(str(error)) from error

    async def parts(self) -> AsyncIterator[bytes]:
        """The body as it comes. Raises Broken when it ends in the middle."""
        try:
            while not isinstance(event := await self._next(), h11.EndOfMessage):
                if isinstance(event, h11.Data):
                    yield bytes(event.data)
        except (OSError, h11.ProtocolError) as error:
            raise Broken(str(error)) from error

    async def whole(self) -> bytes:
        parts, size = [], 0
        async for part in self.parts():
            size += len(part)
            if size > LARGEST_ANSWER:
                raise Broken("the answer is too large")
            parts.append(part)
        return b"".join(parts)

    def close(self) -> None:
        self._writer.close()

    async def _next(self) -> h11.Event:
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                self._http.receive_data(await self._reader.read(_CHUNK))
            elif isinstance(event, h11.Event):
                return event
            else:
                raise Broken("the connection was closed")


async def call(
    socket: Path, method: str, target: str, body: bytes, seconds: float
) -> tuple[int, bytes]:
    """Status and body. Raises Broken."""
    try:
        async with asyncio.timeout(seconds):
            exchange = await Exchange.open(socket)
            try:
                return await exchange.begin(method, target, body), await exchange.whole()
            finally:
                exchange.close()
    except TimeoutError:
        raise Broken(f"no answer within {seconds:g} s") from None

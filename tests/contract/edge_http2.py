"""As much of an HTTP/2 client as it takes to be rude: frames by hand, headers without any
compression, nothing tidied up."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence

DATA, HEADERS, RESET, SETTINGS, GOAWAY = 0, 1, 3, 4, 7
END_STREAM, END_HEADERS, ACK = 1, 4, 1
_STATUSES = {8: 200, 9: 204, 10: 206, 11: 304, 12: 400, 13: 404, 14: 500}


class Refused(Exception):
    """The edge reset the stream or left."""


class Http2:
    """One connection; streams one after the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.patience = 20.0
        """Seconds to wait for the next frame."""
        self._reader, self._writer = reader, writer
        self._stream = -1

    @classmethod
    async def connect(cls, port: int, tls: ssl.SSLContext, host: str) -> Http2:
        tls.set_alpn_protocols(["h2"])
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=tls, server_hostname=host
        )
        assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "h2"
        writer.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _frame(SETTINGS, 0, 0))
        return cls(reader, writer)

    async def ask(self, fields: Sequence[tuple[str, str]], body: bytes | None = None) -> int:
        """The status of the answer to a request with exactly these header fields."""
        await self.begin(fields, end=body is None)
        if body is not None:
            self._writer.write(_frame(DATA, END_STREAM, self._stream, body))
        return await self.status()

    async def begin(self, fields: Sequence[tuple[str, str]], *, end: bool) -> None:
        self._stream += 2
        block = b"".join(b"\x00" + _text(n) + _text(v) for n, v in fields)
        flags = END_HEADERS | (END_STREAM if end else 0)
        self._writer.write(_frame(HEADERS, flags, self._stream, block))
        await self._writer.drain()

    async def send(self, data: bytes) -> None:
        self._writer.write(_frame(DATA, 0, self._stream, data))
        await self._writer.drain()

    async def status(self) -> int:
        return _status(await self._next(HEADERS))

    async def data(self) -> bytes:
        return await self._next(DATA)

    def close(self) -> None:
        self._writer.transport.abort()

    async def _next(self, wanted: int) -> bytes:
        while True:
            head = await asyncio.wait_for(self._reader.readexactly(9), self.patience)
            kind, flags = head[3], head[4]
            payload = await self._reader.readexactly(int.from_bytes(head[:3], "big"))
            stream = int.from_bytes(head[5:], "big")
            if kind == SETTINGS and not flags & ACK:
                self._writer.write(_frame(SETTINGS, ACK, 0))
            elif kind == GOAWAY or (kind == RESET and stream == self._stream):
                raise Refused(kind)
            elif kind == wanted and stream == self._stream:
                return payload


def _frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") \
        + payload


def _text(value: str) -> bytes:
    raw = value.encode("latin-1")
    if len(raw) < 127:
        return bytes([len(raw)]) + raw
    rest, size = len(raw) - 127, [127]
    while rest >= 128:
        size.append(rest % 128 + 128)
        rest //= 128
    return bytes([*size, rest]) + raw


def _status(block: bytes) -> int:
    """:status always comes first; HAProxy compresses no text."""
    if block[0] & 0x80:
        return _STATUSES[block[0] & 0x7F]
    assert block[0] & 0x0F == 8, block[:8]
    assert block[1] == 3, block[:8]
    return int(block[2:5])

"""Do streams live for hours? Waited for, not read off the configuration.

Real: HAProxy with the configuration that Stateroom renders, its map, TLS, HTTP/1.1 and HTTP/2.
A stub stands for the runtime: it says something, is silent for a long gap, and says something
again. Four clients listen, an event stream and a WebSocket in each version of HTTP; after each
gap the WebSockets also send, so that both directions are seen to live. In the middle of every
gap the whole route table is replaced and the certificate renewed, as happens while people work.

    python bench/long_stream.py [--gaps 1200,1200,1260]     seconds of silence, one after another
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from aiohttp import web

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench._machine import machine
from stateroom.edge import certificates
from tests.contract.edge_http2 import Http2, Refused
from tests.contract.edge_lab import ACME, NAMES, WEBSOCKET, Lab, Line, bearer, free_port, lab

_RUNTIME = "127.0.0.43"
_LATE_SECONDS = 60.0
"""How long after its time a message may still come: this measures lives, not delays."""


class Client(Protocol):
    name: str

    async def open(self) -> None: ...

    async def hear(self) -> str:
        """The next thing that the runtime says."""
        ...

    async def say(self, text: str) -> None: ...


@dataclass(slots=True)
class Runtime:
    """Speaks at the start and after each gap, on every stream and socket that is open."""

    gaps: Sequence[float]
    heard: list[str] = field(default_factory=list)

    async def start(self, port: int) -> web.AppRunner:
        app = web.Application()
        app.router.add_get("/stream", self._stream)
        app.router.add_get("/ws", self._socket)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, _RUNTIME, port).start()
        return runner

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await answer.prepare(request)
        for number, gap in enumerate((0.0, *self.gaps)):
            await asyncio.sleep(gap)
            await answer.write(f"data: {number}\n\n".encode())
        return answer

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        channel = web.WebSocketResponse()
        await channel.prepare(request)
        listening = asyncio.create_task(self._listen(channel))
        for number, gap in enumerate((0.0, *self.gaps)):
            await asyncio.sleep(gap)
            await channel.send_str(f"{number}")
        await listening
        return channel

    async def _listen(self, channel: web.WebSocketResponse) -> None:
        async for message in channel:
            self.heard.append(str(message.data))


class Stream1:
    name = "event stream, HTTP/1.1"

    def __init__(self, here: Lab) -> None:
        self._here = here
        self._line: Line | None = None

    async def open(self) -> None:
        self._line = await self._here.open()
        await self._line.send(self._here.request(target="/stream", headers=[bearer()]))
        answer = await self._line.head()
        assert answer.status == 200, answer

    async def hear(self) -> str:
        assert self._line is not None
        size = int(await self._line.reader.readline(), 16)
        data = await self._line.reader.readexactly(size + 2)
        return data.decode().strip().removeprefix("data: ")

    async def say(self, text: str) -> None:
        """Event streams have one direction."""


class Stream2:
    name = "event stream, HTTP/2"

    def __init__(self, here: Lab) -> None:
        self._here = here
        self._client: Http2 | None = None

    async def open(self) -> None:
        self._client = await _http2(self._here)
        await self._client.begin([(":method", "GET"), *_fields(self._here, "/stream")], end=True)
        status = await self._client.status()
        assert status == 200, status

    async def hear(self) -> str:
        assert self._client is not None
        return (await self._client.data()).decode().strip().removeprefix("data: ")

    async def say(self, text: str) -> None:
        """Event streams have one direction."""


class Socket1:
    name = "WebSocket, HTTP/1.1"

    def __init__(self, here: Lab) -> None:
        self._here = here
        self._line: Line | None = None

    async def open(self) -> None:
        self._line = await self._here.open()
        headers = [bearer(), *WEBSOCKET]
        await self._line.send(self._here.request(target="/ws", headers=headers))
        answer = await self._line.head()
        assert answer.status == 101, answer

    async def hear(self) -> str:
        assert self._line is not None
        head = await self._line.reader.readexactly(2)
        return (await self._line.reader.readexactly(head[1])).decode()

    async def say(self, text: str) -> None:
        assert self._line is not None
        await self._line.send(_masked(text))


class Socket2:
    name = "WebSocket, HTTP/2"

    def __init__(self, here: Lab) -> None:
        self._here = here
        self._client: Http2 | None = None

    async def open(self) -> None:
        self._client = await _http2(self._here)
        connect = [(":method", "CONNECT"), (":protocol", "websocket")]
        version = ("sec-websocket-version", "13")
        await self._client.begin([*connect, *_fields(self._here, "/ws"), version], end=False)
        status = await self._client.status()
        assert status == 200, status

    async def hear(self) -> str:
        assert self._client is not None
        return (await self._client.data())[2:].decode()

    async def say(self, text: str) -> None:
        assert self._client is not None
        await self._client.send(_masked(text))


async def _http2(here: Lab) -> Http2:
    client = await Http2.connect(here.config.https_port, here.tls, ACME)
    client.patience = 24 * 3600
    return client


def _fields(here: Lab, path: str) -> list[tuple[str, str]]:
    name, value = bearer()
    return [(":scheme", "https"), (":authority", f"{ACME}{here.config.port_suffix}"),
            (":path", path), (name.lower(), value)]


def _masked(text: str) -> bytes:
    return bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text.encode()


async def follow(client: Client, gaps: Sequence[float], began: float) -> bool:
    """Listens to one stream to its last message and prints each; False if it was cut before."""
    await client.open()
    for number, gap in enumerate((0.0, *gaps)):
        try:
            heard = await asyncio.wait_for(client.hear(), gap + _LATE_SECONDS)
            await client.say(f"{client.name} {number}")
        except (OSError, EOFError, TimeoutError, ValueError, Refused) as error:
            _print(began, f"{client.name}: CUT in gap {number} of {gap:.0f} s: {error!r}")
            return False
        if heard != str(number):
            _print(began, f"{client.name}: WRONG after gap {number}: {heard!r}")
            return False
        _print(began, f"{client.name}: message {number} after {gap:.0f} s of silence")
    return True


async def disturb(here: Lab, gaps: Sequence[float], began: float) -> None:
    """What an installation does to its edge while streams are open."""
    for gap in gaps:
        await asyncio.sleep(gap / 2)
        table, version = await here.edge.read()
        await here.edge.replace(type(table)(), version)
        await here.edge.replace(table, table.__class__().version)
        now = time.time()
        authority = certificates.make_authority("Next", ("t.localhost", "console.localhost"), now)
        key, chain = certificates.issue(authority, NAMES, now)
        await here.edge.install_certificate(here.config.certificate, chain + key)
        _print(began, "every route taken away and put back, a new certificate")
        await asyncio.sleep(gap / 2)


async def measure(gaps: Sequence[float]) -> bool:
    port, runtime = free_port(), Runtime(gaps)
    runner = await runtime.start(port)
    try:
        async with lab() as here:
            await here.change(ACME, address=_RUNTIME, port=port)
            began = time.monotonic()
            clients: list[Client] = [Stream1(here), Stream2(here), Socket1(here), Socket2(here)]
            disturbing = asyncio.create_task(disturb(here, gaps, began))
            lived = await asyncio.gather(*(follow(c, gaps, began) for c in clients))
            await disturbing
            await asyncio.sleep(1)
            expected = [f"{c.name} {n}" for c, n in itertools.product(clients[2:],
                                                                       range(len(gaps) + 1))]
            arrived = sorted(runtime.heard) == sorted(expected)
            _print(began, f"{sum(lived)} of {len(lived)} streams lived to their end; what the "
                          f"WebSockets sent {'arrived' if arrived else 'DID NOT ARRIVE'}")
            return all(lived) and arrived
    finally:
        await runner.cleanup()


def _print(began: float, text: str) -> None:
    print(f"{(time.monotonic() - began) / 60:6.1f} min  {text}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gaps", default="1200,1200,1260")
    gaps = [float(gap) for gap in parser.parse_args().gaps.split(",")]
    print(machine(), flush=True)
    print(f"\nsilent for {', '.join(f'{gap / 60:g}' for gap in gaps)} minutes", flush=True)
    sys.exit(0 if asyncio.run(measure(gaps)) else 1)


if __name__ == "__main__":
    main()

"""One line to one place: bytes that come in on a listening socket go to a single address, and back.

The api has no network. Where its database is one, this program is what it reaches instead: a
container of its own that listens on a Unix socket which only the api may open, and connects to
the database's host and port and to nothing else. It has no password and opens no TLS: what it
carries is encrypted by those at the ends.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

log = logging.getLogger("stateroom.relay")

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Connect = Callable[[], Awaitable[Streams]]

LINES = 32
"""Connections at a time; the api's pool has five, a migration one."""
CONNECT_SECONDS = 10.0
BLOCK = 65_536


class Relay:
    """Carries what comes in on `listener` to whatever `connect` opens."""

    def __init__(self, listener: socket.socket, connect: Connect) -> None:
        self._listener = listener
        self._connect = connect
        self._lines: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._started = False

    async def start(self) -> None:
        """Again, or by two at once: changes nothing."""
        if not self._started:
            self._started = True
            self._server = await asyncio.start_server(self._taken, sock=self._listener)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        self._listener.close()
        for line in list(self._lines):
            line.cancel()
        await asyncio.gather(*self._lines, return_exceptions=True)

    async def _taken(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = asyncio.current_task()
        assert line is not None
        if len(self._lines) >= LINES:
            log.warning("more than %d connections at once: one is refused", LINES)
            writer.close()
            return
        self._lines.add(line)
        try:
            await self._carry((reader, writer))
        finally:
            self._lines.discard(line)
            writer.close()

    async def _carry(self, near: Streams) -> None:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                far = await self._connect()
        except OSError as error:  # A TimeoutError is one, too, and says nothing.
            log.warning("the database cannot be reached: %s", str(error) or "no answer")
            return
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(_pump(near[0], far[1]))
                both.create_task(_pump(far[0], near[1]))
        except* OSError:
            pass  # One end is gone: so is the line.
        finally:
            far[1].close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Until the one side says that it is done; the other is told."""
    while block := await reader.read(BLOCK):
        writer.write(block)
        await writer.drain()
    with contextlib.suppress(OSError):
        writer.write_eof()


def unix_listener(path: Path) -> socket.socket:
    """For the folder's group to open, whatever the umask; the one before is taken away."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    before = os.umask(0o117)
    try:
        listener.bind(str(path))
    finally:
        os.umask(before)
    listener.listen()
    return listener


async def run(listen: Path, host: str, port: int) -> None:
    """Until SIGTERM. The name is looked up for every connection, so it may move."""
    relay = Relay(unix_listener(listen), lambda: asyncio.open_connection(host, port))
    ending = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ending.set)
    await relay.start()
    await ending.wait()
    await relay.close()


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    parser = argparse.ArgumentParser(prog="python -m stateroom.relay")
    parser.add_argument("--listen", required=True, type=Path, help="the Unix socket to make")
    parser.add_argument("--host", required=True, help="where every connection goes")
    parser.add_argument("--port", required=True, type=int)
    given = parser.parse_args()
    asyncio.run(run(given.listen, given.host, given.port))


if __name__ == "__main__":
    main()

"""A place for a browser beside cabins. Nothing comes or goes in its network: Chromium ends whatever
it loads as often as the machine has another one. And it takes no precedence over the runtimes that
it waits for: left to itself, as root, Chromium gives itself a negative nice value.

The network has a loopback of its own, whose one port leads to the same port of the machine's.
"""

from __future__ import annotations

import asyncio
import ctypes
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import Thread

from tests.e2e.installation import Stateroom, run


@contextmanager
def quiet(stateroom: Stateroom) -> Iterator[tuple[str, ...]]:
    """Yields the words that let a program run there; the installation answers there too."""
    name, port = f"stateroom-{stateroom.home.name}", stateroom.ports[0]
    run("ip", "netns", "delete", name, ok=False)  # of a run that was killed
    run("ip", "netns", "add", name)
    inside = ("nsenter", f"--net=/run/netns/{name}")
    try:
        run(*inside, "ip", "link", "set", "lo", "up")
        with bridged(listening(Path("/run/netns") / name, port), port):
            yield *inside, "setpriv", "--bounding-set", "-sys_nice", "nice", "-n", "5"
    finally:
        run("ip", "netns", "delete", name)


def listening(namespace: Path, port: int) -> socket.socket:
    """A socket belongs to where it was made, whoever holds it. It is made by a thread that ends
    there, since a process is in one namespace for each of its threads."""
    made: list[socket.socket] = []

    def make() -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        with namespace.open() as file:
            if libc.setns(file.fileno(), 0) != 0:
                raise OSError(ctypes.get_errno(), f"setns {namespace}")
        made.append(socket.create_server(("127.0.0.1", port), backlog=200))

    thread = Thread(target=make)
    thread.start()
    thread.join()
    assert made, f"nobody listens in {namespace}"
    return made[0]


@contextmanager
def bridged(listener: socket.socket, port: int) -> Iterator[None]:
    """Each connection to it is one to the machine's own port, for as long."""
    begun: Future[Callable[[], object]] = Future()
    thread = Thread(target=lambda: asyncio.run(_serve(listener, port, begun)))
    thread.start()
    end = begun.result()
    try:
        yield
    finally:
        end()
        thread.join()


async def _serve(
    listener: socket.socket, port: int, begun: Future[Callable[[], object]]
) -> None:
    ending, loop = asyncio.Event(), asyncio.get_running_loop()
    async with await asyncio.start_server(partial(_joined, port), sock=listener):
        begun.set_result(lambda: loop.call_soon_threadsafe(ending.set))
        await ending.wait()


async def _joined(port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    # Whoever ends this ends all of it: there is nobody to be told that it was cancelled.
    with suppress(OSError, asyncio.CancelledError), closing(writer.transport):
        there, back = await asyncio.open_connection("127.0.0.1", port)
        with closing(back.transport):
            await asyncio.gather(_carry(reader, back), _carry(there, writer))


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(1 << 16):
        writer.write(piece)
        await writer.drain()
    writer.close()


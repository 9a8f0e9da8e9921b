"""A loopback port in front of a Unix socket, as the edge is one for the api."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def door(path: Path) -> Iterator[int]:
    """The port. Every connection is carried to the socket at `path` and back."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_let_in, args=(listener, path), daemon=True).start()
        yield listener.getsockname()[1]


def _let_in(listener: socket.socket, path: Path) -> None:
    while True:
        try:
            outside, _ = listener.accept()
        except OSError:
            return  # The test is over.
        inside = socket.socket(socket.AF_UNIX)
        try:
            inside.connect(str(path))
        except OSError:
            inside.close()
            outside.close()
            continue
        threading.Thread(target=_join, args=(outside, inside), daemon=True).start()


def _join(outside: socket.socket, inside: socket.socket) -> None:
    with outside, inside:
        back = threading.Thread(target=_carry, args=(inside, outside), daemon=True)
        back.start()
        _carry(outside, inside)
        back.join()


def _carry(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
    with suppress(OSError):
        other.shutdown(socket.SHUT_WR)

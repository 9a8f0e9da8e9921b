"""The running broker: two servers in one process, one for the cabins, one for the steward."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

from uvicorn.config import Config
from uvicorn.server import Server

from stateroom.broker.app import CabinsApp
from stateroom.broker.calls import Calls
from stateroom.broker.connections import bounded_protocol
from stateroom.broker.ledger import Ledger
from stateroom.broker.limits import Bounds
from stateroom.broker.register import Register
from stateroom.broker.upstream import Upstream
from stateroom.broker.usage import UsageApp

BACKLOG = 512
STOP_SECONDS = 5
"""How long calls under way may go on once the broker is told to end."""


class _Server(Server):
    """Signals are taken by `serve`, once for both servers."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Broker:
    """One broker, listening from the moment that it is made.

    grants: the folder that the steward writes. home: where the ledger (broker/) and the socket
    (run/broker/) are; both folders must be this process's own. port: 0 for any that is free.
    Raises Conflict while another broker runs on the same home, and OSError.
    """

    def __init__(
        self,
        grants: Path,
        home: Path,
        host: str,
        port: int,
        bounds: Bounds | None = None,
        upstream: Upstream | None = None,
    ) -> None:
        bounds = bounds or Bounds()
        self._upstream = upstream or Upstream()
        self._ledger = Ledger(_folder(home / "broker") / "ledger.db")
        register = Register(grants)
        calls = Calls(register, self._ledger, self._upstream)
        cabins = _Server(_config(CabinsApp(register, calls, bounds), bounded_protocol(bounds)))
        steward = _Server(_config(UsageApp(self._ledger)))
        try:
            self._front = _tcp_socket(host, port)
            # The ledger's lock is ours by now, so a socket that is left there is nobody's.
            back = _unix_socket(_folder(home / "run" / "broker") / "broker.sock")
        except OSError:
            self._ledger.close()
            raise
        self._servers = [(cabins, self._front), (steward, back)]

    @property
    def port(self) -> int:
        return int(self._front.getsockname()[1])

    async def run(self) -> None:
        """Until `stop`; calls under way have STOP_SECONDS to end."""
        try:
            await asyncio.gather(*(server.serve([at]) for server, at in self._servers))
        finally:
            await self._upstream.close()
            self._ledger.close()

    def stop(self) -> None:
        for server, _ in self._servers:
            server.should_exit = True


async def serve(broker: Broker) -> None:
    """Runs until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, broker.stop)
    await broker.run()


def _config(app: CabinsApp | UsageApp, http: type[asyncio.Protocol] | str = "h11") -> Config:
    return Config(
        app,
        http=http,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=STOP_SECONDS,
        h11_max_incomplete_event_size=32 * 1024,
        interface="asgi3",
    )


def _tcp_socket(host: str, port: int) -> socket.socket:
    # By its full name: only then asyncio turns off Nagle's algorithm, which costs 40 ms a call.
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
    except OSError as error:
        found.close()
        raise OSError(
            f"port {port} cannot be used ({error.strerror}); choose another as broker_port"
        ) from error
    found.listen(BACKLOG)
    return found


def _unix_socket(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    found = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    found.bind(str(path))
    # Its folder decides who gets here: the group that the steward is in.
    path.chmod(0o660)
    found.listen(BACKLOG)
    return found


def _folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path

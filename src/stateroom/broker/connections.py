"""Connections of cabins, kept in bounds: how many from one address and in all, and how slowly
they may speak.

uvicorn waits for ever for the head of a request; a hostile cabin could so hold every descriptor
that the broker has, with nothing but patience.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.server import ServerState

from stateroom.broker.limits import Bounds


def bounded_protocol(bounds: Bounds) -> type[asyncio.Protocol]:
    """A protocol class for one server: its connections count against each other."""
    open_from: Counter[str] = Counter()

    class Bounded(_BoundedProtocol):
        def __init__(
            self,
            config: Config,
            server_state: ServerState,
            app_state: dict[str, Any],
            _loop: asyncio.AbstractEventLoop | None = None,
        ) -> None:
            super().__init__(config, server_state, app_state, _loop)
            self.bounds = bounds
            self.open_from = open_from

    return Bounded


class _BoundedProtocol(H11Protocol):
    bounds: Bounds
    open_from: Counter[str]
    _peer: str | None = None
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        peer = self.client[0] if self.client else ""
        if not self._may_enter(peer):
            transport.abort()
            return
        self._peer = peer
        self.open_from[peer] += 1
        self._watch()

    def _may_enter(self, peer: str) -> bool:
        own = self.open_from[peer]
        if own >= self.bounds.connections:
            return False
        return not own or self.open_from.total() < self.bounds.all_connections

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._stop_watching()
        if self._peer is not None:
            self.open_from[self._peer] -= 1
            if not self.open_from[self._peer]:
                del self.open_from[self._peer]
            self._peer = None

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()

    def _watch(self) -> None:
        """A deadline runs while the client owes us something that no handler waits for: the head
        of a request, or the rest of one that was answered already."""
        # uvicorn calls it a cycle from the start, but has none before the first request.
        cycle: RequestResponseCycle | None = self.cycle
        handled = cycle is not None and not cycle.response_complete
        if handled or self.conn.their_state is h11.DONE or self.transport.is_closing():
            self._stop_watching()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(
                self.bounds.header_seconds, self.transport.abort
            )

    def _stop_watching(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

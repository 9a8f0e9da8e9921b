"""Limits that keep one cabin from using up the broker for all the others.

Calls are counted by cabin; bytes that a request holds in memory are counted by cabin and for
all together. The first part of every request is free of the common count, so that those who
send much cannot keep out those who send little. Work that stops everything else while it lasts
is done by a cabin one piece at a time, with rests.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

from stateroom.broker import refusals

MIB = 1024 * 1024
LONG_SECONDS = 0.02
RESTS = 3
DESCRIPTORS_OF_A_CALL = 2
"""The cabin's connection and the provider's."""
OWN_DESCRIPTORS = 128
"""Listeners, ledger, logs, and what the steward asks."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """calls: under way at once, for one cabin. body: bytes of one request. cabin_bytes: of all
    requests of one cabin. total_bytes: of all that is above `free_bytes` of each request.
    body_seconds: for a request's body to arrive. header_seconds: for its head.
    connections: open at once from one address. all_connections: from all together, within the
    descriptors that the process has, of which a call takes two; who has none yet gets one even
    then, so that many cabins cannot keep out another one."""

    calls: int = 16
    body: int = 32 * MIB
    cabin_bytes: int = 48 * MIB
    total_bytes: int = 128 * MIB
    free_bytes: int = MIB
    body_seconds: float = 60.0
    header_seconds: float = 10.0
    connections: int = 64
    all_connections: int = 8000

    @classmethod
    def within(cls, descriptors: int) -> Bounds:
        """For a process that may have so many files open."""
        most = max(cls().connections, (descriptors - OWN_DESCRIPTORS) // DESCRIPTORS_OF_A_CALL)
        return cls(all_connections=min(cls().all_connections, most))


class Turnstile:
    """Every call passes through here. Holds nothing of a cabin that has no call under way."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._calls: Counter[str] = Counter()
        self._bytes: Counter[str] = Counter()
        self._turns: dict[str, asyncio.Lock] = {}
        self._total = 0

    @contextmanager
    def enter(self, cabin: str) -> Iterator[Pass]:
        """Raises Refusal when the cabin has as many calls under way as it may."""
        if self._calls[cabin] >= self._bounds.calls:
            raise refusals.too_many(self._bounds.calls)
        self._calls[cabin] += 1
        held = Pass(self, cabin)
        try:
            yield held
        finally:
            held.release()
            self._take(self._calls, cabin, 1)
            if cabin not in self._calls:
                self._turns.pop(cabin, None)

    def turn(self, cabin: str) -> asyncio.Lock:
        """Held by the one call of this cabin that may work just now."""
        return self._turns.setdefault(cabin, asyncio.Lock())

    def hold(self, cabin: str, before: int, after: int) -> None:
        """One request has grown. Raises Refusal when that is too much for now."""
        bounds = self._bounds
        if after > bounds.body:
            raise refusals.too_large(bounds.body)
        grown = after - before
        common = max(0, after - bounds.free_bytes) - max(0, before - bounds.free_bytes)
        if self._bytes[cabin] + grown > bounds.cabin_bytes:
            raise refusals.busy()
        if common and self._total + common > bounds.total_bytes:
            raise refusals.busy()
        self._bytes[cabin] += grown
        self._total += common

    def let_go(self, cabin: str, held: int) -> None:
        self._take(self._bytes, cabin, held)
        self._total -= max(0, held - self._bounds.free_bytes)

    @staticmethod
    def _take(counter: Counter[str], cabin: str, number: int) -> None:
        counter[cabin] -= number
        if counter[cabin] <= 0:
            del counter[cabin]


class Pass:
    """One call's way through the turnstile: how many bytes it holds."""

    def __init__(self, turnstile: Turnstile, cabin: str) -> None:
        self._turnstile = turnstile
        self._cabin = cabin
        self._held = 0

    def grow_to(self, size: int) -> None:
        """Raises Refusal; what was held stays held until `release`."""
        self._turnstile.hold(self._cabin, self._held, size)
        self._held = size

    @asynccontextmanager
    async def work(self) -> AsyncIterator[None]:
        """Around what cannot be interrupted. When it took long, the cabin's next such work waits
        for a multiple of that time: so a cabin gets a quarter of the broker at the most."""
        async with self._turnstile.turn(self._cabin):
            began = time.monotonic()
            try:
                yield
            finally:
                took = time.monotonic() - began
                if took > LONG_SECONDS:
                    await asyncio.sleep(RESTS * took)

    def release(self) -> None:
        held, self._held = self._held, 0
        self._turnstile.let_go(self._cabin, held)

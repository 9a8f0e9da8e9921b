"""What bodies of requests may hold of this process together, and how long one may take to arrive.

Signing in reads a body before anybody has shown who they are, and a tenant's key is no reason to
trust its holder either. So a body that drips in is ended, and where many hold much the next one has
to come again. The first part of every body is free of the common count, so that those who send
much cannot keep out those who send little.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fastapi import Request

from stateroom.api.errors import Crowded, TooLarge, TooSlow

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Bounds:
    """seconds: for a body to arrive. total_bytes: of all bodies in flight, of what is above
    `free_bytes` of each; the edge lets a few hundred requests through at once, and takes that
    much of a body itself before it asks us."""

    seconds: float = 10.0
    total_bytes: int = 32 * MIB
    free_bytes: int = 16 * 1024


class Intake:
    """Every body passes through here."""

    def __init__(self, bounds: Bounds | None = None) -> None:
        self._bounds = bounds or Bounds()
        self.held = 0
        """Bytes that count towards the common bound just now."""

    @asynccontextmanager
    async def body(self, request: Request, largest: int) -> AsyncIterator[bytes]:
        """The whole body; its bytes count until the caller is done with them. Raises TooLarge
        without having read more than `largest`, TooSlow, Crowded."""
        _must_be_small(_declared(request), largest)
        arriving = _Arriving(self)
        try:
            try:
                async with asyncio.timeout(self._bounds.seconds):
                    async for part in request.stream():
                        _must_be_small(arriving.size + len(part), largest)
                        arriving.take(part)
            except TimeoutError:
                raise TooSlow from None
            yield b"".join(arriving.parts)
        finally:
            self.held -= self.counted(arriving.size)

    def counted(self, size: int) -> int:
        """What a body of so many bytes adds to the common count."""
        return max(0, size - self._bounds.free_bytes)

    def hold(self, more: int) -> None:
        """Raises Crowded, having counted nothing."""
        if more and self.held + more > self._bounds.total_bytes:
            raise Crowded
        self.held += more


class _Arriving:
    """One body: what of it is here."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self.parts: list[bytes] = []
        self.size = 0

    def take(self, part: bytes) -> None:
        """Raises Crowded; what was held stays held."""
        size = self.size + len(part)
        self._intake.hold(self._intake.counted(size) - self._intake.counted(self.size))
        self.parts.append(part)
        self.size = size


def _declared(request: Request) -> int:
    """0 where the request does not say how long its body is."""
    given = request.headers.get("content-length", "")
    return int(given) if given.isdigit() else 0


def _must_be_small(size: int, largest: int) -> None:
    if size > largest:
        raise TooLarge(f"a body has at most {largest} bytes here; this one has more. Send less.")

"""Answers that last end with what they were given for: a key, or a browser's session."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.types import Message, Send

LOOK_AGAIN = 1.0
"""Seconds after which it is looked at again, before anything more is sent."""


class Over(Exception):
    """The key or session of an answer that is under way is no longer good; the answer has been
    ended."""


class Watched:
    """`send` for an answer that may last: once `is_good` says no it is ended, and Over raised. A
    stream that has nothing to send hears of it with its next comment. clock: seconds."""

    def __init__(
        self, send: Send, is_good: Callable[[], Awaitable[bool]], clock: Callable[[], float]
    ) -> None:
        self._send = send
        self._is_good = is_good
        self._clock = clock
        self._seen = clock()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.body" and message.get("more_body"):
            now = self._clock()
            # A clock that was set back says nothing about the time.
            if not 0 <= now - self._seen < LOOK_AGAIN:
                self._seen = now
                if not await self._is_good():
                    await self._send({"type": "http.response.body", "body": b""})
                    raise Over
        await self._send(message)

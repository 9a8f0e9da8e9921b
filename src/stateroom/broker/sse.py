"""Server-sent events as a provider streams them: bytes in, whole events out. Pure.

Only what model APIs use: `event`, `data` and comments. However the bytes were cut on their way,
the same events come out; an event that never ends is refused instead of kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

MAX_EVENT_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Event:
    """data: the payload's text, "" for a comment. comment: a sign of life, nothing more."""

    data: str
    name: str = ""
    comment: bool = False


class EventReader:
    """Raises ValueError on what is not an event stream (too long, not UTF-8)."""

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[str] = []
        self._name = ""
        self._size = 0

    def feed(self, chunk: bytes) -> Iterator[Event]:
        lines = (self._rest + chunk).split(b"\n")
        self._rest = lines.pop()
        for line in lines:
            event = self._line(line.removesuffix(b"\r"))
            if event is not None:
                yield event
        if len(self._rest) > MAX_EVENT_BYTES:
            raise ValueError("an event is too long")

    def end(self) -> Iterator[Event]:
        """What was complete but for the blank line that should have ended it."""
        for line in (self._rest, b""):
            event = self._line(line.removesuffix(b"\r"))
            if event is not None:
                yield event
        self._rest = b""

    def _line(self, line: bytes) -> Event | None:
        if not line:
            return self._finish()
        if line.startswith(b":"):
            return Event("", comment=True)
        name, _, value = line.decode("utf-8").partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._size += len(value)
            if self._size > MAX_EVENT_BYTES:
                raise ValueError("an event is too long")
            self._data.append(value)
        elif name == "event":
            self._name = value
        return None

    def _finish(self) -> Event | None:
        data, name = self._data, self._name
        self._data, self._name, self._size = [], "", 0
        return Event("\n".join(data), name) if data else None

"""Server-sent events: lines in, events out. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """id: what Last-Event-ID resumes after, "" when the stream gave none."""

    id: str
    kind: str
    data: str

    @property
    def value(self) -> Any:
        """The data as JSON, or as it is where it is none."""
        try:
            return json.loads(self.data)
        except ValueError:
            return self.data


def events(lines: Iterable[str]) -> Iterator[Event]:
    """An event that the end of the stream cut off is left out: it is asked for again by id."""
    last_id, kind, data = "", "", list[str]()
    for line in lines:
        if line == "":
            if data:
                yield Event(last_id, kind or "message", "\n".join(data))
            kind, data = "", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            data.append(value)
        elif field == "event":
            kind = value
        elif field == "id":
            last_id = value

"""A document that somebody sent, made safe to look at.

YAML can hold what JSON cannot (dates, references to itself, keys that are no text), and either
can hold more than anybody would draw. Reading copies the document under fixed bounds: what is
left has JSON's types only, and a place that was refused holds `REFUSED`, so that no later rule
complains about it a second time.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Final

from stateroom.domain.names import kind_of, shown
from stateroom.domain.pointer import pointer
from stateroom.errors import Problem

DEEPEST = 12
MOST_NODES = 20_000
MOST_KEYS = 200
MOST_TEXT = 2_000_000
LARGEST = 2**53 - 1
"""Beyond this a browser no longer tells two whole numbers apart."""


class _Refused(Enum):
    REFUSED = "refused"


REFUSED: Final = _Refused.REFUSED
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def read(document: object) -> tuple[object, tuple[Problem, ...]]:
    """A copy in JSON's types and what had to be refused. Too large as a whole: (REFUSED, why)."""
    reader = _Reader()
    try:
        return reader.copy(document, "", 0), tuple(reader.problems)
    except _TooLarge as reason:
        return REFUSED, (Problem("", "too_large", str(reason), "Split or shorten it."),)


class _TooLarge(Exception):
    pass


class _Reader:
    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._nodes = 0
        self._text = 0

    def copy(self, value: object, at: str, depth: int) -> object:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise _TooLarge(f"The document has more than {MOST_NODES} parts.")
        if depth > DEEPEST:
            return self._refuse(at, "too_deep", f"This is nested deeper than {DEEPEST} levels.")
        match value:
            case None | bool():
                return value
            case str():
                return self._copy_text(value, at)
            case int() if abs(value) > LARGEST:
                return self._refuse(at, "out_of_range", "This number is too large.")
            case int():
                return int(value)
            case float():
                return self._copy_float(value, at)
            case list() | tuple():
                return [self.copy(v, at + pointer(i), depth + 1) for i, v in enumerate(value)]
            case Mapping() if len(value) > MOST_KEYS:
                return self._refuse(at, "too_many", f"More than {MOST_KEYS} names are in here.")
            case Mapping():
                return dict(self._copy_entries(value, at, depth))
        hint = f'Put it in quotes: "{value}".' if hasattr(value, "isoformat") else ""
        detail = f"There is {kind_of(value)} ({type(value).__name__}) here."
        return self._refuse(at, "not_json", detail, hint)

    def _copy_text(self, value: str, at: str) -> object:
        self._text += len(value)
        if self._text > MOST_TEXT:
            raise _TooLarge(f"The document has more than {MOST_TEXT} characters of text.")
        if _is_storable(value):
            return str(value)
        return self._refuse(at, "not_text", "This text holds a NUL or broken Unicode.")

    def _copy_float(self, value: float, at: str) -> object:
        if not math.isfinite(value):
            return self._refuse(at, "not_a_number", f"{shown(value)} is not a number in JSON.")
        if abs(value) > LARGEST:
            return self._refuse(at, "out_of_range", "This number is too large.")
        # 1.0 and 1 are one number to a browser: the same document must have the same digest.
        return int(value) if value.is_integer() else value

    def _copy_entries(
        self, value: Mapping[object, object], at: str, depth: int
    ) -> Iterator[tuple[str, object]]:
        for key, entry in value.items():
            if isinstance(key, str) and _is_storable(key):
                yield str(key), self.copy(entry, at + pointer(key), depth + 1)
            else:
                detail = f"{shown(key)} is not a name here: names are text."
                self._refuse(at, "not_text", detail, "Put it in quotes.")

    def _refuse(self, at: str, code: str, detail: str, hint: str = "") -> object:
        self.problems.append(Problem(at, code, detail, hint))
        return REFUSED


def _is_storable(text: str) -> bool:
    # NUL ends a value in an environment; lone surrogates are all that UTF-8 cannot write.
    return not _UNSTORABLE.search(text)

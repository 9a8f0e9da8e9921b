"""YAML, read as what people mean by it: JSON that is easier to write.

Built from the parser's events rather than by a loader, so that what makes YAML dangerous never
begins: no anchors and aliases (a few lines of which expand to gigabytes), no tags (objects of
other languages), no dates. Plain words follow YAML 1.2: `off` and `no` are text, not false.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any, NoReturn

import yaml

from stateroom.api.documents import DEEPEST, as_text, check_bounds, refuse, too_deep
from stateroom.domain.names import shown

_WORDS: dict[str, object] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_BASED = re.compile(r"0x[0-9a-fA-F]{1,15}|0o[0-7]{1,20}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NO_NUMBERS = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


def read_yaml(body: bytes) -> Any:
    """One document. Raises Invalid, saying where."""
    text = as_text(body, "YAML")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        value = _Builder(yaml.parse(text, Loader=loader)).document()
    except yaml.YAMLError as error:
        _refuse_malformed(error)
    except RecursionError:
        too_deep()
    check_bounds(value)
    return value


class _Builder:
    """Turns events into values. Recursion is bounded by DEEPEST."""

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self._events = events

    def document(self) -> Any:
        value = None
        documents = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    _refuse_at(event, "malformed", "A second document begins", "Send one.")
                value = self._value(next(self._events), 1)
        return value

    def _value(self, event: yaml.Event, depth: int) -> Any:
        if depth > DEEPEST:
            too_deep()
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            _refuse_at(
                event, "alias", "Anchors and aliases are not read", "Write the part out again."
            )
        if getattr(event, "tag", None) not in (None, "!"):
            _refuse_at(event, "tag", "Tags (!…) are not read", "Leave the tag out.")
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(depth)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(depth)
        assert isinstance(event, yaml.ScalarEvent)
        return _scalar(event)

    def _mapping(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for event in self._events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = self._value(event, depth + 1)
            if not isinstance(key, str):
                hint = "Put it in quotes." if not isinstance(key, dict | list) else ""
                _refuse_at(event, "not_text", f"{shown(key)} is not a name here", hint)
            if key in found:
                _refuse_at(
                    event, "duplicate_key", f"The name {shown(key)} stands twice", "Remove one."
                )
            found[key] = self._value(next(self._events), depth + 1)
        return found

    def _sequence(self, depth: int) -> list[Any]:
        found: list[Any] = []
        for event in self._events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            found.append(self._value(event, depth + 1))
        return found


def _scalar(event: yaml.ScalarEvent) -> object:
    text: str = event.value
    # Only a plain word may be anything but text; "!" or quotes say that it is text.
    if event.style or event.tag == "!":
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _BASED.fullmatch(text):
        return int(text, 0)
    if _NO_NUMBERS.fullmatch(text):
        _refuse_at(event, "not_a_number", f"{text} is not a number here", "Leave it out.")
    if _FLOAT.fullmatch(text):
        number = float(text)
        if not math.isfinite(number):
            _refuse_at(event, "out_of_range", "This number is too large", "Send a smaller one.")
        return number
    return text


def _refuse_at(event: yaml.Event, code: str, what: str, hint: str) -> NoReturn:
    mark = event.start_mark
    where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark is not None else ""
    refuse(code, f"{what}{where}.", hint)


def _refuse_malformed(error: yaml.YAMLError) -> NoReturn:
    where, said = "", "it cannot be read"
    if isinstance(error, yaml.MarkedYAMLError):
        said = error.problem or error.context or said
        if mark := error.problem_mark or error.context_mark:
            where = f" at line {mark.line + 1}, column {mark.column + 1}"
    hint = "Check the indentation and quotes there."
    refuse("malformed", f"This is not YAML: {said}{where}.", hint)

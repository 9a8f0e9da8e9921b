"""Documents as they arrive: JSON or YAML, read with bounds, or refused with line and column.

What comes out holds JSON's types only. Refused, in both forms: keys that stand twice (the last
one would win silently), numbers that are none (NaN, infinity), broken Unicode and NUL, and
nesting without end. YAML is read as JSON's superset, no more: see `yaml_documents.py`.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NamedTuple, NoReturn

from stateroom.domain.names import shown
from stateroom.domain.pointer import pointer
from stateroom.errors import Invalid, Problem

LARGEST = 1024 * 1024
"""Bytes of a body."""
DEEPEST = 64
MOST_TOLD = 50
"""Problems of one kind that an answer names."""

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def read_json(body: bytes) -> Any:
    """Raises Invalid, saying where."""
    text = as_text(body, "JSON")
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_refuse_constant,
            parse_float=_number,
        )
    except json.JSONDecodeError as error:
        refuse(
            "malformed",
            f"This is not JSON: {error.msg} at line {error.lineno}, column {error.colno}.",
            "Check the quotes and commas there.",
        )
    except RecursionError:
        too_deep()
    except ValueError:
        # Python refuses to read integers of thousands of digits.
        refuse("out_of_range", "A number in this document is too long.", "Send it as text.")
    check_bounds(value)
    return value


def as_text(body: bytes, form: str) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        refuse("not_text", f"This {form} is not UTF-8 (byte {error.start}).", "Send it as UTF-8.")


def check_bounds(value: object) -> None:
    """Depth and storable text; the walk itself needs no depth."""
    found: list[Problem] = []
    waiting: list[_Node] = [_Node(value, (), 1)]
    while waiting and len(found) < MOST_TOLD:
        node = waiting.pop()
        if node.depth > DEEPEST:
            too_deep()
        if isinstance(node.value, str) and _UNSTORABLE.search(node.value):
            detail = "This text holds a NUL or broken Unicode."
            found.append(Problem(node.pointer, "not_text", detail, "Remove it."))
        elif isinstance(node.value, dict):
            if any(_UNSTORABLE.search(name) for name in node.value):
                detail = "A name in this object holds a NUL or broken Unicode."
                found.append(Problem(node.pointer, "not_text", detail, "Remove it."))
            waiting += reversed([node.below(n, part) for n, part in node.value.items()])
        elif isinstance(node.value, list):
            waiting += reversed([node.below(n, part) for n, part in enumerate(node.value)])
    if found:
        raise Invalid(found)


class _Node(NamedTuple):
    """A part of a document. at: the names above it, innermost first, as a chain: most parts are
    never told of, and a long name must not be copied for each of them."""

    value: object
    at: tuple[Any, ...]
    depth: int

    def below(self, name: str | int, value: object) -> _Node:
        return _Node(value, (name, self.at), self.depth + 1)

    @property
    def pointer(self) -> str:
        names: list[str | int] = []
        at = self.at
        while at:
            names.append(at[0])
            at = at[1]
        return pointer(*reversed(names))


def refuse(code: str, detail: str, hint: str = "") -> NoReturn:
    raise Invalid([Problem("", code, detail, hint)])


def too_deep() -> NoReturn:
    refuse("too_deep", f"This is nested deeper than {DEEPEST} levels.", "Flatten it.")


def twice(key: object) -> NoReturn:
    refuse("duplicate_key", f"The name {shown(key)} stands twice in one object.", "Remove one.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            twice(key)
        found[key] = value
    return found


def _refuse_constant(name: str) -> NoReturn:
    refuse("not_a_number", f"{name} is not a number in JSON.", "Use null, or leave it out.")


def _number(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        refuse("out_of_range", "A number in this document is too large.", "Send a smaller one.")
    return value

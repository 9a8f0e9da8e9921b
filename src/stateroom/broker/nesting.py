"""JSON from strangers, read only so far down as everything that walks over it can go. Pure.

Python's own limit is that of its stack: what it just lets pass when it is read may be too deep
for whoever looks at it later.
"""

from __future__ import annotations

import json
from typing import Any

MAX_DEPTH = 100
"""Brackets within brackets. A conversation has a handful, a tool's schema a dozen or two."""


class TooDeep(ValueError):
    """It is nested too deeply."""


def read_json(text: str | bytes | bytearray) -> Any:
    """Raises TooDeep, and ValueError for what is not JSON: also for Infinity and NaN."""
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except RecursionError as error:
        raise TooDeep from error
    if is_deeper(value, MAX_DEPTH):
        raise TooDeep
    return value


def is_deeper(value: object, most: int) -> bool:
    """Whether there are more than `most` brackets within brackets. One level is looked at after
    the other, so that the depth of the value is not that of the stack."""
    level = [value]
    for _ in range(most):
        inside: list[object] = []
        for item in level:
            if isinstance(item, dict):
                inside.extend(item.values())
            elif isinstance(item, list):
                inside.extend(item)
        if not inside:
            return False
        level = inside
    return any(isinstance(item, dict | list) for item in level)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")

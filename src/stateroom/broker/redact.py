"""Taking the operator's key out of whatever a provider says. Pure.

Works on parsed JSON, so no way of escaping it in the text hides it.
"""

from __future__ import annotations

from typing import Any

GONE = "[removed]"
MIN_LENGTH = 6
"""A shorter one is no secret, and taking it out would destroy the text."""


def redacted(value: Any, key: str) -> Any:
    """`value` without `key` anywhere in its strings. Answers the same object if it is not there
    on the surface of a string; never changes the one it was given."""
    if len(key) < MIN_LENGTH:
        return value
    if isinstance(value, str):
        return value.replace(key, GONE)
    if isinstance(value, dict):
        return {redacted(name, key): redacted(inner, key) for name, inner in value.items()}
    if isinstance(value, list):
        return [redacted(inner, key) for inner in value]
    return value

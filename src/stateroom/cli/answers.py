"""Reading what the API answered without trusting its shape: a part that is missing is empty, so
that an api one version older or newer is shown as far as it is understood."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def items(answer: Any) -> list[Mapping[str, Any]]:
    """The things of a list, whether it came bare or as a page."""
    found = answer.get("items") if isinstance(answer, Mapping) else answer
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []


def text(value: Any) -> str:
    return "" if value is None else str(value)

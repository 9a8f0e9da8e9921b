"""``${tenant.name}``, ``${tenant.slug}``, ``${tenant.url}``: replaced once, in text options only.

One pass from left to right: what a tenant's name holds is never looked at again, so a customer
called ``${tenant.url}`` is greeted by exactly that. Every other ``${...}`` stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from stateroom.domain.names import LONGEST_DISPLAY_NAME, nearest, shown
from stateroom.errors import Problem

PLACEHOLDERS = {name: f"${{tenant.{name}}}" for name in ("name", "slug", "url")}
_ALL = f"There are {', '.join(PLACEHOLDERS.values())}."
MOST_EXPANDED = 64
"""More than this in one text stay as they are: a short text must not grow without bound."""
LONGEST_FACT = 4 * LONGEST_DISPLAY_NAME
"""Bytes of the longest name; slugs and URLs are shorter."""

_KNOWN = re.compile(r"\$\{tenant\.(name|slug|url)\}")
_MEANT = re.compile(r"\$\{\s*tenant\b([^}\n]{0,64})\}")


def expand(text: str, tenant: Mapping[str, str]) -> str:
    """`text` with the tenant's `name`, `slug` and `url` put in."""
    return _KNOWN.sub(lambda found: tenant[found[1]], text, count=MOST_EXPANDED)


def placeholder_problem(text: str, at: str) -> Problem | None:
    """Something that was surely meant as a placeholder and is none, or None."""
    for found in _MEANT.finditer(text):
        if not _KNOWN.fullmatch(found[0]):
            meant = nearest(found[1].strip(" ."), PLACEHOLDERS)
            hint = f"Did you mean {PLACEHOLDERS[meant]}?" if meant else _ALL
            detail = f"{shown(found[0])} is not replaced by anything."
            return Problem(at, "unknown_placeholder", detail, hint)
    return None


def growth(text: str) -> int:
    """How many bytes longer a text may become at most."""
    return min(len(_KNOWN.findall(text)), MOST_EXPANDED) * LONGEST_FACT

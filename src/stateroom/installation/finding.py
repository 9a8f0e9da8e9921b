"""One thing that `stateroom doctor` found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """verdict: "good", "note" (works, with less) or "wrong". detail says what to do."""

    verdict: str
    what: str
    detail: str

"""Moments that were written down by a clock that may have been set back since."""

from __future__ import annotations

AHEAD = 5.0
"""Seconds that a moment may lie in the future; one further ahead was dated by a clock that was
set back since, and nobody can say when it was."""


def is_placed(moment: float, now: float) -> bool:
    return moment <= now + AHEAD


def latest_placed(now: float, *moments: float) -> float:
    """The latest of those that can be placed, 0 where none can: what came after it is news."""
    latest = 0.0
    for moment in moments:
        if moment > latest and is_placed(moment, now):
            latest = moment
    return latest

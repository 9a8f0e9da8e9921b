"""Durations as people write them: ``90s``, ``15m``, ``2h``, ``1d``, or ``never``."""

from __future__ import annotations

NEVER = "never"
DURATION = r"^(never|[1-9][0-9]{0,5}[smhd])$(?!\n)"
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def seconds(duration: str) -> int | None:
    """How many seconds a checked duration lasts; None for never."""
    return None if duration == NEVER else int(duration[:-1]) * _SECONDS[duration[-1]]

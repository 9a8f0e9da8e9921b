"""Durations as people write them: ``90s``, ``15m``, ``2h``, ``1d``, or ``never``."""

from __future__ import annotations

NEVER = "never"
DURATION = r"^(never|[1-9][0-9]{0,5}[smhd])$(?!\n)"

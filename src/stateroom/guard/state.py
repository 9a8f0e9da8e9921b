"""What the guard says, and how it is read: a small file, replaced whole.

A word that is older than FRESH seconds is worth nothing: the guard may be gone.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

FRESH = 15.0


def write_state(path: Path, *, present: bool, digest: str, now: float) -> None:
    """digest: of the table as it was found, for people."""
    new = path.with_suffix(".new")
    new.write_text(json.dumps({"present": present, "checked_at": now, "digest": digest}))
    os.chmod(new, 0o644)  # noqa: PTH101  the steward reads it under another uid
    new.rename(path)


def read_state(path: Path, now: float) -> bool:
    """Whether the table was in place, not long before `now`. False for whatever is unclear."""
    try:
        state = json.loads(path.read_bytes())
        age = now - float(state["checked_at"])
        return state["present"] is True and abs(age) <= FRESH
    except (OSError, ValueError, KeyError, TypeError):
        return False

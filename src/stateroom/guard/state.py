"""What the guard says, and how it is read: a small file, replaced whole.

A word that is older than FRESH seconds is worth nothing: the guard may be gone. Neither is one
that was said before the machine started, however fast it came back: the table went with the
kernel. So the word names the boot that it was said in, and its age is counted by a clock that
nobody sets and that goes on while the machine sleeps.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path

from stateroom.files import replace_file

FRESH = 15.0
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Moment:
    """boot: the kernel's own name for the time since the machine started. seconds: since then,
    those asleep too."""

    boot: str
    seconds: float

    @classmethod
    def now(cls) -> Moment:
        """Raises OSError where the kernel does not say."""
        return cls(_BOOT_ID.read_text().strip(), time.clock_gettime(time.CLOCK_BOOTTIME))


def write_state(path: Path, *, present: bool, digest: str, now: Moment) -> None:
    """digest: of the table as it was found, for people. Raises OSError."""
    state = {"present": present, "boot": now.boot, "checked_at": now.seconds, "digest": digest}
    # The steward reads it under another uid. It is worth nothing after a crash: no fsync.
    replace_file(path, json.dumps(state).encode(), 0o644, durable=False)


def read_state(path: Path, now: Moment) -> bool:
    """Whether the table was in place, not long before `now`. False for whatever is unclear."""
    try:
        state = json.loads(path.read_bytes())
        age = now.seconds - float(state["checked_at"])
        said_in = state["boot"] == now.boot != ""
        return said_in and state["present"] is True and abs(age) <= FRESH
    except (OSError, ValueError, KeyError, TypeError):
        return False


def in_place(path: Path) -> bool:
    """The same at this moment."""
    try:
        return read_state(path, Moment.now())
    except OSError:
        return False

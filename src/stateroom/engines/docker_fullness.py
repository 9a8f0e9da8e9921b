"""Which disks are full: for the status, so that people read it there and not in a runtime's log.

A disk can be looked at through the host's mount of it, which is there only while something runs
on it; and a runtime that cannot write ends soon. So what was seen last is remembered until the
disk can be looked at again or has another size. Forgetting costs a sentence and nothing else.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from stateroom.engines.docker_objects import MIB

LEAST_FREE = 2 * MIB
"""Bytes. With less OpenClaw's database was seen to refuse its next write."""
LEAST_FILES = 16


class FullDisks:
    def __init__(self) -> None:
        self._seen: dict[str, tuple[int, bool]] = {}

    def among(self, disks: Mapping[str, tuple[str, int]]) -> frozenset[str]:
        """disks: name -> where it is mounted on the host while it is used, size in MiB."""
        now = {}
        for name, (mount, size) in disks.items():
            full = is_full(Path(mount))
            now[name] = (size, self._seen.get(name) == (size, True) if full is None else full)
        self._seen = now
        return frozenset(name for name, (_, full) in now.items() if full)


def is_full(mount: Path) -> bool | None:
    """None where nothing is mounted: the figures would be the host's own disk."""
    try:
        if mount.stat().st_dev == mount.parent.stat().st_dev:
            return None
        figures = os.statvfs(mount)
    except OSError:
        return None
    free = figures.f_bavail * figures.f_frsize
    return free < LEAST_FREE or figures.f_favail < LEAST_FILES

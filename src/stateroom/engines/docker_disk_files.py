"""A cabin's disks, looked at: cheap, and nobody has to be asked.

The images lie in `home/disks`, the nodes in /dev/stateroom, and /sys/block says which file the
loop behind a node serves. A node whose loop serves another file than its own counts as no disk
at all, so nothing starts on it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stateroom.domain.cabin import Installation
from stateroom.domain.inventory import CopyKind, DiskCopy
from stateroom.engines import docker_objects as objects
from stateroom.errors import Retryable

LOOP_MAJOR = 7
COPIES = {"copy": CopyKind.WHOLE, "half": CopyKind.HALF, "aside": CopyKind.ASIDE}
"""By the last part of a file's name."""


@dataclass(frozen=True, slots=True)
class DiskState:
    """cabin -> volume -> size in MiB. attached: the node's loop serves the disk's own file.
    kept: every disk that is there. nodes: cabins with any node, right or wrong. room_mb: MiB
    that are free where the images lie. copies: by cabin, of its disks."""

    attached: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    kept: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    nodes: frozenset[str] = frozenset()
    room_mb: int = 0
    copies: Mapping[str, frozenset[DiskCopy]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DiskFiles:
    """Where disks are seen: `images` is home/disks; the other two are settable for tests."""

    installation: Installation
    images: Path
    nodes: Path = Path(objects.NODES)
    loops: Path = Path("/sys/block")

    def look(self) -> DiskState:
        """Raises Retryable where the folder of images cannot be read: no disk seen would be
        taken for no disk there."""
        try:
            copies = self._copies()
            sizes = self._sizes()
            room = shutil.disk_usage(self.images).free // objects.MIB
        except OSError as error:
            raise Retryable(f"disks: {self.images} cannot be read: {error}", after=5) from error
        nodes = self._nodes()
        attached: dict[str, dict[str, int]] = {}
        kept: dict[str, dict[str, int]] = {}
        for name, size in sizes.items():
            if (parts := self._parts(name)) is None:
                continue
            cabin, volume = parts
            kept.setdefault(cabin, {})[volume] = size
            if name in nodes and self.serves(name):
                attached.setdefault(cabin, {})[volume] = size
        seen = (self._parts(name) for name in nodes)
        cabins = frozenset(parts[0] for parts in seen if parts)
        return DiskState(attached, kept, cabins, room, copies)

    def _copies(self) -> dict[str, frozenset[DiskCopy]]:
        found: dict[str, frozenset[DiskCopy]] = {}
        for entry in self._names():
            disk, _, rest = entry.partition(".")
            name, _, suffix = rest.partition(".")
            parts = self._parts(disk)
            if parts is not None and name and suffix in COPIES:
                copy = DiskCopy(parts[1], name, COPIES[suffix])
                found[parts[0]] = found.get(parts[0], frozenset()) | {copy}
        return found

    def has_any(self, cabin: str) -> bool:
        """Whether anything lies there for this cabin, finished or not."""
        prefix = f"{self.installation.prefix}-{cabin}-"
        return any(name.startswith(prefix) for name in self._names())

    def half_made(self, before: float) -> frozenset[str]:
        """Cabins with a disk whose making was cut short, and last went on before that time."""
        found = set()
        for name in self._names():
            disk, suffix, rest = name.partition(".img.new")
            parts = self._parts(disk)
            if not suffix or rest or parts is None:
                continue
            with contextlib.suppress(FileNotFoundError):  # finished meanwhile
                if (self.images / name).stat().st_mtime < before:
                    found.add(parts[0])
        return frozenset(found)

    def _names(self) -> list[str]:
        try:
            return os.listdir(self.images)  # noqa: PTH208  names are all it takes
        except OSError as error:
            raise Retryable(f"disks: {self.images} cannot be read: {error}", after=5) from error

    def serves(self, name: str) -> bool:
        """Whether the node called `name` leads to the image called `name`."""
        try:
            node = (self.nodes / name).stat()
            if not stat.S_ISBLK(node.st_mode) or os.major(node.st_rdev) != LOOP_MAJOR:
                return False
            loop = self.loops / f"loop{os.minor(node.st_rdev)}" / "loop" / "backing_file"
            backing = loop.read_text().rstrip("\n")
        except OSError:
            return False
        # A deleted file shows as "NAME.img (deleted)", and so does not match either.
        return backing.rpartition("/")[2] == f"{name}.img"

    def _sizes(self) -> dict[str, int]:
        """By name, as far as it can be used: of one whose growing was cut short, the size that
        it had before."""
        found: dict[str, dict[str, int]] = {".img": {}, ".growing": {}}
        with os.scandir(self.images) as entries:
            for entry in entries:
                name, suffix = os.path.splitext(entry.name)  # noqa: PTH122  no path, a name
                if suffix in found:
                    found[suffix][name] = entry.stat().st_size // objects.MIB
        images, sure = found[".img"], found[".growing"]
        return {name: min(size, sure.get(name, size)) for name, size in images.items()}

    def _nodes(self) -> frozenset[str]:
        try:
            return frozenset(os.listdir(self.nodes))  # noqa: PTH208  names are all it takes
        except FileNotFoundError:
            return frozenset()

    def _parts(self, name: str) -> tuple[str, str] | None:
        prefix, _, rest = name.partition("-")
        cabin, _, volume = rest.partition("-")
        if prefix != self.installation.prefix or not cabin or not volume:
            return None
        return cabin, volume

"""Files that another process, or this one after a crash, reads at a moment of its own: written
beside, then renamed, so that a reader sees the old file or the new one and never half of one.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def half_written(path: Path) -> Path:
    """The name in between."""
    return path.with_name(f".{path.name}.new")


def replace_file(
    path: Path,
    content: bytes,
    mode: int = 0o640,
    *,
    owner: tuple[int, int] | None = None,
    durable: bool = True,
) -> None:
    """`path` holds `content` afterwards, or is what it was.

    mode: whatever the umask is. owner: uid and gid, -1 leaves one as it is. durable: it is on the
    disk when this comes back; not needed where a restart of the machine makes it worthless. One
    writer at a time: what lies under the name in between was left by one that died.
    Raises OSError (disk full, ...).
    """
    new = half_written(path)
    new.unlink(missing_ok=True)
    try:
        _write(new, content, mode, owner, durable=durable)
        new.rename(path)
    except OSError:
        with suppress(OSError):
            new.unlink()
        raise
    if durable:
        sync_folder(path.parent)


def _write(
    new: Path, content: bytes, mode: int, owner: tuple[int, int] | None, *, durable: bool
) -> None:
    # Nobody's but ours until it is what it should be; and never through somebody's link.
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        if owner is not None:
            os.fchown(descriptor, *owner)
        os.fchmod(descriptor, mode)
        if durable:
            os.fsync(descriptor)


def sync_folder(folder: Path) -> None:
    """Its names are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""Files that another process reads at a moment of its own: replaced whole, and on the disk before
anybody is told about them."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stateroom import files
from stateroom.errors import Retryable


def replace_file(path: Path, content: bytes, mode: int = 0o640) -> None:
    """`path` holds `content` afterwards, or is what it was. Raises Retryable (disk full, ...)."""
    try:
        # The reader is another user of our group, whatever umask we were started with.
        files.replace_file(path, content, mode)
    except OSError as error:
        raise Retryable(f"{path} could not be written: {error.strerror or error}.", 5.0) from None


@contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """Keeps a second process from writing into `folder` meanwhile. Raises Retryable if one does."""
    try:
        descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o640)
    except OSError as error:
        raise Retryable(f"{folder} cannot be written: {error.strerror or error}.", 5.0) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise Retryable("Another process is changing the edge just now.", 0.5) from None
    finally:
        os.close(descriptor)

"""What images are made from: build files of the checkout, pins, and the digest over all of it."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import stateroom
from stateroom.errors import StateroomError

REPOSITORY = Path(stateroom.__file__).parents[2]


class ImageError(StateroomError):
    """An image could not be obtained."""


def build_file(folder: str, name: str) -> Path:
    path = REPOSITORY / "images" / folder / name
    if not path.is_file():
        raise ImageError(f"{path} is missing: images are built from a checkout of Stateroom.")
    return path


def constraints() -> Path:
    """The versions of everything that comes from Python's index."""
    return REPOSITORY / "constraints.txt"


def pinned(package: str) -> str:
    """The version of a package that the constraints name."""
    found = re.search(rf"^{re.escape(package)}==(\S+)$", constraints().read_text(), re.MULTILINE)
    if found is None:
        raise ImageError(f"{constraints()} names no version of {package}; add one.")
    return found[1]


def digest(*parts: str | bytes | Path) -> str:
    """Of texts and files, each with its length, so that no two lists look alike."""
    total = hashlib.sha256()
    for part in parts:
        data = part.read_bytes() if isinstance(part, Path) else part
        data = data.encode() if isinstance(data, str) else data
        total.update(f"{len(data)}:".encode() + data)
    return total.hexdigest()

"""Packages of Python's index in a folder: fetched by the host's pip, which knows this host's
index, proxy and certificates; only wheels, so that nothing of theirs runs here."""

from __future__ import annotations

import platform
import sys
from collections.abc import Sequence
from pathlib import Path

from stateroom.runtimes.image_inputs import constraints

PYTHON = "3.11"  # bookworm's, whatever the host's is
_GLIBC = range(17, 37)  # 2.36 is bookworm's


def install_command(folder: Path, packages: Sequence[str], options: Sequence[str]) -> list[str]:
    """Unpacks the pinned versions of `packages` into `folder`."""
    return [
        sys.executable, "-m", "pip", "install", "--no-input", "--no-compile", "--quiet",
        "--disable-pip-version-check", "--only-binary=:all:", f"--target={folder}",
        f"--constraint={constraints()}", *options, *packages,
    ]  # fmt: skip


def for_images() -> list[str]:
    """Options for what runs inside of our images and not on this host."""
    machine = platform.machine()
    named = [f"manylinux_2_{minor}_{machine}" for minor in reversed(_GLIBC)]
    platforms = [*named, f"manylinux2014_{machine}", f"linux_{machine}"]
    return [
        f"--python-version={PYTHON}", "--implementation=cp",
        *(f"--platform={name}" for name in platforms),
    ]  # fmt: skip

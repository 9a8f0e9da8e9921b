"""When a disk counts as full, on real file systems of a few megabytes."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from stateroom.engines.docker_fullness import LEAST_FREE, FullDisks, is_full

MIB = 2**20


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """8 MiB with 64 files."""
    mount = tmp_path / "mount"
    mount.mkdir()
    options = "size=8m,nr_inodes=64,mode=0700"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", mount], check=True)
    yield mount
    unmount(mount)


def unmount(mount: Path) -> None:
    subprocess.run(["umount", mount], check=False, capture_output=True)


def test_without_room_or_without_files_it_is_full(disk: Path) -> None:
    """Bytes and files run out apart from each other; either is enough."""
    assert is_full(disk) is False
    (disk / "fill").write_bytes(bytes(8 * MIB - LEAST_FREE))
    assert is_full(disk) is False
    with (disk / "fill").open("ab") as file:
        file.write(bytes(MIB))
    assert is_full(disk) is True
    (disk / "fill").unlink()
    assert is_full(disk) is False
    with suppress(OSError):
        for number in range(64):
            (disk / str(number)).touch()
    assert is_full(disk) is True


def test_the_hosts_own_disk_is_never_meant(tmp_path: Path) -> None:
    """Where nothing is mounted, or nothing is at all, nobody knows."""
    assert is_full(tmp_path) is None
    assert is_full(tmp_path / "gone") is None


def test_what_was_seen_last_counts_while_nothing_is_mounted(disk: Path) -> None:
    """A runtime that ended takes its mount along, and the disk is as full as before, until it
    has another size, is looked at again, or is gone."""
    disks = FullDisks()
    (disk / "fill").write_bytes(bytes(7 * MIB))
    assert disks.among({"a": (str(disk), 8)}) == {"a"}
    unmount(disk)
    assert disks.among({"a": (str(disk), 8)}) == {"a"}
    assert disks.among({"a": (str(disk), 16)}) == set()
    assert disks.among({"a": (str(disk), 8)}) == set()
    assert FullDisks().among({"a": (str(disk), 8)}) == set()

"""Files that are replaced whole."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from stateroom import files
from stateroom.files import replace_file


def test_a_file_is_replaced_with_the_mode_that_was_asked_for(tmp_path: Path) -> None:
    """Whatever the umask, and whatever a writer that died left behind."""
    path = tmp_path / "state"
    path.write_text("old")
    (tmp_path / ".state.new").write_text("half")
    before = os.umask(0o077)
    try:
        replace_file(path, b"new", 0o644)
    finally:
        os.umask(before)
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert os.listdir(tmp_path) == ["state"]  # noqa: PTH208  (names only)


def test_a_link_in_the_way_leads_nowhere(tmp_path: Path) -> None:
    """Where another user planted one under the name in between, what it points at is untouched."""
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / ".state.new").symlink_to(victim)
    replace_file(tmp_path / "state", b"new")
    assert victim.read_text() == "mine"
    assert (tmp_path / "state").read_bytes() == b"new"


@pytest.mark.parametrize("step", ["fsync", "fchmod", "fchown"])
def test_what_cannot_be_written_leaves_what_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """A full disk: the old file is whole, and nothing half is left beside it."""
    path = tmp_path / "state"
    path.write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, step, full)
    with pytest.raises(OSError, match="No space"):
        replace_file(path, b"new", owner=(-1, -1))
    monkeypatch.undo()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["state"]  # noqa: PTH208  (names only)

"""Whose folder becomes a home, and what a purge takes from it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any, cast

import pytest
from aiodocker import Docker

from stateroom.domain.cabin import Installation
from stateroom.errors import Permanent
from stateroom.installation import bring_down, home, machine, own_home
from stateroom.installation.bring_up import Images, bring_up
from stateroom.layout import Layout
from stateroom.settings import Settings

ID = Installation("3f", IPv4Network("10.213.0.0/24"))
NO_DOCKER = cast(Docker, None)


def tree(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@pytest.mark.parametrize("name", ["letters", ".ssh", "storage"])
async def test_up_takes_over_no_folder_with_something_else_in_it(
    tmp_path: Path, name: str
) -> None:
    """It says what is there and what to do, and has changed nothing."""
    (tmp_path / name).mkdir()
    (tmp_path / "settings.toml").write_text("http_port = 9080")
    before = tree(tmp_path)
    with pytest.raises(Permanent) as told:
        await bring_up(NO_DOCKER, Settings(home=tmp_path), Images("", ""), print)
    assert f"it holds {name}: choose another STATEROOM_HOME" in told.value.message
    assert tree(tmp_path) == before


def test_of_many_strange_names_a_few_are_told(tmp_path: Path) -> None:
    """The sentence stays one."""
    for number in range(8):
        (tmp_path / f"file-{number}").touch()
    with pytest.raises(Permanent, match=r"it holds file-0, .*, file-4 and 3 more: choose"):
        own_home.must_be_fit(Layout(tmp_path))


def test_a_folder_may_be_new_empty_or_begun(tmp_path: Path) -> None:
    """No folder, an empty one, an ext4 of its own, one that an `up` was stopped in at any moment,
    and one that is a home already, whatever else lies there."""
    own_home.must_be_fit(Layout(tmp_path / "not-there"))
    own_home.must_be_fit(Layout(tmp_path))
    layout = Layout(tmp_path)
    for name in (*sorted(layout.own_names - {"installation.json"}), "lost+found"):
        (tmp_path / name).touch()
        own_home.must_be_fit(layout)
    (tmp_path / "notes").touch()
    layout.installation.write_text('{"id": "3f"}')
    own_home.must_be_fit(layout)


@pytest.mark.parametrize("name", ["me@work", "my home", "a:b", "täglich", "$x"])
def test_a_path_that_the_edge_cannot_take_is_told_at_once(tmp_path: Path, name: str) -> None:
    """Before images are obtained or anything is made there."""
    with pytest.raises(Permanent, match="choose another STATEROOM_HOME"):
        own_home.must_be_fit(Layout(tmp_path / name))
    assert tree(tmp_path) == set()


def test_the_helper_tells_it_without_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Should such a path get that far, its exit says that its words are for people."""
    folder = tmp_path / "me@work"
    folder.mkdir()
    monkeypatch.setenv("STATEROOM_HOME", str(folder))
    owner = f"{os.getuid()}:{os.getgid()}"
    words = ["home", "--installation", "3f", "--owner", owner, "--listen", "127.0.0.1"]
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit) as ended:
        home.main()
    assert ended.value.code == home.TOLD
    assert "choose another STATEROOM_HOME" in capsys.readouterr().err


async def here(
    _docker: Docker, _image: str, command: list[str], _settings: Settings,
    environment: Mapping[str, str], _label: str,
) -> str:
    """Runs what the helper would run."""
    return subprocess.check_output(command, env={**os.environ, **environment}, text=True)


async def purged(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(machine, "run_helper", here)
    await machine.empty_home(NO_DOCKER, "", Settings(home=folder), ID)
    return bring_down._remove_home(Layout(folder))


async def test_a_purge_takes_what_is_ours_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With everything below it; what else lies there stays and is told."""
    layout = Layout(tmp_path)
    furnished(layout)
    (tmp_path / "my photos").mkdir()
    (tmp_path / "my photos" / "1.jpg").touch()
    said = await purged(tmp_path, monkeypatch)
    assert said == f"Removed what is ours in {tmp_path}, and left my photos."
    assert tree(tmp_path) == {"my photos", "my photos/1.jpg"}


async def test_a_purge_leaves_nothing_of_a_home_that_is_ours_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything that furnishing makes is a name of ours."""
    folder = tmp_path / "home"
    folder.mkdir()
    program = tmp_path / "cabin-init"
    program.write_bytes(b"a program")
    monkeypatch.setattr(home, "ENTRY_POINT", program)
    owner = (os.getuid(), os.getgid())
    home.Furnisher(Settings(home=folder), ID, owner, ("127.0.0.1",), 1.8e9).everything()
    furnished(Layout(folder))
    assert own_home.strangers(Layout(folder)) == []
    assert await purged(folder, monkeypatch) == f"Removed {folder}."
    assert not folder.exists()


def furnished(layout: Layout) -> None:
    """Some file under every name of ours."""
    for name in layout.own_names:
        path: Any = layout.home / name
        if not path.exists() and "." not in name:
            path.mkdir()
        (path / ".file" if path.is_dir() else path).touch()

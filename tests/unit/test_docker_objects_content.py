"""The content store on a plain folder: what a crash between any two steps leaves."""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import IO, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stateroom.domain.content import Content, ContentVersion
from stateroom.domain.inventory import Installed
from stateroom.engines import docker_content
from stateroom.engines.docker_content import ContentStore
from stateroom.errors import Permanent, Retryable

CABIN = "1a2b3c4d"


class PowerCutError(Exception):
    """The steward dies here."""


def content(generation: int, environment: str, /, **files: bytes) -> Content:
    version = ContentVersion(generation, f"digest-{generation}", environment)
    return Content(version, tuple(files.items()))


OLD = content(1, "e1", env=b"A=1", a=b"old a", gone=b"old")
NEW = content(2, "e2", env=b"A=2", a=b"new a", b=b"new b")


@pytest.fixture
def store(tmp_path: Path) -> ContentStore:
    ticks = count(1)
    return ContentStore(tmp_path, lambda: float(next(ticks)))


def files(root: Path) -> dict[str, bytes]:
    folder = root / CABIN
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "version"
    }


def cut_at(step: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Wraps file operations so that the `step`-th of all raises instead."""
    steps = count(1)

    def wrap(operation: Callable[..., Any]) -> Callable[..., Any]:
        def cut(*args: Any, **kwargs: Any) -> Any:
            if next(steps) == step:
                raise PowerCutError
            return operation(*args, **kwargs)

        return cut

    return wrap


@pytest.mark.parametrize("step", range(1, 14))
def test_a_crash_anywhere_is_seen_and_repaired(
    store: ContentStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """Whatever version is named after a crash, all its files are there; going on, or going
    back, ends in exactly the files of that content, and an environment that was possibly seen
    half-changed counts as changed."""
    store.write(CABIN, OLD)
    with monkeypatch.context() as patch:
        wrap = cut_at(step)
        patch.setattr(docker_content, "_write", wrap(docker_content._write))
        patch.setattr(Path, "unlink", wrap(Path.unlink))
        with contextlib.suppress(PowerCutError):
            store.write(CABIN, NEW)
    seen = (tmp_path / CABIN / "version").exists()
    named = store.read()[CABIN]
    if named.version == OLD.version:
        assert {name: files(tmp_path)[name] for name in dict(OLD.files)} == dict(OLD.files)
    elif named.version == NEW.version:
        assert {name: files(tmp_path)[name] for name in dict(NEW.files)} == dict(NEW.files)
    else:
        assert not seen
        assert named.version.digest == ""
        store.write(CABIN, OLD)
        assert store.read()[CABIN].environment_at > named.environment_at
        assert files(tmp_path) == dict(OLD.files)
    store.write(CABIN, NEW)
    assert store.read()[CABIN].version == NEW.version
    assert {n: d for n, d in files(tmp_path).items() if n != ".before"} == dict(NEW.files)


def services_of(generation: int, environment: str, /, **files: bytes) -> Content:
    """Content in which the service `db` has these files."""
    its = content(generation, environment, **files)
    return replace(content(generation, "e", env=b"A=1"), services=(("db", its),))


@pytest.mark.parametrize("step", range(1, 12))
def test_a_crash_between_agent_and_service_is_repaired(
    store: ContentStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """The agent's version is the last that is written, so while it names the new content, the
    service has its new files; and writing it again completes whatever was cut short."""
    new = services_of(2, "s2", env=b"B=2", key=b"new")
    store.write(CABIN, services_of(1, "s1", env=b"B=1"))
    with monkeypatch.context() as patch:
        wrap = cut_at(step)
        patch.setattr(docker_content, "_write", wrap(docker_content._write))
        patch.setattr(Path, "unlink", wrap(Path.unlink))
        with contextlib.suppress(PowerCutError):
            store.write(CABIN, new)
    folder = tmp_path / f"{CABIN}.db"
    if store.read()[CABIN].version == new.version:
        assert ((folder / "env").read_bytes(), (folder / "key").read_bytes()) == (b"B=2", b"new")
    store.write(CABIN, new)
    assert (folder / "env").read_bytes() == b"B=2"
    assert store.read()[CABIN].version == new.version
    assert set(store.read()[CABIN].services) == {"db"}


def test_neither_finds_what_the_other_is_told(store: ContentStore, tmp_path: Path) -> None:
    """A cabin's mount is one folder, and the other's lies beside it."""
    store.write(CABIN, services_of(1, "s1", env=b"B=1", **{"secrets/KEY": b"x"}))
    assert set(files(tmp_path)) == {"env"}
    assert (tmp_path / f"{CABIN}.db" / "secrets" / "KEY").read_bytes() == b"x"
    store.remove(CABIN)
    assert list(tmp_path.iterdir()) == []


def test_modes(store: ContentStore, tmp_path: Path) -> None:
    """Readable for the cabin's uid, writable for nobody through its mount, under any umask."""
    store.write(CABIN, content(1, "e", **{"secrets/KEY": b"x"}))
    folder = tmp_path / CABIN
    modes = {name: (folder / name).stat().st_mode & 0o777 for name in ("secrets", "secrets/KEY")}
    assert modes == {"secrets": 0o755, "secrets/KEY": 0o444}


def test_what_says_the_same_is_left_alone(store: ContentStore, tmp_path: Path) -> None:
    """A program that watches its files sees only those that changed."""
    store.write(CABIN, content(1, "e", kept=b"same", changed=b"old"))
    before = {name: (tmp_path / CABIN / name).stat().st_ino for name in ("kept", "changed")}
    store.write(CABIN, content(2, "e", kept=b"same", changed=b"new"))
    after = {name: (tmp_path / CABIN / name).stat().st_ino for name in ("kept", "changed")}
    assert after["kept"] == before["kept"]
    assert after["changed"] != before["changed"]
    assert store.read()[CABIN].version.generation == 2


def test_a_file_becomes_a_folder_and_back(store: ContentStore, tmp_path: Path) -> None:
    """Names may change their kind from one content to the next."""
    for generation, name in enumerate(("x", "x/y", "x/y/z", "x"), 1):
        store.write(CABIN, content(generation, "e", **{name: b"1"}))
        assert files(tmp_path) == {name: b"1"}


@given(st.text(max_size=12))
def test_no_name_leads_out(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    """Whatever a name is, it is refused or its file lies in the cabin's folder."""
    root = tmp_path_factory.mktemp("store")
    try:
        ContentStore(root).write(CABIN, content(1, "e", **{name: b"x"}))
    except (Permanent, Retryable):
        return
    finally:
        assert {path.name for path in root.iterdir()} <= {CABIN}
    assert list(files(root).values()) == [b"x"]


def test_a_store_keeps_its_name(store: ContentStore, tmp_path: Path) -> None:
    """The id is made once, and another store has another."""
    assert store.identity() == store.identity() != ""
    (tmp_path / "other").mkdir()
    assert ContentStore(tmp_path / "other").identity() != store.identity()
    assert ContentStore(tmp_path / "none").identity() == ""


def test_a_store_that_is_not_mounted(tmp_path: Path) -> None:
    """Writing is tried again later."""
    with pytest.raises(Retryable, match="not mounted"):
        ContentStore(tmp_path / "none").write(CABIN, OLD)


def lock(version: IO[str], byte: int) -> None:
    """As the entry point does."""
    wanted = struct.pack("hhqqi4x", fcntl.F_RDLCK, os.SEEK_SET, byte, 1, 0)
    fcntl.fcntl(version, fcntl.F_OFD_SETLK, wanted)


def test_locks_on_the_version_say_whether_it_is_installed(
    store: ContentStore, tmp_path: Path
) -> None:
    """They speak of the very version that they were taken on, and go with it, or with who took
    them."""

    def told() -> Installed:
        return store.read()[CABIN].installed

    store.write(CABIN, OLD)
    assert told() is Installed.UNTOLD
    with (tmp_path / CABIN / "version").open() as version:
        lock(version, 0)
        assert told() is Installed.NO
        lock(version, 1)
        assert told() is Installed.YES
        store.write(CABIN, NEW)
        assert told() is Installed.UNTOLD
        store.write(CABIN, OLD)
        assert told() is Installed.UNTOLD
    with (tmp_path / CABIN / "version").open() as version:
        lock(version, 1)
        assert told() is Installed.YES
    assert told() is Installed.UNTOLD


def test_a_tenant_who_locks_everything_stops_nobody(store: ContentStore, tmp_path: Path) -> None:
    """The locks are asked for and not taken: the next content is written all the same."""
    store.write(CABIN, OLD)
    with (tmp_path / CABIN / "version").open("r+") as version:
        whole = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        fcntl.fcntl(version, fcntl.F_OFD_SETLK, whole)
        store.write(CABIN, NEW)
        assert store.read()[CABIN].version == NEW.version

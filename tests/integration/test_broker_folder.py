"""Grants as files: what the steward writes and the broker reads, across crashes of both."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stateroom.broker.folder import SEVERAL, FolderGrants
from stateroom.broker.grants import Grant, Provider, grant_digest, provider_digest
from stateroom.broker.register import CHANGEOVER_NS, Register
from stateroom.errors import Away, Retryable
from tests.stubs.broker_lab import key_sha

REPLACES = """
import asyncio, sys
from pathlib import Path
from stateroom.broker.folder import FolderGrants
from stateroom.broker.grants import Grant
async def main():
    for number in range(2000):
        await FolderGrants(Path(sys.argv[1])).put(sys.argv[2], Grant(str(number), "t", "p", ()))
asyncio.run(main())
"""
GRANT = Grant("c1", "t1", "main", ("m",), 20.0)
SHA = key_sha("key")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "_broker"


async def test_what_is_put_is_read_on_both_sides(path: Path) -> None:
    """The steward reads digests, the broker values; both follow every change at once."""
    grants, register = FolderGrants(path), Register(path)
    for number in range(200):
        grant = dataclasses.replace(GRANT, cabin=f"c{number}")
        await grants.put(SHA, grant)
        assert register.grant("key") == grant
        assert await grants.read() == {SHA: grant_digest(grant)}
    await grants.remove(SHA)
    assert register.grant("key") is None
    assert await grants.read() == {}


async def test_two_changes_within_one_tick_of_the_clock_are_both_seen(path: Path) -> None:
    """A file system whose times are coarse gives both changes the same time."""
    tick = time.time_ns()
    grants, register = FolderGrants(path), Register(path, now=lambda: tick + 4_000_000)
    for cabin in ("c1", "c2"):
        grant = dataclasses.replace(GRANT, cabin=cabin)
        await grants.put(SHA, grant)
        os.utime(path / "grants", ns=(tick, tick))
        assert register.grant("key") == grant


def test_a_reader_never_misses_what_is_being_replaced(path: Path) -> None:
    """While another process replaces a grant over and over, it is never seen as gone."""
    asyncio.run(FolderGrants(path).put(SHA, GRANT))
    register = Register(path)
    writer = subprocess.Popen([sys.executable, "-c", REPLACES, str(path), SHA])
    looked = 0
    while writer.poll() is None:
        assert register.grant("key") is not None
        looked += 1
    assert writer.returncode == 0
    assert looked > 100


async def test_providers_are_kept_the_same_way(path: Path) -> None:
    """A provider is replaced and removed as a grant is."""
    grants, register = FolderGrants(path), Register(path)
    for key in ("sk-1", "sk-2"):
        provider = Provider("openai", "https://x.example", key, {"m": {"input": 1.0}})
        await grants.put_provider("main", provider)
        assert register.provider("main") == provider
        assert await grants.read_providers() == {"main": provider_digest(provider)}
    await grants.remove_provider("main")
    await grants.remove_provider("main")
    assert register.provider("main") is None


async def test_doing_it_again_changes_nothing(path: Path) -> None:
    """Putting what is there writes nothing; removing what is not there is fine."""
    grants = FolderGrants(path)
    await grants.remove(SHA)
    await grants.put(SHA, GRANT)
    before = [(f.name, f.stat().st_ino) for f in sorted((path / "grants").iterdir())]
    await grants.put(SHA, GRANT)
    assert [(f.name, f.stat().st_ino) for f in sorted((path / "grants").iterdir())] == before


async def test_a_steward_that_died_between_two_lines_is_put_right(path: Path) -> None:
    """Two versions of one grant show as a digest that nobody wants; the newer one is in force;
    the next put leaves one."""
    grants, register = FolderGrants(path), Register(path)
    await grants.put(SHA, GRANT)
    (old,) = (path / "grants").iterdir()
    kept = old.read_bytes()
    newer = dataclasses.replace(GRANT, models=("n",))
    await grants.put(SHA, newer)
    old.write_bytes(kept)
    os.utime(old, (1, 1))
    (path / "grants" / ".half.new").write_bytes(kept[:10])
    assert await grants.read() == {SHA: SEVERAL}
    assert register.grant("key") == newer
    await grants.put(SHA, newer)
    assert await grants.read() == {SHA: grant_digest(newer)}
    assert len(list((path / "grants").iterdir())) == 1


async def test_a_file_that_cannot_be_used_does_not_take_others_with_it(path: Path) -> None:
    """Broken, foreign and empty files are passed over."""
    grants, register = FolderGrants(path), Register(path)
    await grants.put(SHA, GRANT)
    for name, text in (
        (f"{key_sha('x')}.d.json", "{"), (f"{key_sha('y')}.d.json", "[]"),
        (f"{key_sha('z')}.d.json", '{"cabin": "c"}'), ("README", "x"), ("a.b.c.json", "{}"),
        (f"{key_sha('n')}.d.json", '{"cabin":"c","tenant":"t","provider":"p","models":3}'),
    ):
        (path / "grants" / name).write_text(text)
    assert register.grant("key") == GRANT
    assert all(register.grant(key) is None for key in "xyzn")


async def test_a_folder_that_is_not_there_is_not_an_empty_one(path: Path) -> None:
    """Before the steward came, and after the folder was taken away, the broker says: not now."""
    grants, register = FolderGrants(path), Register(path)
    with pytest.raises(Away):
        register.grant("key")
    await grants.put(SHA, GRANT)
    assert register.grant("key") == GRANT
    (path / "grants").rename(path / "elsewhere")
    with pytest.raises(Away):
        register.grant("key")
    await FolderGrants(path).put(SHA, dataclasses.replace(GRANT, cabin="c2"))
    assert register.grant("key") == dataclasses.replace(GRANT, cabin="c2")


async def test_files_are_for_the_broker_and_nobody_else(path: Path) -> None:
    """The writer and one group can read what is there; nobody else can even list it."""
    grants = FolderGrants(path, group=os.getgid())
    await grants.put(SHA, GRANT)
    await grants.put_provider("main", Provider("openai", "https://x.example", "sk-1"))
    for found in path.rglob("*"):
        mode = stat.S_IMODE(found.stat().st_mode)
        assert mode == (0o750 if found.is_dir() else 0o640), found
        assert found.stat().st_gid == os.getgid()


async def test_what_cannot_be_written_can_be_tried_again(tmp_path: Path) -> None:
    """A missing parent or a file in the way is Retryable, in words, and leaves nothing half."""
    with pytest.raises(Retryable, match="cannot be written"):
        await FolderGrants(tmp_path / "none" / "_broker").put(SHA, GRANT)
    (tmp_path / "file").write_text("")
    with pytest.raises(Retryable, match="cannot be"):
        await FolderGrants(tmp_path / "file").put(SHA, GRANT)


@pytest.mark.parametrize("name", ["../x", "a.b", "", "A", "a/b", ".tmp"])
async def test_names_that_would_leave_the_folder_are_refused(path: Path, name: str) -> None:
    """No name of a provider, and no key's hash, becomes a path of its own."""
    with pytest.raises(ValueError, match="provider"):
        await FolderGrants(path).put_provider(name, Provider("demo"))
    with pytest.raises(ValueError, match="SHA-256"):
        await FolderGrants(path).put(name, GRANT)


async def test_for_a_moment_a_replaced_grant_still_names_its_model(path: Path) -> None:
    """A runtime that has not taken over its new model yet is not refused, for seconds only, and
    under today's budget; another cabin gains nothing."""
    now = [time.time_ns()]
    grants, register = FolderGrants(path), Register(path, now=lambda: now[0])
    await grants.put(SHA, GRANT)
    assert register.grant("key") == GRANT
    assert register.former(GRANT) is None
    new = dataclasses.replace(GRANT, models=("n",), monthly_budget_usd=5.0)
    await grants.put(SHA, new)
    assert register.grant("key") == new
    assert register.former(new) == dataclasses.replace(GRANT, monthly_budget_usd=5.0)
    assert register.former(dataclasses.replace(new, cabin="c2")) is None
    now[0] += CHANGEOVER_NS + 1
    assert register.former(new) is None


async def test_a_grant_taken_away_leaves_nothing_behind(path: Path) -> None:
    """Revoking is at once: only a grant that was replaced is honoured for a moment."""
    grants, register = FolderGrants(path), Register(path)
    await grants.put(SHA, GRANT)
    assert register.grant("key") == GRANT
    await grants.remove(SHA)
    assert register.grant("key") is None
    assert register.former(GRANT) is None

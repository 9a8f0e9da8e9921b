"""What is wanted is read again when somebody committed, whoever it was, and only then."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from stateroom.store import tables as t
from stateroom.store.database import Database
from stateroom.store.desired import DesiredReader
from stateroom.store.records import Desired
from stateroom.store.steward import StewardStore
from tests.integration.store_lab import Lab, lab, url

pytestmark = pytest.mark.usefixtures("either_database")


async def rename(database: Database, name: str) -> None:
    """A change that tells nobody: it raises no token."""
    async with database.write() as connection:
        await connection.execute(update(t.tenants).values(name=name))


def names(desired: Desired) -> set[str]:
    return {entry.tenant.name for entry in desired.tenants}


async def test_while_nobody_commits_it_is_the_same(tmp_path: Path) -> None:
    """The very same value, so nothing of it has to be looked at again; readers in between, and a
    transaction that was rolled back, are nobody's change."""
    async with lab(tmp_path) as it:
        await it.tenant("acme")
        first = await it.steward.desired()
        await it.store.tenants.get("acme")
        assert await it.steward.desired() is first
        with pytest.raises(ZeroDivisionError):
            async with it.database.write() as connection:
                await connection.execute(update(t.tenants).values(name="never"))
                raise ZeroDivisionError
        assert await it.steward.desired() == first
        settled = await it.steward.desired()
        assert await it.steward.desired() is settled


async def test_one_s_own_change_is_seen(tmp_path: Path) -> None:
    """By whichever connection it was made: a database does not count what the asking one did."""
    async with lab(tmp_path) as it:
        await it.tenant("acme")
        for number in range(5):
            await it.steward.desired()
            await rename(it.database, f"own {number}")
            assert names(await it.steward.desired()) == {f"own {number}"}


async def test_another_process_s_change_is_seen(tmp_path: Path) -> None:
    """Also one that raises no token."""
    script = (
        "import asyncio, sys\n"
        "from sqlalchemy import text\n"
        "from stateroom.store.database import Database\n"
        "async def main():\n"
        "    database = Database(sys.argv[1])\n"
        "    async with database.write() as connection:\n"
        "        await connection.execute(text(\"UPDATE tenants SET name = 'by hand'\"))\n"
        "    await database.close()\n"
        "asyncio.run(main())\n"
    )
    async with lab(tmp_path) as it:
        await it.tenant("acme", name="before")
        before = await it.steward.desired()
        words = (sys.executable, "-c", script, url(it.path))
        await asyncio.to_thread(subprocess.run, words, check=True)
        after = await it.steward.desired()
        assert (names(before), names(after)) == ({"before"}, {"by hand"})


async def test_what_could_not_be_read_whole_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reading that breaks off leaves no half of one behind."""
    async with lab(tmp_path) as it:
        await it.tenant("acme", name="old")
        before = await it.steward.desired()
        await rename(it.database, "new")
        with monkeypatch.context() as broken:
            broken.setattr(DesiredReader, "_revisions", _fails)
            with pytest.raises(OSError, match="broke off"):
                await it.steward.desired()
        after = await it.steward.desired()
        assert (names(before), names(after)) == ({"old"}, {"new"})


async def _fails(*_given: object) -> None:
    raise OSError("the reading broke off")


CHANGES: dict[str, Callable[[Lab, Database, int], object]] = {
    "own": lambda it, _other, n: rename(it.database, f"own {n}"),
    "other's": lambda _it, other, n: rename(other, f"other's {n}"),
    "a note": lambda it, _other, _n: it.report("acme", "starting"),
    "reading": lambda it, _other, _n: it.store.tenants.get("acme"),
}


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.lists(st.sampled_from(sorted(CHANGES)), max_size=4), max_size=8))
def test_whoever_reads_finds_what_is_there(tmp_path: Path, rounds: list[list[str]]) -> None:
    """Whatever is done at once by this process and another: who has read before finds then what
    somebody finds who has never read."""

    async def run(folder: str) -> None:
        async with lab(Path(folder)) as it:
            await it.tenant("acme")
            other = Database(url(it.path))
            for number, chosen in enumerate(rounds):
                doing = [CHANGES[name](it, other, number) for name in chosen]
                await asyncio.gather(*doing, it.steward.desired(), it.steward.desired())
                fresh = StewardStore(it.database, it.clock)
                assert await it.steward.desired() == await fresh.desired()
            await other.close()

    with TemporaryDirectory(dir=tmp_path) as folder:
        asyncio.run(run(folder))

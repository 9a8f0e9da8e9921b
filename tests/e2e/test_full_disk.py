"""A disk that its own tenant has filled to the last byte and the last file: said where people
look, survived in safe mode, over with more room or with less on it.

The tenant that the stories of deletion left goes through it in the order of this file.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.e2e.cabins import Agent, agent_of
from tests.e2e.installation import NODES, Stateroom, eventually, run
from tests.e2e.talk import must, text_of
from tests.e2e.test_changes import SLUG

NEIGHBOUR = "globex"

OWN = "You keep everything."

BYTES = "cat /dev/zero 2>&1 >> /data/fill; true"


@pytest.fixture(scope="module")
def hoarder(stateroom: Stateroom) -> Iterator[Agent]:
    stateroom.lodger(SLUG)
    stateroom.change(SLUG, {"values": {"prompt": OWN}})
    stateroom.ready(NEIGHBOUR)
    agent = agent_of(stateroom, SLUG)
    agent.sh("echo survives > /data/precious.txt")
    yield agent
    stateroom.remove(SLUG)


def full(stateroom: Stateroom, agent: Agent) -> bool:
    """Filled once more, since a runtime may give back some of what it had; and said."""
    assert "No space left" in agent.sh(BYTES)
    return "its disk is full" in reason(stateroom)


def fill_to_the_last(folder: Path) -> None:
    """Empty files until there can be no more, then bytes; nobody else writes there."""
    hoard, fill = folder / "hoard", folder / "fill"
    fill.write_bytes(b"")  # Later it could not be made any more.
    with pytest.raises(OSError, match="No space left"):
        for number in range(1_000_000):
            if number % 1000 == 0:
                (hoard / str(number)).mkdir(parents=True)
            (hoard / str(number - number % 1000) / f"{number}").touch()
    for size in (2**20, 2**10):
        with suppress(OSError), fill.open("ab", buffering=0) as file:
            while file.write(bytes(size)):
                pass
    run("chown", "-R", f"--reference={folder}", str(hoard), str(fill))


@contextmanager
def mounted(agent: Agent, folder: Path) -> Iterator[None]:
    """Its disk, while its runtime is down."""
    run("mount", str(NODES / agent.disk.stem), str(folder))
    try:
        yield
    finally:
        run("umount", str(folder))


def left(agent: Agent) -> list[str]:
    """What can still be written there: KiB, and files."""
    return agent.sh("df -k --output=avail,iavail /data | tail -1").split()


def reason(stateroom: Stateroom) -> str:
    return str(stateroom.tenant(SLUG)["status"]["reason"])


def answers(stateroom: Stateroom) -> None:
    with stateroom.door(SLUG) as door:
        eventually(door.is_there, 180, 0.5)


def test_a_full_disk_is_said_with_what_to_do(stateroom: Stateroom, hoarder: Agent) -> None:
    """The runtime still runs and can keep nothing: `degraded`, with both ways out in the
    sentence. The neighbour notices nothing."""
    eventually(lambda: full(stateroom, hoarder), 60, 0.5)
    assert stateroom.phase(SLUG) == "degraded"
    said = reason(stateroom)
    assert "its disk is full" in said
    assert f"stateroom tenants set {SLUG} --limit disk_mb" in said
    assert f"stateroom tenants restart {SLUG} --safe-mode" in said
    with stateroom.door(NEIGHBOUR) as door:
        assert "demo model" in door.chat("do you have space")
    assert stateroom.tenant(NEIGHBOUR)["status"]["phase"] == "ready"


def test_what_cannot_boot_for_want_of_room_says_so(
    stateroom: Stateroom, hoarder: Agent, tmp_path: Path
) -> None:
    """OpenClaw does not boot from a disk without a byte and a file left. The tenant has failed
    as soon as that is seen, and the sentence is the same, not the exit code."""
    stateroom.cli("tenants", "suspend", SLUG, "--wait")
    with mounted(hoarder, tmp_path):
        fill_to_the_last(tmp_path)
    must(stateroom.api("PATCH", f"/tenants/{SLUG}", {"suspended": False}))
    eventually(lambda: stateroom.phase(SLUG) == "failed", 120, 0.5)
    assert "its disk is full" in reason(stateroom)


def test_safe_mode_boots_on_a_full_disk(stateroom: Stateroom, hoarder: Agent) -> None:
    """Beside a disk without room for anything it is ready and answers with the tenant's own
    prompt, also with one that is set only now; the sentence stays."""
    stateroom.cli("tenants", "restart", SLUG, "--safe-mode", "--wait")
    assert "its disk is full" in reason(stateroom)
    with stateroom.door(SLUG) as door:
        assert OWN in door.chat("are you safe")
        stateroom.change(SLUG, {"values": {"prompt": "You throw things away."}})
        eventually(lambda: "You throw things away." in text_of(door.asked("and now")), 60, 0.5)
    room, files = left(hoarder)
    assert (int(room) < 8, files) == (True, "0")


def test_deleting_files_in_safe_mode_is_the_way_back(stateroom: Stateroom, hoarder: Agent) -> None:
    """With the tenant's rubbish gone a plain restart brings it back as it was, and nothing is
    left to be said."""
    hoarder.sh("rm -r /data/hoard /data/fill")
    assert int(left(hoarder)[0]) > 100_000
    stateroom.cli("tenants", "restart", SLUG, "--wait")
    answers(stateroom)
    assert stateroom.ready(SLUG)["status"]["reason"] == ""
    assert hoarder.sh("cat /data/precious.txt") == "survives"
    with stateroom.door(SLUG) as door:
        assert "You throw things away." in door.chat("what do you do")


def test_more_room_is_the_other_way_back(stateroom: Stateroom, hoarder: Agent) -> None:
    """Filled again and given a larger disk while it runs, it answers with everything that was on
    it."""
    eventually(lambda: full(stateroom, hoarder), 60, 0.5)
    size = hoarder.disk_mb()
    stateroom.change(SLUG, {"limits": {"disk_mb": 384}})
    assert hoarder.disk_mb() >= size + 100
    answers(stateroom)
    assert stateroom.ready(SLUG)["status"]["reason"] == ""
    assert hoarder.sh("cat /data/precious.txt") == "survives"
    assert int(hoarder.sh("stat -c %s /data/fill")) > 100 * 2**20

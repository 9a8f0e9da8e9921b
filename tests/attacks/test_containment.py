"""One tenant's disaster stays its own: while its runtime is killed, its memory, processes and
disk are used up and its data is poisoned, its neighbour answers every single request.

The victim lives through all of it in the order of this file and is whole again after each.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest

from tests.e2e.cabins import Agent, agent_of
from tests.e2e.installation import Stateroom, eventually
from tests.e2e.shared import stateroom
from tests.e2e.talk import Steady, must

__all__ = ["stateroom"]

VICTIM, NEIGHBOUR = "vic", "globex"

BOMB = "const held = []; for (;;) held.push(Buffer.alloc(16 << 20, 1));"
"""Written to, or the kernel would hand out nothing but promises."""

FORKS = "f() { f | f & }; f"


@pytest.fixture(scope="module")
def victim(stateroom: Stateroom) -> Iterator[Agent]:
    stateroom.create(VICTIM)
    stateroom.ready(VICTIM)
    stateroom.ready(NEIGHBOUR)
    agent = agent_of(stateroom, VICTIM)
    agent.sh("echo survives > /data/precious.txt")
    yield agent
    stateroom.remove(VICTIM)


@pytest.fixture
def neighbour(stateroom: Stateroom, victim: Agent) -> Iterator[Steady]:
    """Asked all the time, from before the attack until the victim is back."""
    assert victim.slug == VICTIM
    with Steady(stateroom.door(NEIGHBOUR)) as steady:
        yield steady
    steady.never_failed()


def well(stateroom: Stateroom, victim: Agent) -> None:
    """It answers, and it has its data. A death may not have been seen yet, so the phase alone
    says nothing."""
    with stateroom.door(VICTIM) as door:
        eventually(door.is_there, 180, 0.5)
    stateroom.ready(VICTIM)
    assert victim.sh("cat /data/precious.txt") == "survives"


def test_a_killed_runtime_comes_back_by_itself(
    stateroom: Stateroom, victim: Agent, neighbour: Steady
) -> None:
    """kill -9 of OpenClaw: the tenant says so, is started again in place without being asked,
    and has its data."""
    before = victim.started
    victim.kill()
    eventually(lambda: stateroom.phase(VICTIM) != "ready")
    well(stateroom, victim)
    assert victim.started[0] == before[0]
    assert victim.started[1] != before[1]
    assert neighbour.answered


def test_memory_used_up_kills_nobody_else(
    stateroom: Stateroom, victim: Agent, neighbour: Steady
) -> None:
    """A program inside that takes all the memory it can get is ended at the cabin's own limit,
    and whatever of the runtime went with it comes back."""
    limit = victim.inspect()["HostConfig"]["Memory"]
    said = victim.node(BOMB)
    assert said.code != 0
    assert limit == 1536 * 2**20
    well(stateroom, victim)
    assert neighbour.answered


def test_a_fork_bomb_ends_at_the_cabins_own_limit(
    stateroom: Stateroom, victim: Agent, neighbour: Steady
) -> None:
    """Processes without end fill the cabin's own count and no more; a restart clears them."""
    limit = victim.inspect()["HostConfig"]["PidsLimit"]
    victim.start_inside(FORKS)
    eventually(lambda: len(victim.pids()) > limit // 2)
    assert len(victim.pids()) <= limit
    must(stateroom.api("POST", f"/tenants/{VICTIM}/restart"))
    well(stateroom, victim)
    assert len(victim.pids()) < limit // 2
    assert neighbour.answered


def test_a_full_disk_is_the_tenants_own(
    stateroom: Stateroom, victim: Agent, neighbour: Steady
) -> None:
    """/data takes what was promised and not a byte more; the tenant can still be restarted, and
    with space again it answers."""
    filled = victim.run("sh", "-c", "cat /dev/zero 2>&1 > /data/fill")
    assert "No space left" in filled.out
    size = int(victim.sh("stat -c %s /data/fill"))
    assert 100 * 2**20 < size <= 256 * 2**20
    with stateroom.door(NEIGHBOUR) as other:
        assert "demo model" in other.chat("do you have space")
    victim.sh("rm /data/fill")
    well(stateroom, victim)
    assert neighbour.answered


def test_data_that_kills_every_boot(
    stateroom: Stateroom, victim: Agent, neighbour: Steady
) -> None:
    """State that OpenClaw cannot boot from: it is tried with growing pauses, then `failed` with
    a sentence that says what to do; safe mode answers beside the state; with the poison gone a
    restart brings it back as it was."""
    victim.sh("mv /data/state /data/state.good && echo poison > /data/state")
    victim.kill()
    eventually(lambda: stateroom.phase(VICTIM) == "failed", 180, 0.5)
    reason = stateroom.tenant(VICTIM)["status"]["reason"]
    assert "5 times in a row" in reason
    assert f"stateroom tenants restart {VICTIM} --safe-mode" in reason
    assert "pause" in stateroom.cli("plan", VICTIM).out
    pauses = between_starts(stateroom, victim.cabin)
    assert pauses == sorted(pauses)
    assert pauses[-1] >= 10

    stateroom.cli("tenants", "restart", VICTIM, "--safe-mode", "--wait")
    with stateroom.door(VICTIM) as door:
        assert "demo model" in door.chat("are you safe")
    victim.sh("rm /data/state && mv /data/state.good /data/state")
    stateroom.cli("tenants", "restart", VICTIM, "--wait")
    well(stateroom, victim)
    assert neighbour.answered


def between_starts(stateroom: Stateroom, cabin: str) -> list[float]:
    """Seconds that each start was held back after the death before it."""
    connection = stateroom.database()
    try:
        rows = connection.execute(
            "SELECT began_at, at FROM failures WHERE kind = 'exit' AND cabin = ?"
            " ORDER BY at DESC LIMIT 5",
            (cabin,),
        ).fetchall()[::-1]
    finally:
        connection.close()
    return [began - died for (_, died), (began, _) in pairwise(rows)]

"""Crash everywhere: every golden world once more, and the steward ends after each single action,
does it twice, or loses the engine's answer. What starts again remembers nothing and converges to
the same end, and a tenant beside never notices."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from stateroom.domain.routes import Door
from tests.world import Died, Fate, World
from tests.world_script import Script, essence

GOLDEN = sorted((Path(__file__).parents[1] / "golden").glob("*.txt"))
FOR_ALL = ("reboot", "lose-content", "deploy", "upgrade", "copy-first", "edge")
"""What happens to every tenant of a world, so to the one beside, too."""

BESIDE = "beside"


async def played(told: str, fate: Fate) -> World:
    """The world of a golden file with a tenant beside, up to its end, whatever befalls the
    steward meanwhile; then all is healed and settles."""
    world = World(boots_at_once=4)
    script = Script(world)
    world.rows.create(BESIDE)
    await script.run("settle\nwait 60\nsettle")
    script.cabins[BESIDE] = world.cabin_of(BESIDE)
    world.edge.replaced.clear()
    world.trace.clear()
    world.fate = fate
    for line in [*told.splitlines(), "heal", "settle"]:
        await _survived(script, line)
    world.assert_unbroken()
    if not any(word in told for word in FOR_ALL):
        _never_cut(world)
    return world


async def _survived(script: Script, line: str) -> None:
    verb = line.partition(" ")[0]
    try:
        await script.run(line)
    except Died:
        script.world.fate = Fate()
        script.world.new_loop()
        # What only told the steward to turn is done by the next one.
        if verb not in ("show", "turn"):
            await script.run(line)


def _never_cut(world: World) -> None:
    host = f"{BESIDE}.t.localhost"
    for table in world.edge.replaced:
        doors = [route.door for route in table.routes if route.host == host]
        assert doors == [Door.OPEN], f"{BESIDE} was cut"


def told_by(path: Path) -> str:
    return path.read_text().partition("-----")[0].split("\n", 1)[1]


@pytest.mark.parametrize("kind", ["dies", "twice", "loses"])
@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
async def test_any_action_may_be_the_last(
    path: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Whichever action the steward ends at, repeats or hears no answer of, the end is the same."""
    caplog.set_level(logging.CRITICAL, "stateroom")  # What it says is not what is tested here.
    told = told_by(path)
    undisturbed = await played(told, Fate())
    wanted: dict[str, Any] = essence(undisturbed)
    for at in range(1, undisturbed.fate.done + 1):
        found = essence(await played(told, Fate(at, kind)))
        assert found == wanted, f"{kind} at action {at}: {undisturbed.trace[at - 1]}"

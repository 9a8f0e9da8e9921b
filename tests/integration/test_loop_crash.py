"""Crash everywhere: every golden world once more, and the steward ends after each single action,
does it twice, or loses the engine's answer. What starts again remembers nothing and converges to
the same end, and a tenant beside never notices."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from stateroom.domain.routes import Door
from tests.world import Died, Fate, World
from tests.world_kept import Kept
from tests.world_script import Script, essence

GOLDEN = sorted((Path(__file__).parents[1] / "golden").glob("*.txt"))
FOR_ALL = ("reboot", "lose-content", "deploy", "upgrade", "copy-first", "edge")
"""What happens to every tenant of a world, so to the one beside, too."""

BESIDE = "beside"


async def began() -> Script:
    """A world with the tenant beside, settled."""
    world = World(boots_at_once=4)
    script = Script(world)
    world.rows.create(BESIDE)
    await script.run("settle\nwait 60\nsettle")
    script.cabins[BESIDE] = world.cabin_of(BESIDE)
    world.edge.replaced.clear()
    world.trace.clear()
    world.fate = Fate()
    return script


async def undisturbed(told: str) -> tuple[World, list[tuple[int, Kept]]]:
    """The world of a golden file up to its end, then healed and settled; and as it was before
    each line, by number, and between the turns of one that may as well begin there."""
    script, befores = await began(), list[tuple[int, Kept]]()

    def keep(number: int) -> None:
        if script.world.fate.done > befores[-1][1].done:
            befores.append((number, Kept(script)))

    for number, line in enumerate(_lines(told)):
        befores.append((number, Kept(script)))
        if line in ("settle", "show"):
            script.world.before_turn = partial(keep, number)
        await script.run(line)
        script.world.before_turn = lambda: None
    _assert_never_broken(script.world, told)
    return script.world, befores


async def disturbed(told: str, befores: Sequence[tuple[int, Kept]], fate: Fate) -> World:
    """The same, whatever befalls the steward. It goes on from the last moment before that: up to
    there it would be no other world."""
    number, kept = next(it for it in reversed(befores) if it[1].done < fate.at)
    script = kept.again()
    fate.done = kept.done
    script.world.fate = fate
    for line in _lines(told)[number:]:
        await _survived(script, line)
    _assert_never_broken(script.world, told)
    return script.world


def _lines(told: str) -> list[str]:
    return [*told.splitlines(), "heal", "settle"]


def _assert_never_broken(world: World, told: str) -> None:
    world.assert_unbroken()
    if not any(word in told for word in FOR_ALL):
        _never_cut(world)


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
    calm, befores = await undisturbed(told)
    wanted: dict[str, Any] = essence(calm)
    assert calm.fate.done == len(calm.trace)
    for at, action in enumerate(calm.trace, 1):
        found = essence(await disturbed(told, befores, Fate(at, kind)))
        assert found == wanted, f"{kind} at action {at}: {action}"

"""Golden plans: what happened, a line of dashes, and what the steward does about it, in one file.

STATEROOM_UPDATE_GOLDEN=1 writes the expected halves anew; read the diff before you commit it.
"""

from __future__ import annotations

import difflib
import os
from pathlib import Path

import pytest

from tests.world import World
from tests.world_script import Script

GOLDEN = sorted((Path(__file__).parents[1] / "golden").glob("*.txt"))
LINE = "-" * 40 + "\n"


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
async def test_the_plan_is_as_written_down(path: Path) -> None:
    """What is planned and told, pass by pass, is what the file says."""
    text = path.read_text()
    told, line, expected = text.partition(LINE)
    script = Script(World())
    await script.run(told)
    script.world.assert_unbroken()
    if os.environ.get("STATEROOM_UPDATE_GOLDEN") == "1":
        path.write_text(told + LINE + script.shown)
        return
    assert line, f"{path.name} has no expected half; run with STATEROOM_UPDATE_GOLDEN=1"
    diff = "\n".join(
        difflib.unified_diff(
            expected.splitlines(), script.shown.splitlines(), "written down", "now", lineterm=""
        )
    )
    assert not diff, f"\n{path.name}\n{diff}"


def test_every_golden_world_is_told_once() -> None:
    """There are worlds to check, and no two files tell the same."""
    told = [path.read_text().partition(LINE)[0].split("\n", 1)[1] for path in GOLDEN]
    assert len(set(told)) == len(told) > 30

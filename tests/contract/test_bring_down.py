"""`down --purge` on the real Docker, stopped at every step: what it says it did, it did."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiodocker import Docker

from stateroom.domain.runtime import Volume
from stateroom.errors import Permanent
from stateroom.installation import machine
from stateroom.installation.bring_down import bring_down
from stateroom.settings import Settings
from tests.contract.engine_lab import Lab, docker, lab, run

STEPS = ("remove_parts", "remove_volumes", "remove_firewall", "empty_home")


class Killed(Exception):
    """The command is interrupted."""


@dataclass(frozen=True)
class Place:
    """An installation with one part, one cabin with a disk, and a home."""

    lab: Lab
    settings: Settings

    async def down(self) -> list[str]:
        async with Docker() as client:
            return await bring_down(client, self.settings, purge=True, keep_images=True)

    def left(self) -> str:
        """Everything of it that Docker still has."""
        label = f"label=stateroom.installation={self.lab.installation.prefix}"
        listings = (("ps", "-aq"), ("volume", "ls", "-q"), ("network", "ls", "-q"))
        return "".join(docker(*listing, "--filter", label) for listing in listings)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with lab("ed", "10.219.8.0/24", 18079, tmp_path) as made:
        (made.home / "installation.json").write_text(json.dumps({"id": "ed"}))
        prefix = made.installation.prefix
        docker(
            "run", "--detach", "--name", f"{prefix}-guard", "--network", "none",
            "--label", f"stateroom.installation={prefix}", "--label", "stateroom.part=guard",
            "--stop-signal", "KILL",
            "--entrypoint", "sleep", made.image, "infinity",
        )  # fmt: skip
        settings = Settings(home=made.home, subnets="10.219.8.0/24", broker_port=18079)
        yield Place(made, settings)


async def furnish(place: Place) -> None:
    async with Docker() as client:
        await place.lab.engine(client).prepare(place.lab.cabin(), (Volume("data", "/data", 16),))


def loops(place: Place) -> bool:
    return place.lab.installation.prefix in run("losetup", "-a")


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("step", STEPS)
async def test_a_purge_that_was_interrupted_is_finished_by_the_next(
    place: Place, monkeypatch: pytest.MonkeyPatch, step: str, after: bool
) -> None:
    """Before or after any step: nothing is claimed, and the next one leaves nothing."""
    await furnish(place)
    real = getattr(machine, step)

    async def killed(*arguments: object) -> None:
        if after:
            await real(*arguments)
        raise Killed

    monkeypatch.setattr(machine, step, killed)
    with pytest.raises(Killed):
        await place.down()
    monkeypatch.undo()
    if (place.settings.home / "installation.json").exists():
        said = await place.down()
        assert said[-1] == f"Removed {place.settings.home}."
        assert not place.settings.home.exists()
    assert place.left() == ""
    assert not loops(place)


async def test_what_is_not_ours_in_a_home_stays(place: Place) -> None:
    """What somebody put there is told, and left alone; everything of ours goes."""
    notes = place.settings.home / "notes"
    notes.write_text("mine")
    said = await place.down()
    assert said[-1] == f"Removed what is ours in {place.settings.home}, and left notes."
    assert notes.read_text() == "mine"
    assert [path.name for path in place.settings.home.iterdir()] == ["notes"]


async def test_without_an_image_nothing_is_claimed(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Disks can only be put away by a helper: it says how to get one, and keeps everything."""
    await furnish(place)

    async def none(*_: object) -> str:
        return ""

    monkeypatch.setattr(machine, "image_of_ours", none)
    with pytest.raises(Permanent, match="stateroom up --empty"):
        await place.down()
    assert loops(place)
    assert (place.settings.home / "installation.json").exists()

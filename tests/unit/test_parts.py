"""Our own parts: each has what it needs, and no more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from stateroom.domain.cabin import Installation
from stateroom.installation.bring_up import settings_environment
from stateroom.installation.parts import Ground, container, parts
from stateroom.settings import Settings

DATABASE = "postgresql+asyncpg://stateroom:hunter2@db/stateroom"
SETTINGS = Settings(home=Path("/srv/stateroom"), database=DATABASE, https_port=9443)
GROUND = Ground(
    settings=SETTINGS,
    installation=Installation("3f"),
    image="sha256:1",
    entry_point="/srv/stateroom/bin/cabin-init",
    docker_group=998,
    content_mount="/var/lib/docker/volumes/st3f-content/_data",
    environment=settings_environment(SETTINGS),
    edge_files="one",
)


def bodies(ground: Ground) -> dict[str, dict[str, object]]:
    return {part.name: container(ground, part) for part in parts(ground)}


def test_the_database_is_known_to_api_and_steward_alone() -> None:
    """Its address may hold a password; the other settings reach every part."""
    found = bodies(GROUND)
    knowing = {name for name, body in found.items() if "hunter2" in str(body)}
    assert knowing == {"api", "steward"}
    assert all("STATEROOM_HTTPS_PORT=9443" in str(body["Env"]) for body in found.values())


def test_other_files_make_another_edge_and_nothing_else() -> None:
    """A renewed certificate is in force after the next `up`."""
    before, after = bodies(GROUND), bodies(replace(GROUND, edge_files="two"))
    assert {name for name in before if before[name] != after[name]} == {"edge"}


def test_nobody_but_the_guard_has_a_capability() -> None:
    """And nobody but the steward has the engine's socket."""
    made = {part.name: part for part in parts(GROUND)}
    assert {name: part.capabilities for name, part in made.items() if part.capabilities} == {
        "guard": ("NET_ADMIN",)
    }
    assert {n for n, p in made.items() if any("docker.sock" in b for b in p.binds)} == {"steward"}

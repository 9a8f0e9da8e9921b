"""Copies of disks on the real Docker: what is on them, and helpers that are killed half way."""

from __future__ import annotations

import asyncio

import pytest

from stateroom.domain.inventory import CopyKind, DiskCopy
from stateroom.engines import docker_objects as objects
from stateroom.errors import Retryable
from tests.contract.engine_copies import ASIDE, NAME, WHOLE, copies
from tests.contract.engine_lab import NODES, docker
from tests.contract.engine_suite import DATA, disks, running
from tests.contract.test_engine_docker import DockerWorld, eventually, inside, world

__all__ = ["world"]


async def test_the_disk_is_what_it_was(world: DockerWorld) -> None:
    """Byte for byte what was there when it was copied; what came later is aside, whole."""
    cabin = world.cabin()
    wanted = await running(world, cabin)
    inside(wanted.name, "echo before > /data/note; echo stays > /data/old")
    await world.engine.stop(wanted.name, 1)
    await world.engine.copy(cabin, ("data",), NAME)
    await world.engine.start(wanted.name)
    inside(wanted.name, "echo after > /data/note; rm /data/old; echo new > /data/new")
    await world.engine.stop(wanted.name, 1)
    await world.engine.put_back(cabin, ("data",), NAME)
    await world.engine.start(wanted.name)
    assert inside(wanted.name, "cat /data/note /data/old; ls /data").split() == [
        "before", "stays", "note", "old",
    ]  # fmt: skip
    name = objects.disk_name(cabin.name, "data")
    aside = world.lab.home / "disks" / f"{name}.{NAME}.aside"
    listed = docker(
        "run", "--rm", "--network", "none", "--label",
        f"stateroom.installation={world.lab.installation.prefix}",
        "--volume", f"{aside}:/aside:ro", "--entrypoint", "debugfs", world.image,
        "-R", "cat note", "/aside",
    )  # fmt: skip
    assert listed == "after"


async def test_a_copy_takes_its_room_at_once(world: DockerWorld) -> None:
    """What is put back from it must not lack room that others took meanwhile."""
    cabin = world.cabin()
    await world.engine.prepare(cabin, DATA)
    await world.engine.copy(cabin, ("data",), NAME)
    name = objects.disk_name(cabin.name, "data")
    copy = world.lab.home / "disks" / f"{name}.{NAME}.copy"
    assert copy.stat().st_blocks * 512 >= 16 * objects.MIB


@pytest.mark.parametrize("after", ["cp", "fallocate"])
async def test_a_copy_that_was_cut_short_is_none(world: DockerWorld, after: str) -> None:
    """It is seen as half made; asked again it is made whole, and put back it is only gone."""
    cabin = world.cabin()
    wanted = await running(world, cabin)
    await world.engine.stop(wanted.name, 1)
    name = objects.disk_name(cabin.name, "data")
    cut = f'{after}() {{ command {after} "$@"; touch {NODES}/{name}.cut; sleep 60; }}\n'
    await _killed(world, name, cut, world.engine.copy(cabin, ("data",), NAME))
    assert await copies(world, cabin) == {DiskCopy("data", NAME, CopyKind.HALF)}
    if after == "cp":
        await world.engine.copy(cabin, ("data",), NAME)
        assert await copies(world, cabin) == {WHOLE}
    else:
        await world.engine.put_back(cabin, ("data",), NAME)
        assert await copies(world, cabin) == frozenset()
    await world.engine.prepare(cabin, DATA)
    await world.engine.start(wanted.name)


@pytest.mark.parametrize("after", ["ln", "mv"])
async def test_putting_back_may_be_cut_short(world: DockerWorld, after: str) -> None:
    """The disk is one of the two at every moment, and asked again it is the one before."""
    cabin = world.cabin()
    wanted = await running(world, cabin)
    inside(wanted.name, "echo before > /data/note")
    await world.engine.stop(wanted.name, 1)
    await world.engine.copy(cabin, ("data",), NAME)
    await world.engine.start(wanted.name)
    inside(wanted.name, "echo after > /data/note")
    await world.engine.stop(wanted.name, 1)
    name = objects.disk_name(cabin.name, "data")
    cut = f'{after}() {{ command {after} "$@"; touch {NODES}/{name}.cut; sleep 60; }}\n'
    await _killed(world, name, cut, world.engine.put_back(cabin, ("data",), NAME))
    found = await world.engine.observe()
    place = found.places[cabin.id]
    assert {**place.kept, **place.disks} == {"data": 16}
    await world.engine.put_back(cabin, ("data",), NAME)
    assert await copies(world, cabin) == {ASIDE}
    await world.engine.prepare(cabin, DATA)
    assert await disks(world, cabin) == {"data": 16}
    await world.engine.start(wanted.name)
    assert inside(wanted.name, "cat /data/note") == "before"


async def _killed(world: DockerWorld, name: str, cut: str, doing: object) -> None:
    with world.helper(cut):
        task = asyncio.ensure_future(doing)  # type: ignore[call-overload]
        mark = NODES / f"{name}.cut"
        await eventually(mark.exists)
        docker("kill", objects.helper_name(name.rpartition("-")[0]))
        with pytest.raises(Retryable):
            await task
        mark.unlink()

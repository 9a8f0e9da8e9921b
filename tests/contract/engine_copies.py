"""The contract of copies of disks, against every engine."""

from __future__ import annotations

import pytest

from stateroom.domain.cabin import Cabin
from stateroom.domain.inventory import CopyKind, DiskCopy, State
from stateroom.errors import Permanent, Retryable
from tests.contract.engine_suite import DATA, World, disks, place, running, state

NAME = "c0123456789abcdef"
WHOLE = DiskCopy("data", NAME, CopyKind.WHOLE)
ASIDE = DiskCopy("data", NAME, CopyKind.ASIDE)


async def copies(world: World, cabin: Cabin) -> frozenset[DiskCopy]:
    found = await place(world, cabin)
    return found.copies if found else frozenset()


class CopiesSuite:
    async def test_a_copy_lies_beside_its_disk(self, world: World) -> None:
        """Made once, whatever it is asked; the disk is attached as before, and starts."""
        cabin = world.cabin()
        wanted = await running(world, cabin)
        await world.engine.stop(wanted.name, 1)
        for _ in range(2):
            await world.engine.copy(cabin, ("data",), NAME)
            assert await copies(world, cabin) == {WHOLE}
            assert await disks(world, cabin) == {"data": 16}
        await world.engine.start(wanted.name)
        assert await state(world, wanted.name) is State.RUNNING

    async def test_a_disk_in_use_is_left_alone(self, world: World) -> None:
        """Neither copied nor put back while something runs on it, which it goes on doing."""
        cabin = world.cabin()
        wanted = await running(world, cabin)
        with pytest.raises(Retryable):
            await world.engine.copy(cabin, ("data",), NAME)
        assert await copies(world, cabin) == frozenset()
        await world.engine.stop(wanted.name, 1)
        await world.engine.copy(cabin, ("data",), NAME)
        await world.engine.start(wanted.name)
        with pytest.raises(Retryable):
            await world.engine.put_back(cabin, ("data",), NAME)
        assert await copies(world, cabin) == {WHOLE}
        assert await state(world, wanted.name) is State.RUNNING

    async def test_what_was_written_meanwhile_lies_aside(self, world: World) -> None:
        """Put back once, whatever it is asked; what the disk had become is kept until it is
        dropped, and the disk itself is not touched by that, also while it is in use."""
        cabin = world.cabin()
        wanted = await running(world, cabin)
        await world.engine.stop(wanted.name, 1)
        await world.engine.copy(cabin, ("data",), NAME)
        await world.engine.start(wanted.name)
        await world.engine.stop(wanted.name, 1)
        for _ in range(2):
            await world.engine.put_back(cabin, ("data",), NAME)
            assert await copies(world, cabin) == {ASIDE}
        await world.engine.start(wanted.name)
        for _ in range(2):
            await world.engine.drop_copy(cabin.id, NAME)
            assert await copies(world, cabin) == frozenset()
        assert await state(world, wanted.name) is State.RUNNING
        assert await disks(world, cabin) == {"data": 16}

    async def test_a_disk_that_nothing_wrote_to_stays(self, world: World) -> None:
        """Where nothing was started in between there is nothing to keep aside."""
        cabin = world.cabin()
        wanted = await running(world, cabin)
        await world.engine.stop(wanted.name, 1)
        await world.engine.copy(cabin, ("data",), NAME)
        await world.engine.put_back(cabin, ("data",), NAME)
        assert await copies(world, cabin) == frozenset()
        await world.engine.start(wanted.name)
        assert await state(world, wanted.name) is State.RUNNING

    async def test_without_room_no_copy_is_left(self, world: World) -> None:
        """Refused for now, nothing half lies about, and the disk starts."""
        cabin = world.cabin()
        wanted = await running(world, cabin)
        await world.engine.stop(wanted.name, 1)
        with world.no_room(), pytest.raises(Retryable) as refusal:
            await world.engine.copy(cabin, ("data",), NAME)
        assert refusal.value.after >= 60
        assert await copies(world, cabin) == frozenset()
        await world.engine.start(wanted.name)
        assert await state(world, wanted.name) is State.RUNNING

    async def test_copies_end_with_the_data(self, world: World) -> None:
        """Releasing a cabin keeps them like its disks; erasing its data takes all of it."""
        cabin = world.cabin()
        await world.engine.prepare(cabin, DATA)
        await world.engine.copy(cabin, ("data",), NAME)
        await world.engine.release(cabin.id)
        assert await copies(world, cabin) == {WHOLE}
        await world.engine.erase_data(cabin.id)
        assert await place(world, cabin) is None

    async def test_nothing_to_copy_and_nothing_to_put_back(self, world: World) -> None:
        """A disk that is not there is told; a copy that is not there was put back or dropped."""
        cabin = world.cabin()
        with pytest.raises(Retryable):
            await world.engine.copy(cabin, ("data",), NAME)
        await world.engine.drop_copy(cabin.id, NAME)
        await world.engine.prepare(cabin, DATA)
        await world.engine.put_back(cabin, ("data",), NAME)
        assert await copies(world, cabin) == frozenset()
        for bad in ("../x", "", "a b", "A"):
            with pytest.raises(Permanent):
                await world.engine.copy(cabin, ("data",), bad)

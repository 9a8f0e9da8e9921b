"""The engine's contract, as tests that run against every engine.

A `World` is an engine and the hands that a test needs to do to it what the world does: kill,
freeze, lose. The suite never looks at what kind of engine it is.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Protocol

import pytest

from stateroom.domain.cabin import Cabin
from stateroom.domain.content import Content, ContentVersion
from stateroom.domain.inventory import Instance, Place, State
from stateroom.domain.runtime import Mount, Resources, RuntimeSpec, Shape, Volume
from stateroom.engines.base import (
    NO_USAGE,
    Copies,
    Engine,
    EngineEvent,
    Images,
    Logs,
    Measures,
    Resizes,
)
from stateroom.errors import Absent, Clash, EngineError, Permanent, Retryable

DATA = (Volume("data", "/data", 16),)
BIGGER = (Volume("data", "/data", 24),)
SMALL = Resources(cpu=0.5, memory_mb=64, pids=64)
IDLE = ("sh", "-c", "exec sleep infinity")
"""One process that asks for nothing: cabins of one test run beside those of the next."""


class FullEngine(Engine, Resizes, Copies, Logs, Measures, Images, Protocol):
    """All the powers at once."""


class World(Protocol):
    image: str

    @property
    def engine(self) -> FullEngine: ...
    def cabin(self) -> Cabin: ...
    def kill(self, name: str) -> None: ...
    def pause(self, name: str) -> None: ...
    def lose_holder(self, cabin: Cabin) -> None: ...
    def lose_disks(self, cabin: Cabin) -> None: ...
    def lose_content_store(self) -> None: ...
    def no_room(self) -> AbstractContextManager[None]:
        """Meanwhile the host's disk has no room for another MiB."""
        ...



def content(generation: int = 1, environment: str = "e1", /, **files: bytes) -> Content:
    version = ContentVersion(generation, f"digest-{generation}", environment)
    return Content(version, (("env", b"A=1\0"), *files.items()))


def spec(
    world: World, cabin: Cabin, *, command: tuple[str, ...] = IDLE, resources: Resources = SMALL
) -> RuntimeSpec:
    shape = Shape(world.image, command, mounts=(Mount("data", "/data"),), tmpfs=(("/tmp", 8),))
    return RuntimeSpec(cabin, "agent", shape, resources, stop_seconds=2)


async def place(world: World, cabin: Cabin) -> Place | None:
    return (await world.engine.observe()).places.get(cabin.id)


async def disks(world: World, cabin: Cabin) -> Mapping[str, int]:
    found = await place(world, cabin)
    return found.disks if found else {}


async def instance(world: World, name: str) -> Instance | None:
    view = await world.engine.observe()
    return next((found for found in view.instances if found.name == name), None)


async def state(world: World, name: str) -> State | None:
    found = await instance(world, name)
    return found.state if found else None


async def running(world: World, cabin: Cabin, command: tuple[str, ...] = IDLE) -> RuntimeSpec:
    wanted = spec(world, cabin, command=command)
    await world.engine.prepare(cabin, DATA)
    await world.engine.configure(cabin.id, content())
    await world.engine.create(wanted)
    await world.engine.start(wanted.name)
    return wanted


class EngineSuite:
    """Subclasses give the fixtures `world` and `other`: two installations side by side."""

    async def test_prepare_gives_a_place(self, world: World) -> None:
        """After prepare the cabin has a network, a running holder and its disks, no more."""
        cabin = world.cabin()
        await world.engine.prepare(cabin, DATA)
        found = await place(world, cabin)
        assert found is not None
        assert found.network
        assert found.holder
        assert (found.disks, found.kept) == ({"data": 16}, {})

    async def test_prepare_again_changes_nothing(self, world: World) -> None:
        """A second prepare finds everything there: the same holder, the same disks."""
        cabin = world.cabin()
        await world.engine.prepare(cabin, DATA)
        before = await place(world, cabin)
        await world.engine.prepare(cabin, DATA)
        assert await place(world, cabin) == before

    async def test_two_callers_at_once(self, world: World) -> None:
        """Every verb may be called twice at the same moment; the result is that of once."""
        cabin = world.cabin()
        wanted = spec(world, cabin)
        await asyncio.gather(*(world.engine.prepare(cabin, DATA) for _ in range(2)))
        await world.engine.configure(cabin.id, content())
        await asyncio.gather(*(world.engine.create(wanted) for _ in range(2)))
        await asyncio.gather(*(world.engine.start(wanted.name) for _ in range(2)))
        assert await state(world, wanted.name) is State.RUNNING
        await asyncio.gather(*(world.engine.stop(wanted.name, 1) for _ in range(2)))
        await asyncio.gather(*(world.engine.remove(wanted.name) for _ in range(2)))
        await asyncio.gather(*(world.engine.release(cabin.id) for _ in range(2)))
        found = await place(world, cabin)
        assert found is not None
        assert (found.network, found.holder, found.kept) == (False, "", {"data": 16})

    async def test_create_needs_a_place(self, world: World) -> None:
        """An instance of a cabin that is not prepared is refused for now."""
        with pytest.raises(Retryable):
            await world.engine.create(spec(world, world.cabin()))

    async def test_life(self, world: World) -> None:
        """Created, running, ended, gone; each step twice, each observed."""
        cabin = world.cabin()
        wanted = spec(world, cabin)
        await world.engine.prepare(cabin, DATA)
        await world.engine.configure(cabin.id, content())
        for _ in range(2):
            await world.engine.create(wanted)
            assert await state(world, wanted.name) is State.CREATED
        for _ in range(2):
            await world.engine.start(wanted.name)
            assert await state(world, wanted.name) is State.RUNNING
        for _ in range(2):
            await world.engine.stop(wanted.name, 1)
            assert await state(world, wanted.name) is State.EXITED
        for _ in range(2):
            await world.engine.remove(wanted.name)
            assert await state(world, wanted.name) is None

    async def test_what_is_said_of_an_instance(self, world: World) -> None:
        """Cabin, role, resources, holder, content store and times are read back as they are."""
        cabin = world.cabin()
        wanted = await running(world, cabin)
        view = await world.engine.observe()
        (found,) = [one for one in view.instances if one.cabin == cabin.id]
        assert (found.role, found.resources) == ("agent", SMALL)
        assert found.holder == view.places[cabin.id].holder
        assert found.content_store == view.content_store != ""
        assert found.started_at > 0
        await world.engine.start(wanted.name)
        again = await instance(world, wanted.name)
        assert again is not None
        assert again.started_at == found.started_at

    async def test_absent_is_fine_where_it_ends(self, world: World) -> None:
        """What is not there is stopped, removed, released and erased already."""
        cabin = world.cabin()
        name = spec(world, cabin).name
        await world.engine.stop(name, 1)
        await world.engine.remove(name)
        await world.engine.release(cabin.id)
        await world.engine.erase_data(cabin.id)
        assert await place(world, cabin) is None

    async def test_absent_cannot_start(self, world: World) -> None:
        """Start and resize of what is not there are tried again later."""
        name = spec(world, world.cabin()).name
        with pytest.raises(Retryable):
            await world.engine.start(name)
        with pytest.raises(Retryable):
            await world.engine.resize(name, SMALL)

    async def test_remove_refuses_what_runs(self, world: World) -> None:
        """A running instance, awake or frozen, is not removed."""
        wanted = await running(world, world.cabin())
        with pytest.raises(Clash):
            await world.engine.remove(wanted.name)
        world.pause(wanted.name)
        with pytest.raises(Clash):
            await world.engine.remove(wanted.name)
        assert await state(world, wanted.name) is State.PAUSED

    async def test_an_end_is_seen(self, world: World) -> None:
        """An instance that was killed says how and when; started again it is another life."""
        wanted = await running(world, world.cabin())
        first = await instance(world, wanted.name)
        world.kill(wanted.name)
        ended = await instance(world, wanted.name)
        assert first is not None
        assert ended is not None
        assert (ended.state, ended.exit_code) == (State.EXITED, 137)
        assert ended.finished_at >= first.started_at > 0
        await world.engine.start(wanted.name)
        second = await instance(world, wanted.name)
        assert second is not None
        assert second.state is State.RUNNING
        assert second.started_at >= ended.finished_at

    async def test_a_frozen_one_is_woken_and_stopped(self, world: World) -> None:
        """Start wakes a frozen instance without a new life; stop ends a frozen one."""
        wanted = await running(world, world.cabin())
        before = await instance(world, wanted.name)
        world.pause(wanted.name)
        assert await state(world, wanted.name) is State.PAUSED
        await world.engine.start(wanted.name)
        assert await instance(world, wanted.name) == before
        world.pause(wanted.name)
        await world.engine.stop(wanted.name, 1)
        assert await state(world, wanted.name) is State.EXITED

    async def test_resize(self, world: World) -> None:
        """Limits change in place, up and down, in a running instance and in a stopped one."""
        wanted = await running(world, world.cabin())
        before = await instance(world, wanted.name)
        assert before is not None
        for resources in (Resources(1.25, 128, 100), Resources(0.3, 48, 50)):
            for _ in range(2):
                await world.engine.resize(wanted.name, resources)
            found = await instance(world, wanted.name)
            assert found is not None
            assert found.resources == resources
            assert found.started_at == before.started_at
        await world.engine.stop(wanted.name, 1)
        await world.engine.resize(wanted.name, SMALL)
        found = await instance(world, wanted.name)
        assert found is not None
        assert found.resources == SMALL

    async def test_content_is_read_back(self, world: World) -> None:
        """The version that lies in a cabin is observed; the environment's age counts from when
        the environment changed, not from every write."""
        cabin = world.cabin()
        await world.engine.configure(cabin.id, content(1, "e1"))
        first = (await world.engine.observe()).content[cabin.id]
        assert first.version == content(1, "e1").version
        await world.engine.configure(cabin.id, content(2, "e1"))
        second = (await world.engine.observe()).content[cabin.id]
        assert second.version.generation == 2
        assert second.written_at > first.written_at
        assert second.environment_at == first.environment_at
        await world.engine.configure(cabin.id, content(3, "e2"))
        third = (await world.engine.observe()).content[cabin.id]
        assert third.environment_at == third.written_at > second.written_at
        await world.engine.configure(cabin.id, content(3, "e2"))
        assert (await world.engine.observe()).content[cabin.id] == third

    @pytest.mark.parametrize("name", ["/etc/x", "../x", "a/../../x", ""])
    async def test_content_stays_in_its_folder(self, world: World, name: str) -> None:
        """A path that leads out is refused before anything is written."""
        cabin = world.cabin()
        await world.engine.configure(cabin.id, content(1))
        bad = Content(content(2).version, (("env", b""), (name, b"x")))
        with pytest.raises(Permanent):
            await world.engine.configure(cabin.id, bad)
        assert (await world.engine.observe()).content[cabin.id].version.generation == 1

    async def test_release_keeps_the_data_at_rest(self, world: World) -> None:
        """After release only the disk's data is left, and a later prepare attaches it again."""
        cabin = world.cabin()
        wanted = await running(world, cabin)
        for _ in range(2):
            await world.engine.release(cabin.id)
            assert await place(world, cabin) == Place(cabin.id, kept={"data": 16})
        view = await world.engine.observe()
        assert cabin.id not in view.content
        assert wanted.name not in {found.name for found in view.instances}
        await world.engine.prepare(cabin, DATA)
        found = await place(world, cabin)
        assert found is not None
        assert (found.disks, found.kept) == ({"data": 16}, {})

    async def test_erase_takes_the_data(self, world: World) -> None:
        """Erasing is refused while an instance is left, and afterwards nothing is there."""
        cabin = world.cabin()
        await running(world, cabin)
        with pytest.raises(Clash):
            await world.engine.erase_data(cabin.id)
        await world.engine.release(cabin.id)
        for _ in range(2):
            await world.engine.erase_data(cabin.id)
            assert await place(world, cabin) is None

    async def test_a_lost_holder_makes_instances_stale(self, world: World) -> None:
        """Without its holder nothing is created or started in a cabin; a new holder is another
        one, and what joined the old one must be created again."""
        cabin = world.cabin()
        wanted = await running(world, cabin)
        before = await place(world, cabin)
        world.lose_holder(cabin)
        world.kill(wanted.name)
        lost = await place(world, cabin)
        assert before is not None
        assert lost is not None
        assert lost.holder == ""
        with pytest.raises(EngineError):
            await world.engine.start(wanted.name)
        await world.engine.prepare(cabin, DATA)
        after = await place(world, cabin)
        assert after is not None
        assert after.holder not in ("", before.holder)
        for verb in (world.engine.start(wanted.name), world.engine.create(wanted)):
            with pytest.raises(Clash):
                await verb
        await world.engine.remove(wanted.name)
        await world.engine.create(wanted)
        await world.engine.start(wanted.name)
        found = await instance(world, wanted.name)
        assert found is not None
        assert found.holder == after.holder

    async def test_a_lost_content_store_makes_instances_stale(self, world: World) -> None:
        """Another content tmpfs has another name and no content; what sees the old one cannot
        be started again."""
        cabin = world.cabin()
        wanted = await running(world, cabin)
        before = await world.engine.observe()
        world.kill(wanted.name)
        world.lose_content_store()
        after = await world.engine.observe()
        assert after.content_store not in ("", before.content_store)
        assert cabin.id not in after.content
        with pytest.raises(Clash):
            await world.engine.start(wanted.name)

    async def test_nothing_starts_without_its_disk(self, world: World) -> None:
        """A disk that is not attached is data at rest, and keeps its instance from starting
        until it is attached again."""
        cabin = world.cabin()
        wanted = await running(world, cabin)
        await world.engine.stop(wanted.name, 1)
        world.lose_disks(cabin)
        found = await place(world, cabin)
        assert found is not None
        assert (found.disks, found.kept) == ({}, {"data": 16})
        with pytest.raises(Retryable):
            await world.engine.start(wanted.name)
        await world.engine.prepare(cabin, DATA)
        await world.engine.start(wanted.name)
        assert await state(world, wanted.name) is State.RUNNING

    async def test_disks_only_grow(self, world: World) -> None:
        """A disk in use does not grow now and stays attached; a free one does; none shrinks, and
        preparing changes no size."""
        cabin = world.cabin()
        wanted = await running(world, cabin)
        with pytest.raises(Retryable):
            await world.engine.grow(cabin, BIGGER)
        assert await disks(world, cabin) == {"data": 16}
        await world.engine.stop(wanted.name, 1)
        await world.engine.prepare(cabin, BIGGER)
        assert await disks(world, cabin) == {"data": 16}
        for volumes in (BIGGER, DATA):
            await world.engine.grow(cabin, volumes)
            assert await disks(world, cabin) == {"data": 24}
        await world.engine.start(wanted.name)
        assert await state(world, wanted.name) is State.RUNNING

    async def test_a_disk_without_room_keeps_its_size(self, world: World) -> None:
        """It is refused for now, says after how long it is worth trying, and its instance starts
        on the old size."""
        cabin = world.cabin()
        wanted = await running(world, cabin)
        await world.engine.stop(wanted.name, 1)
        with world.no_room(), pytest.raises(Retryable) as refusal:
            await world.engine.grow(cabin, BIGGER)
        assert refusal.value.after >= 60
        assert await disks(world, cabin) == {"data": 16}
        await world.engine.start(wanted.name)
        assert await state(world, wanted.name) is State.RUNNING

    async def test_what_was_just_made_says_when(self, world: World) -> None:
        """An instance and its place carry the engine's time of their creation, which a start, a
        stop or a second prepare does not change."""
        cabin = world.cabin()
        wanted = await running(world, cabin)
        before, mine = await place(world, cabin), await instance(world, wanted.name)
        assert before is not None
        assert mine is not None
        assert 0 < before.created_at <= mine.created_at
        await world.engine.stop(wanted.name, 1)
        await world.engine.prepare(cabin, DATA)
        await world.engine.start(wanted.name)
        after, again = await place(world, cabin), await instance(world, wanted.name)
        assert after is not None
        assert again is not None
        assert (after.created_at, again.created_at) == (before.created_at, mine.created_at)

    async def test_events_tell_of_an_end(self, world: World) -> None:
        """An instance that ends makes an event with its cabin."""
        cabin = world.cabin()
        wanted = await running(world, cabin)
        told: asyncio.Queue[EngineEvent] = asyncio.Queue()

        async def listen() -> None:
            async for event in world.engine.events():
                told.put_nowait(event)

        listening = asyncio.create_task(listen())
        try:
            await asyncio.sleep(0.3)
            world.kill(wanted.name)
            async with asyncio.timeout(10):
                while True:
                    event = await told.get()
                    if event.kind == "die":
                        break
            assert event == EngineEvent("die", cabin.id)
        finally:
            listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await listening

    async def test_usage_is_nothing_where_nothing_runs(self, world: World) -> None:
        """A cabin without a running instance uses nothing; one with uses some memory and has
        processes."""
        cabin = world.cabin()
        wanted = await running(world, cabin)
        used = await world.engine.usage(cabin.id)
        assert used.memory_mb > 0 and used.pids > 0
        await world.engine.stop(wanted.name, 1)
        assert await world.engine.usage(cabin.id) == NO_USAGE

    async def test_an_image_that_is_not_here(self, world: World) -> None:
        """A reference to no image is for people to solve."""
        with pytest.raises(Absent):
            await world.engine.pin("stateroom-test/there-is-none:0")

    async def test_installations_do_not_see_each_other(self, world: World, other: World) -> None:
        """Another installation on the same engine sees nothing of ours and changes nothing,
        even when it names our objects."""
        cabin = world.cabin()
        wanted = await running(world, cabin)
        before = (await place(world, cabin), await instance(world, wanted.name))
        view = await other.engine.observe()
        assert cabin.id not in view.places
        assert wanted.name not in {found.name for found in view.instances}
        await other.engine.stop(wanted.name, 1)
        await other.engine.remove(wanted.name)
        await other.engine.release(cabin.id)
        await other.engine.erase_data(cabin.id)
        with pytest.raises(Retryable):
            await other.engine.start(wanted.name)
        assert (await place(world, cabin), await instance(world, wanted.name)) == before

"""The engine's contract over the fake, and what only the fake has."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

import pytest

from stateroom.domain.cabin import Cabin, Installation
from stateroom.domain.inventory import State
from stateroom.engines.fake import FakeEngine
from stateroom.errors import Retryable
from tests.contract.engine_copies import CopiesSuite
from tests.contract.engine_services import ServicesSuite
from tests.contract.engine_suite import DATA, EngineSuite, content, running, spec, state


class FakeWorld:
    def __init__(self, installation: str, clock: Callable[[], float] = time.time) -> None:
        self.engine = FakeEngine(Installation(installation), clock)
        self.image = "sha256:none"
        self._numbers = count(1)

    def cabin(self) -> Cabin:
        number = next(self._numbers)
        return Cabin(self.engine.installation, f"{number:08x}", number, number)

    def kill(self, name: str) -> None:
        self.engine.crash(name, 137)

    def pause(self, name: str) -> None:
        self.engine.pause(name)

    def lose_holder(self, cabin: Cabin) -> None:
        self.engine.lose_holder(cabin.id)

    def lose_disks(self, cabin: Cabin) -> None:
        self.engine.detach(cabin.id)

    def lose_content_store(self) -> None:
        self.engine.lose_content_store()

    @contextmanager
    def no_room(self) -> Iterator[None]:
        self.engine.room_mb = 0
        yield
        self.engine.room_mb = None


@pytest.fixture
def world() -> FakeWorld:
    ticks = count(1000)
    return FakeWorld("e0", lambda: float(next(ticks)))


@pytest.fixture
def other() -> FakeWorld:
    return FakeWorld("e1")


class TestFakeEngine(EngineSuite, CopiesSuite, ServicesSuite):
    """The whole contract."""


async def test_a_programmed_failure_comes_as_often_as_asked(world: FakeWorld) -> None:
    """A failure hits its verb and its cabin only, and is over after its times."""
    unlucky, lucky = world.cabin(), world.cabin()
    world.engine.fail("prepare", unlucky.id, Retryable("no"), times=2)
    await world.engine.prepare(lucky, DATA)
    for _ in range(2):
        with pytest.raises(Retryable):
            await world.engine.prepare(unlucky, DATA)
    await world.engine.prepare(unlucky, DATA)


async def test_two_writers_are_no_possible_world(world: FakeWorld) -> None:
    """A second instance on the same disk is not an error to handle but a bug to find."""
    cabin = world.cabin()
    await running(world, cabin)
    second = spec(world, cabin, command=("other",))
    await world.engine.create(second)
    with pytest.raises(AssertionError, match="two writers"):
        await world.engine.start(second.name)


async def test_nothing_runs_without_the_firewall(world: FakeWorld) -> None:
    """Starting anything while the guard does not vouch for the table is a bug to find."""
    cabin = world.cabin()
    await world.engine.prepare(cabin, DATA)
    await world.engine.configure(cabin.id, content())
    wanted = spec(world, cabin)
    await world.engine.create(wanted)
    world.engine.firewall = False
    with pytest.raises(AssertionError, match="firewall"):
        await world.engine.start(wanted.name)


async def test_a_reboot_stops_everything_and_keeps_the_data(world: FakeWorld) -> None:
    """Afterwards nothing runs, no holder, no content; the disks are data at rest."""
    cabin = world.cabin()
    wanted = await running(world, cabin)
    world.engine.reboot()
    view = await world.engine.observe()
    assert await state(world, wanted.name) is State.EXITED
    assert view.places[cabin.id].holder == ""
    assert view.places[cabin.id].kept == {"data": 16}
    assert view.content == {}


async def test_a_runtime_that_dies_at_every_start(world: FakeWorld) -> None:
    """It is started, and has ended; once it recovers it stays."""
    cabin = world.cabin()
    world.engine.dies_at_start(cabin.id, 78)
    wanted = await running(world, cabin)
    assert await state(world, wanted.name) is State.EXITED
    world.engine.recovers(cabin.id)
    await world.engine.start(wanted.name)
    assert world.engine.answers(wanted.name)


async def test_logs_are_followed(world: FakeWorld) -> None:
    """The last lines come first, then each new one as it is said."""
    for line in ("one", "two", "three"):
        world.engine.say("c", line)
    stream = world.engine.logs("c", tail=2, follow=True)
    assert [await anext(stream), await anext(stream)] == ["two", "three"]
    world.engine.say("c", "four")
    assert await anext(stream) == "four"

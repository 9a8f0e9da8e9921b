"""The engine's contract for services: what runs beside the agent in the same cabin."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import pytest

from stateroom.domain.cabin import Cabin
from stateroom.domain.content import Content, ContentVersion
from stateroom.domain.inventory import AppliedContent, Condition, State
from stateroom.domain.runtime import HealthCheck, Mount, RuntimeSpec, Shape, Volume
from stateroom.errors import Permanent, Retryable
from tests.contract.engine_suite import (
    DATA,
    IDLE,
    SMALL,
    World,
    content,
    disks,
    instance,
    running,
    spec,
    state,
)

ROWS = Volume("rows", "/rows", 16, user=1)
BOTH = (*DATA, ROWS)


def service(world: World, cabin: Cabin, health: HealthCheck | None = None) -> RuntimeSpec:
    shape = Shape(world.image, IDLE, mounts=(Mount("rows", "/rows"),), tmpfs=(("/tmp", 8),))
    return RuntimeSpec(cabin, "db", shape, SMALL, stop_seconds=2, user=1, health=health)


def told(
    generation: int = 1, environment: str = "e1", its: str = "s1", role: str = "db"
) -> Content:
    """its: the service's own environment."""
    version = ContentVersion(generation, f"service-{generation}", its)
    return replace(
        content(generation, environment),
        services=((role, Content(version, (("env", b"B=2\0"),))),),
    )


async def beside(world: World, cabin: Cabin, health: HealthCheck | None = None) -> RuntimeSpec:
    """A service that runs beside an agent that runs."""
    wanted = service(world, cabin, health)
    await world.engine.prepare(cabin, BOTH)
    await running(world, cabin)
    await world.engine.configure(cabin.id, told(2))
    await world.engine.create(wanted)
    await world.engine.start(wanted.name)
    return wanted


async def applied(world: World, cabin: Cabin) -> Mapping[str, AppliedContent]:
    return (await world.engine.observe()).content


class ServicesSuite:
    """Beside EngineSuite, with the same fixtures."""

    async def test_a_service_lives_and_ends_alone(self, world: World) -> None:
        """It is seen by its role; killed and started again it leaves the agent as it is."""
        cabin = world.cabin()
        wanted, agent = await beside(world, cabin), spec(world, cabin)
        found = await instance(world, wanted.name)
        assert found is not None
        assert (found.role, found.state, found.resources) == ("db", State.RUNNING, SMALL)
        before = await instance(world, agent.name)
        world.kill(wanted.name)
        assert await state(world, wanted.name) is State.EXITED
        await world.engine.start(wanted.name)
        assert await state(world, wanted.name) is State.RUNNING
        assert await instance(world, agent.name) == before

    async def test_a_services_content_is_told_apart(self, world: World) -> None:
        """A new environment of one dates that one alone."""
        cabin = world.cabin()
        await beside(world, cabin)
        first = (await applied(world, cabin))[cabin.id]
        assert set(first.services) == {"db"}
        await world.engine.configure(cabin.id, told(3, "e1", "s2"))
        second = (await applied(world, cabin))[cabin.id]
        assert second.version.generation == 3
        assert second.environment_at == first.environment_at
        assert second.services["db"] > first.services["db"]
        await world.engine.configure(cabin.id, told(4, "e2", "s2"))
        third = (await applied(world, cabin))[cabin.id]
        assert third.environment_at > second.environment_at
        assert third.services == second.services

    async def test_content_of_a_service_that_is_gone_goes(self, world: World) -> None:
        """And with the cabin all of it does."""
        cabin = world.cabin()
        await world.engine.prepare(cabin, BOTH)
        await world.engine.configure(cabin.id, told())
        await world.engine.configure(cabin.id, content(2))
        assert (await applied(world, cabin))[cabin.id].services == {}
        await world.engine.configure(cabin.id, told(3))
        await world.engine.release(cabin.id)
        assert cabin.id not in await applied(world, cabin)

    @pytest.mark.parametrize("role", ["agent", "../up", "a/b", ""])
    async def test_no_role_leads_elsewhere(self, world: World, role: str) -> None:
        """A folder is named after it."""
        cabin = world.cabin()
        await world.engine.prepare(cabin, DATA)
        with pytest.raises(Permanent):
            await world.engine.configure(cabin.id, told(role=role))

    async def test_a_service_says_how_it_is(self, world: World) -> None:
        """Asked by a command inside, with its own environment; once it has ended nobody asks."""
        cabin = world.cabin()
        asked = HealthCheck(command=("sh", "-c", 'test "$B" = 2'))
        wanted = await beside(world, cabin, asked)
        async with asyncio.timeout(60):
            while True:  # What is waited for happens in another program.
                found = await instance(world, wanted.name)
                assert found is not None
                if found.condition is not Condition.STARTING:
                    break
                await asyncio.sleep(0.2)
        assert found.condition is Condition.HEALTHY
        await world.engine.stop(wanted.name, 1)
        ended = await instance(world, wanted.name)
        assert ended is not None and ended.condition is Condition.UNASKED

    async def test_its_disk_grows_beside_an_agent_that_runs(self, world: World) -> None:
        """Only who mounts a disk has to stop for it."""
        cabin = world.cabin()
        wanted = await beside(world, cabin)
        larger = (replace(ROWS, size_mb=24),)
        with pytest.raises(Retryable):
            await world.engine.grow(cabin, larger)
        await world.engine.stop(wanted.name, 1)
        await world.engine.grow(cabin, larger)
        assert await disks(world, cabin) == {"data": 16, "rows": 24}
        await world.engine.start(wanted.name)
        assert await state(world, spec(world, cabin).name) is State.RUNNING

"""Status: one phase and one sentence for people, whatever is the matter. What a tenant goes
through pass by pass stands in tests/golden; here is what passes do not show."""

from __future__ import annotations

from stateroom.domain.backoff import GIVES_UP_AFTER
from stateroom.domain.status import SETTLE, Phase, Status, counts
from stateroom.steward.loop import Look
from tests.world import World, failed
from tests.world_script import Script


async def acme(*lines: str) -> tuple[World, Status]:
    """A tenant called acme that has settled, after these lines and one more pass."""
    script = Script(World())
    await script.run("\n".join(["create acme", "settle", "wait 60", "settle", *lines]))
    return script.world, status(await script.world.turn())


def status(look: Look) -> Status:
    (found,) = look.statuses.values()
    return found


async def test_ready_says_nothing() -> None:
    """All is well: no sentence, nothing to wait for, the last generation."""
    _, found = await acme()
    assert found == Status(Phase.READY, "", (), 1)


async def test_a_prompt_is_applied_once_openclaw_has_settled() -> None:
    """Written is not applied: the generation counts after the time that OpenClaw needs, and the
    status says when to look again."""
    world, found = await acme("set acme prompt=New.", "turn")
    assert (found.phase, found.applied_generation) == (Phase.STARTING, 1)
    assert found.settles_at == world.now + SETTLE
    world.now = found.settles_at
    assert status(await world.turn()) == Status(Phase.READY, "", (), 2)


async def test_an_outage_of_the_engine_is_over_when_it_is_over() -> None:
    """Failed calls are told while they are tried again, not after the one that went well."""
    script = Script(World())
    await script.run("create acme\n" + "fail prepare acme\n" * GIVES_UP_AFTER)
    for _ in range(40):
        look = await script.world.turn()
        if status(look).phase is Phase.FAILED:
            break
        script.world.now = max(script.world.now + 0.1, look.plan.look_again)
    assert "prepare failed: the engine is busy" in status(look).reason
    await script.run("settle")
    assert status(script.world.loop.last).phase is Phase.READY


async def test_a_live_tenant_with_an_unhealthy_runtime_is_degraded() -> None:
    """It serves, perhaps slowly: its door stays open and its reader knows."""
    _, found = await acme("hang acme", "turn")
    assert (found.phase, found.reason) == (Phase.DEGRADED, "its runtime is slow to answer")


async def test_who_gave_up_is_offered_safe_mode() -> None:
    """After some deaths in a row the sentence names the two commands that help."""
    world, _ = await acme()
    cabin = world.cabin_of("acme")
    world.engine.crash(world.instance_of("acme"))
    await world.store.add_failures([failed(cabin, world.now - n) for n in range(GIVES_UP_AFTER)])
    found = status(await world.turn())
    assert found.phase is Phase.FAILED
    assert "tenants logs acme" in found.reason and "restart acme --safe-mode" in found.reason


async def test_failed_is_over_once_it_answers() -> None:
    """The streak is remembered for its pauses, not held against one that works."""
    world, _ = await acme()
    cabin = world.cabin_of("acme")
    await world.store.add_failures([failed(cabin, world.now - n) for n in range(9)])
    assert status(await world.turn()).phase is Phase.READY


async def test_the_edge_away_is_no_fault_of_the_runtime() -> None:
    """Who is healthy behind an edge that does not answer is told just that."""
    _, found = await acme("edge away")
    assert found.phase is Phase.DEGRADED and "the edge does not answer" in found.reason


async def test_counts_name_every_phase() -> None:
    """For the installation's status: zero is said, too."""
    world, _ = await acme()
    totals = counts(world.loop.last.statuses)
    assert totals.keys() == {phase.value for phase in Phase}
    assert totals["ready"] == 1 == sum(totals.values())


async def test_nobody_has_no_status() -> None:
    """A cabin without a tenant, whose disk is being erased, is in no list of tenants."""
    script = Script(World())
    await script.run("create acme\nsettle\ndelete acme keep\nsettle\nerase-volume acme")
    look = await script.world.turn()
    assert look.plan.cabins and not look.statuses

"""Status: one phase and one sentence for people, whatever is the matter. What a tenant goes
through pass by pass stands in tests/golden; here is what passes do not show."""

from __future__ import annotations

from dataclasses import replace

from stateroom.domain.backoff import GIVES_UP_AFTER
from stateroom.domain.instances import INSTALL_TAKES, REFUSED_AFTER
from stateroom.domain.inventory import Installed
from stateroom.domain.status import LOOK_AGAIN, Phase, Reached, Status, counts
from stateroom.steward.look import Look
from tests.world import TAKES, World, failed
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
    assert found == Status(Phase.READY, "", (), 1, reached=Reached.ROUTED)


async def test_a_prompt_is_applied_once_openclaw_says_so() -> None:
    """Written is not applied, however long it takes: the generation counts when the runtime
    itself names the new content."""
    world, found = await acme()
    world.prober.refuses.add(world.cabin_of("acme"))
    world.rows.change("acme", values={"prompt": "New."})
    await world.turn()
    found = status(await world.turn())
    assert (found.phase, found.applied_generation) == (Phase.STARTING, 1)
    world.now += REFUSED_AFTER - 1.0
    assert status(await world.turn()).phase is Phase.STARTING
    world.prober.refuses.clear()
    assert status(await world.turn()) == Status(Phase.READY, "", (), 2, reached=Reached.ROUTED)


async def test_a_change_that_openclaw_refuses_is_said() -> None:
    """It serves by what it had; the sentence says so and where the reason is found, and the
    status says when that is to be looked at."""
    world, _ = await acme()
    world.prober.refuses.add(world.cabin_of("acme"))
    world.rows.change("acme", values={"prompt": "New."})
    await world.turn()
    written = world.now
    found = status(await world.turn())
    assert found.settles_at == written + REFUSED_AFTER
    world.now = found.settles_at
    found = status(await world.turn())
    assert (found.phase, found.applied_generation) == (Phase.DEGRADED, 1)
    assert "has not taken over the last change" in found.reason
    assert "tenants logs acme" in found.reason
    assert found.settles_at == 0.0
    world.prober.refuses.clear()
    assert status(await world.turn()).phase is Phase.READY


async def test_a_prompt_that_is_not_in_data_is_not_applied() -> None:
    """OpenClaw's word is about its config alone: the entry point has to have put the prompt
    into /data, and what nothing will tell is looked for; in the end the sentence says which."""
    world, _ = await acme()
    cabin = world.cabin_of("acme")
    world.rows.change("acme", values={"prompt": "New."})
    await world.turn()
    written = world.engine._applied[cabin]
    world.engine._applied[cabin] = replace(written, installed=Installed.NO)
    world.now += TAKES
    found = status(await world.turn())
    assert (found.phase, found.applied_generation) == (Phase.STARTING, 1)
    assert found.settles_at == world.now + LOOK_AGAIN
    world.now += REFUSED_AFTER
    found = status(await world.turn())
    assert found.phase is Phase.DEGRADED and "prompt cannot be put into /data" in found.reason
    assert found.settles_at == 0.0
    world.engine._applied[cabin] = written
    assert status(await world.turn()) == Status(Phase.READY, "", (), 2, reached=Reached.ROUTED)


async def test_an_entry_point_that_tells_nothing_is_given_its_time() -> None:
    """One of an older Stateroom goes on running: of what it puts into /data there is no
    evidence, so only there a time stands for it, and OpenClaw's own word is still needed."""
    world, _ = await acme()
    cabin = world.cabin_of("acme")
    world.rows.change("acme", values={"prompt": "New."})
    await world.turn()
    written = world.engine._applied[cabin]
    world.engine._applied[cabin] = replace(written, installed=Installed.UNTOLD)
    world.prober.refuses.add(cabin)
    world.now = written.written_at + INSTALL_TAKES
    assert status(await world.turn()).phase is Phase.STARTING
    world.prober.refuses.clear()
    world.now -= 0.1
    assert status(await world.turn()).phase is Phase.STARTING
    world.now += 0.1
    assert status(await world.turn()) == Status(Phase.READY, "", (), 2, reached=Reached.ROUTED)


async def test_the_second_of_two_changes_at_once_is_waited_for() -> None:
    """A, B, A: the content that comes back is not taken for the one before it, which the
    runtime still names while it may be on its way to B."""
    world, _ = await acme()
    cabin = world.cabin_of("acme")
    before = world.engine._applied[cabin].version
    world.prober.refuses.add(cabin)
    for prompt in ("B.", None):
        world.rows.change("acme", values={} if prompt is None else {"prompt": prompt})
        await world.turn()
        await world.turn()
    after = world.engine._applied[cabin].version
    assert after.digest == before.digest
    assert status(world.loop.last).phase is Phase.STARTING
    world.prober.refuses.clear()
    world.now += TAKES
    assert status(await world.turn()) == Status(Phase.READY, "", (), 3, reached=Reached.ROUTED)


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


async def test_a_full_disk_is_the_reason_whatever_else_is() -> None:
    """A runtime that answers is degraded, one that died has failed at the first death; both say
    what to do. With room again nothing is left of it."""
    world, _ = await acme()
    cabin = world.cabin_of("acme")
    world.engine.fill_disk(cabin)
    found = status(await world.turn())
    assert (found.phase, found.applied_generation) == (Phase.DEGRADED, 1)
    assert "disk is full" in found.reason
    assert "tenants set acme --limit disk_mb" in found.reason
    assert "tenants restart acme --safe-mode" in found.reason
    world.engine.crash(world.instance_of("acme"))
    await world.store.add_failures([failed(cabin, world.now)])
    dead = status(await world.turn())
    assert (dead.phase, dead.reason) == (Phase.FAILED, found.reason)
    world.engine.fill_disk(cabin, full=False)
    assert status(await world.turn()).phase is Phase.STARTING


async def test_safe_mode_is_ready_on_a_full_disk_and_says_so() -> None:
    """It runs beside the disk, so it is ready; the sentence stays until there is room."""
    world, _ = await acme()
    world.engine.fill_disk(world.cabin_of("acme"))
    world.rows.change("acme", restart_at=world.now, safe_mode=True)
    found = status(await world.converge())
    assert found.phase is Phase.READY and "disk is full" in found.reason


async def served_acme() -> World:
    """A tenant with the service `db` that has settled."""
    script = Script(World())
    await script.run("serve\ncreate acme\nsettle\nwait 60\nsettle")
    return script.world


async def test_a_service_keeps_its_tenant_from_being_ready() -> None:
    """Whether it has not answered yet, or does not any more: how grave that is, and of whom the
    sentence speaks, are told apart."""
    world = await served_acme()
    cabin = world.cabin_of("acme")
    assert status(await world.turn()).phase is Phase.READY
    world.engine.is_unwell(cabin, "db")
    found = status(await world.turn())
    assert (found.phase, found.reached) == (Phase.DEGRADED, Reached.STARTED)
    assert found.reason.startswith("its service db does not answer on port 5432")
    assert "tenants logs acme --service db" in found.reason
    assert found.applied_generation == 1


async def test_a_full_disk_is_told_of_whose_it_is() -> None:
    """The agent's is said with its own limit, a service's with where its size is drawn."""
    world = await served_acme()
    cabin = world.cabin_of("acme")
    places = world.engine._places
    places[cabin] = replace(places[cabin], full=frozenset({"rows"}))
    found = status(await world.turn())
    assert found.phase is Phase.DEGRADED
    assert found.reason.startswith("the disk rows of its service db is full")
    places[cabin] = replace(places[cabin], full=frozenset({"data"}))
    assert status(await world.turn()).reason.startswith("its disk is full")


async def test_a_service_that_dies_beside_an_agent_that_does_not_answer_is_a_failure() -> None:
    """Nothing of the tenant works then, and it does not come by itself."""
    world = await served_acme()
    cabin = world.cabin_of("acme")
    world.engine.never_answers(cabin)
    world.engine.crash(world.instance_of("acme", "db"))
    at = world.now
    await world.store.add_failures(
        [
            replace(failed(cabin, at - 0.5 * n), role="db", began_at=at - 0.5 * n - 1)
            for n in range(1, GIVES_UP_AFTER + 1)
        ]
    )
    found = status(await world.turn())
    assert found.phase is Phase.FAILED
    assert found.reason.startswith("its service db ended")

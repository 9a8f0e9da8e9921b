"""The executor between two passes: what was planned may be overtaken before it is done."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from stateroom.domain import actions as a
from stateroom.domain.backoff import LONGEST_RETRY_AFTER
from stateroom.errors import Permanent, Retryable
from stateroom.steward.execute import Executor, Overtaken
from stateroom.steward.look import Look
from tests.world import World
from tests.world_script import Script


async def planned(*lines: str) -> tuple[Script, Executor, Look]:
    """A world with a tenant acme after these lines, and what a pass would do there."""
    script = Script(World())
    await script.run("\n".join(["create acme", "settle", *lines]))
    look = await script.world.loop.fresh_look()
    return script, script.world.loop._executor, look


def only(look: Look, kind: type) -> a.CabinAction:
    (found,) = [s for todo in look.plan.cabins.values() for s in todo if isinstance(s, kind)]
    return found


async def test_content_of_an_older_wish_is_not_written() -> None:
    """Between plan and writing the tenant was changed again: the newer one is written by the
    next pass, never the older one as if it were the newer."""
    script, executor, look = await planned("set acme prompt=One.")
    await script.run("set acme prompt=Two.")
    await script.world.loop.fresh_look()
    with pytest.raises(Overtaken):
        await executor.perform(only(look, a.Configure))
    assert await executor.run(script.cabins["acme"], [only(look, a.Configure)]) == ()
    assert script.world.engine.contents[script.cabins["acme"]].version.generation == 1


async def test_a_secret_that_was_set_again_is_not_mixed_in() -> None:
    """A content is made of the versions that it names, or not at all."""
    script, executor, look = await planned("secret acme CRM_API_KEY")
    await script.run("secret acme CRM_API_KEY")
    with pytest.raises(Overtaken):
        await executor.perform(only(look, a.Configure))
    assert not script.world.rows.failures


async def test_a_secret_that_was_removed_is_not_missed() -> None:
    """The next pass writes the content without it."""
    script, executor, look = await planned("secret acme CRM_API_KEY")
    await script.run("unset acme CRM_API_KEY")
    with pytest.raises(Overtaken):
        await executor.perform(only(look, a.Configure))
    await script.run("settle")
    assert "secrets/CRM_API_KEY" not in dict(
        script.world.engine.contents[script.cabins["acme"]].files
    )


async def test_a_grant_for_one_that_is_gone_is_not_given() -> None:
    """Nobody's key is let in after its tenant left."""
    script, executor, look = await planned("set acme model=demo-2")
    grant = only(look, a.Grant)
    await script.run("delete acme erase\nsettle")
    with pytest.raises(Overtaken):
        await executor.perform(grant)
    assert not script.world.grants.grants


@dataclass
class Limited:
    """An engine that cannot change limits in place."""


async def test_an_engine_that_cannot_resize_says_so() -> None:
    """A power that is not there is a permanent failure with a sentence, no crash."""
    _, executor, look = await planned("limit acme cpu=2")
    limited = replace(executor, engine=Limited())  # type: ignore[arg-type]
    with pytest.raises(Permanent, match="cannot change limits"):
        await limited.perform(only(look, a.Resize))


async def test_the_first_failure_ends_a_cabins_turn() -> None:
    """What comes after it is not tried, and what failed is named with its time and its reason."""
    script = Script(World())
    await script.run("create acme")
    look = await script.world.loop.fresh_look()
    todo = look.plan.cabins[script.cabins["acme"]]
    script.world.engine.fail("configure", script.cabins["acme"], Retryable("no room"))
    (failure,) = await script.world.loop._executor.run(script.cabins["acme"], todo)
    assert (failure.kind, failure.detail) == ("action", "configure failed: no room")
    assert (failure.at, failure.began_at) == (script.world.now, script.world.now)
    assert [verb for verb, _ in script.world.engine.trace] == ["prepare", "configure"]


async def test_a_grant_that_was_changed_meanwhile_is_not_given_as_the_older_one() -> None:
    """Between plan and writing the model was chosen again: what is written is what was planned,
    or nothing."""
    script, executor, look = await planned("set acme model=demo-2")
    grant = only(look, a.Grant)
    await script.run("set acme model=demo-3")
    await script.world.loop.fresh_look()
    with pytest.raises(Overtaken):
        await executor.perform(grant)
    await script.run("settle")
    (given,) = script.world.grants.grants.values()
    assert given.models == ("demo-3",)


async def test_a_disk_that_cannot_grow_keeps_nobody_from_running() -> None:
    """What comes after it is done all the same, and both failures are told, each as its kind."""
    script, executor, look = await planned("limit acme disk_mb=4096", "turn", "turn")
    cabin = script.cabins["acme"]
    wish = look.wishes[0]
    name = script.world.instance_of("acme")
    script.world.engine.fail("grow", cabin, Retryable("no room", after=90))
    script.world.engine.fail("start", cabin, Retryable("not now"))
    todo = [a.Stop(name, 1), a.Grow(wish.cabin, wish.volumes), a.Start(name), a.Revoke("never")]
    failures = await executor.run(cabin, todo)
    assert [(f.kind, f.detail, f.retry_after) for f in failures] == [
        ("grow", "grow failed: no room", 90.0), ("action", "start failed: not now", 0.0),
    ]  # fmt: skip


async def test_nothing_starts_once_the_firewall_is_gone() -> None:
    """It went between plan and start: all but the start is done, nobody is said to have failed,
    and the next pass that sees it again begins what is there."""
    script = Script(World())
    await script.run("create acme")
    look = await script.world.loop.fresh_look()
    cabin = script.cabins["acme"]
    todo = look.plan.cabins[cabin]
    assert isinstance(todo[-1], a.Start)
    without = replace(script.world.loop._executor, firewall=lambda: False)
    assert await without.run(cabin, todo) == ()
    assert [verb for verb, _ in script.world.engine.trace] == ["prepare", "configure", "create"]
    await script.run("settle")
    assert [verb for verb, _ in script.world.engine.trace].count("start") == 1


@pytest.mark.parametrize("after", [float("inf"), float("nan"), -1.0, 1e12])
async def test_what_an_engine_asks_for_is_written_down_within_bounds(after: float) -> None:
    """No engine's answer is a number that a database or a reader cannot keep."""
    script, executor, _ = await planned()
    cabin = script.cabins["acme"]
    script.world.engine.fail("release", cabin, Retryable("later", after=after))
    (failure,) = await executor.run(cabin, [a.Release(cabin)])
    assert 0 <= failure.retry_after <= LONGEST_RETRY_AFTER


async def test_a_services_secret_goes_to_the_service_alone() -> None:
    """What the drawing gives to a service is opened for it, and lies nowhere that the agent
    looks."""
    script = Script(World())
    secrets = "secret acme DB_PASSWORD\nsecret acme CRM_API_KEY"
    await script.run(f"serve\ncreate acme\n{secrets}\nsettle")
    written = script.world.engine.contents[script.cabins["acme"]]
    ((role, its),) = written.services
    assert role == "db"
    assert dict(its.files)["env"] == b"MODE=plain\0DB_PASSWORD=value of DB_PASSWORD\0"
    assert set(dict(its.files)) == {"env", "secrets/DB_PASSWORD"}
    agents = b"".join(data for _, data in written.files)
    assert b"DB_PASSWORD" not in agents and b"value of CRM_API_KEY" in agents


async def test_a_services_secret_that_was_set_again_is_not_mixed_in() -> None:
    """The same promise as for the agent's."""
    script = Script(World())
    await script.run("serve\ncreate acme\nsettle\nsecret acme DB_PASSWORD")
    look = await script.world.loop.fresh_look()
    await script.run("secret acme DB_PASSWORD")
    with pytest.raises(Overtaken):
        await script.world.loop._executor.perform(only(look, a.Configure))

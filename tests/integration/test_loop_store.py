"""The loop over the real store: what the api writes is carried out, and told back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from stateroom.domain import actions as a
from stateroom.domain.routes import Door
from stateroom.errors import EngineError, NoCapacity, Permanent, Retryable
from stateroom.steward import loop as loop_module
from stateroom.steward import wishes as wishes_module
from stateroom.store import tables as t
from stateroom.store.providers import NewProvider
from stateroom.store.records import FailureRecord
from stateroom.store.sealing import Redacted
from stateroom.store.tenant_create import NewSecret
from tests.world import document, keyring, next_moment, until
from tests.world_real import Real, real_world

SECRET = "sk-very-secret-value-0123456789"


@pytest.fixture
async def real(tmp_path: Path) -> AsyncIterator[Real]:
    async with real_world(tmp_path) as made:
        yield made


async def test_a_created_tenant_becomes_ready(real: Real) -> None:
    """One row of the api's, and its runtime runs with its own prompt and secret behind an open
    door; the status is kept for lists, and told as events."""
    await real.create("acme", values={"prompt": "Hello."}, secrets={"CRM_API_KEY": SECRET})
    await real.world.converge()
    status = await real.status("acme")
    assert (status.phase, status.applied_generation, status.reason) == ("ready", 1, "")
    files = await real.files("acme")
    assert files["install/workspace/AGENTS.md"] == b"Hello.\n"
    assert files["secrets/CRM_API_KEY"] == SECRET.encode()
    assert [r.door for r in real.world.edge.table.routes] == [Door.OPEN]
    events = await real.repository.events.after(0, 1000)
    phases = [e.data["phase"] for e in events if "phase" in e.data]
    assert phases[0] == "provisioning" and phases[-1] == "ready"


async def test_a_change_is_applied_in_place(real: Real) -> None:
    """A new prompt reaches the runtime without a stop, and its generation is told as applied."""
    await real.create("acme")
    await real.world.converge()
    real.world.trace.clear()
    await real.change("acme", {"values": {"prompt": "Changed."}})
    assert (await real.world.converge()).plan.empty
    assert (await real.files("acme"))["install/workspace/AGENTS.md"] == b"Changed.\n"
    assert (await real.status("acme")).applied_generation == 2
    assert [type(step) for step in real.world.trace] == [a.Configure]


async def test_two_changes_at_once_are_both_applied(real: Real) -> None:
    """While the loop turns, too."""
    await real.create("acme")
    await real.world.converge()
    await asyncio.gather(
        real.change("acme", {"values": {"prompt": "Both."}}),
        real.world.turn(),
        real.change("acme", {"limits": {"cpu": 3}}),
    )
    look = await real.world.converge()
    assert (await real.status("acme")).applied_generation == 3
    assert (await real.files("acme"))["install/workspace/AGENTS.md"] == b"Both.\n"
    assert look.inventory.instances[0].resources.cpu == 3


async def test_a_kept_disk_is_revived_and_erased(real: Real) -> None:
    """Deleted and kept: the slug is free, the disk at rest. Revived: the same disk under a new
    tenant with other credentials. Deleted for good: nothing is left anywhere."""
    before = await real.create("acme")
    await real.world.converge()
    await real.repository.tenants.delete("acme", "keep")
    await real.world.converge()
    (volume,) = await real.repository.volumes.all()
    view = await real.world.engine.observe()
    assert view.places[volume.id].kept == {"data": 2048} and not view.instances
    assert not real.world.grants.grants
    after = await real.create("acme", volume=volume.id)
    assert after.cabin.id == before.cabin.id
    assert after.cabin.token_sha256 != before.cabin.token_sha256
    await real.world.converge()
    assert (await real.status("acme")).phase == "ready"
    await real.repository.tenants.delete("acme", "erase")
    await real.world.converge()
    assert (await real.world.engine.observe()).places == {}
    assert (await real.store.desired()).erased == ()
    assert await real.repository.volumes.all() == ()


async def test_a_kept_volume_says_how_full_it_was(real: Real) -> None:
    """The disk is measured before it is taken down: afterwards nobody can look."""
    await real.create("acme")
    await real.world.converge()
    await real.repository.tenants.delete("acme", "keep")
    await real.world.converge()
    (volume,) = await real.repository.volumes.all()
    assert volume.used_mb == 10.0


async def test_erasing_that_is_asked_for_at_the_last_moment(real: Real) -> None:
    """A deletion that kept the disk is not finished as one that erased it: the data would stay,
    and everybody would believe it gone."""
    tenant = (await real.create("acme")).tenant
    await real.world.converge()
    await real.repository.tenants.delete("acme", "keep")
    while not (look := await real.world.loop.fresh_look()).plan.gone:
        await real.world.turn()
    await real.repository.tenants.delete("acme", "erase")
    await real.store.finish_delete(tenant.id, seen="keep")
    assert (await real.repository.tenants.get("acme")).tenant.deleting == "erase"
    await real.world.converge()
    assert look.plan.gone and (await real.world.engine.observe()).places == {}


async def test_a_failing_erasure_is_paced(real: Real) -> None:
    """A kept disk that does not go is tried again after pauses, like everything else."""
    await real.create("acme")
    await real.world.converge()
    await real.repository.tenants.delete("acme", "keep")
    await real.world.converge()
    (volume,) = await real.repository.volumes.all()
    await real.repository.volumes.delete(volume.id)
    real.world.engine.fail("erase_data", volume.id, Retryable("busy"), times=2)
    await real.world.turn()
    look = await real.world.turn()
    assert [w.code for w in look.plan.waiting] == ["backoff"] and not look.plan.cabins
    await real.world.converge()
    assert (await real.world.engine.observe()).places == {}


async def test_who_dies_is_held_back_and_recovers(real: Real) -> None:
    """Deaths are recorded once each, pauses grow, the tenant is told how to go on, and all is
    well again once it lives."""
    await real.create("acme")
    await real.world.converge()
    for _ in range(5):
        real.world.now += 1
        real.world.engine.crash(await real.instance("acme"), 78)
        look = await real.world.turn()
        while look.plan.waiting:
            real.world.now = next_moment(look)
            look = await real.world.turn()
    status = await real.status("acme")
    assert status.phase == "failed" and "refused its configuration" in status.reason
    (entry,) = (await real.store.desired()).tenants
    assert [f.kind for f in entry.failures] == ["exit"] * 5
    await real.world.converge()
    assert (await real.status("acme")).phase == "ready"


@pytest.mark.parametrize("verb", ["prepare", "configure", "create", "start"])
async def test_a_failing_engine_is_asked_again_later(real: Real, verb: str) -> None:
    """Each failure is recorded with its verb, held back for a while, and others go on."""
    unlucky = await real.create("acme")
    await real.create("globex")
    subject = unlucky.cabin.id
    real.world.engine.fail(verb, subject, Permanent("it cannot"), times=3)
    await real.world.turn()
    look = await real.world.turn()
    waits = {w.cabin: w for w in look.plan.waiting}
    assert f"{verb} failed: it cannot" in waits[subject].reason
    assert waits[subject].until > real.world.now
    await real.world.converge()
    assert [(await real.status(s)).phase for s in ("acme", "globex")] == ["ready", "ready"]
    (entry, _) = sorted((await real.store.desired()).tenants, key=lambda e: e.tenant.slug)
    assert len([f for f in entry.failures if f.kind == "action"]) == 3


async def test_an_engine_that_is_away_changes_nothing(real: Real) -> None:
    """A pass without the engine fails as a whole, touches neither edge nor status, and the next
    one is the retry."""
    await real.create("acme")
    await real.world.converge()
    table, status = real.world.edge.table, await real.status("acme")
    real.world.engine.fail("observe", "", Retryable("no answer"))
    with pytest.raises(EngineError):
        await real.world.loop.one_pass()
    assert real.world.edge.table == table and await real.status("acme") == status
    assert (await real.world.turn()).plan.empty


async def test_an_edge_that_was_away_gets_the_whole_table(real: Real) -> None:
    """What changed meanwhile is there as soon as it answers again, though it forgot everything."""
    await real.create("acme")
    await real.world.converge()
    real.world.edge.away = True
    await real.create("globex")
    await real.world.converge()
    assert (await real.status("acme")).phase == "degraded"
    real.world.edge.away, real.world.edge.table = False, replace(real.world.edge.table, routes=())
    await real.world.converge()
    assert [r.door for r in real.world.edge.table.routes] == [Door.OPEN, Door.OPEN]
    assert (await real.status("acme")).phase == "ready"


async def test_an_edge_that_refuses_is_not_pressed(real: Real) -> None:
    """A table that cannot be written is tried again after a moment, not as fast as possible."""
    await real.create("acme")
    async def refuse(*_: object) -> str:
        raise Retryable("the disk is full")

    replace_table, real.world.edge.replace = real.world.edge.replace, refuse  # type: ignore[method-assign]
    look = await real.world.turn()
    assert look.trouble
    assert 0 < real.world.loop._pause(look) <= loop_module.AFTER_TROUBLE
    real.world.edge.replace = replace_table  # type: ignore[method-assign]
    await real.world.converge()
    assert (await real.status("acme")).phase == "ready"


async def test_a_steward_that_starts_in_the_middle(real: Real) -> None:
    """Each pass by a steward that has just started: what was begun is finished, nothing cut."""
    await real.create("acme")
    await real.create("globex")
    for _ in range(6):
        real.world.new_loop()
        await real.world.loop.one_pass()
        await real.world.loop.settle(cancel=True)
        real.world.now += 1
    await real.world.converge()
    assert [(await real.status(s)).phase for s in ("acme", "globex")] == ["ready", "ready"]
    real.world.edge.replaced.clear()
    real.world.new_loop()
    await real.world.converge()
    assert all(r.door is Door.OPEN for table in real.world.edge.replaced for r in table.routes)


async def test_a_provider_reaches_the_broker(real: Real) -> None:
    """Its key is opened for the broker alone; a new key is another provider; a tenant's choice
    of it is another grant."""
    url, prices = "https://models.invalid/v1", {"m-1": {"input": 1, "output": 2}}
    put = real.repository.providers.put
    await put("ours", NewProvider("openai", url, prices, Redacted(SECRET)))
    await real.create("acme", values={"provider": "ours", "model": "m-1"})
    await real.world.converge()
    assert real.world.grants.providers["ours"].key == SECRET
    (grant,) = real.world.grants.grants.values()
    assert (grant.provider, grant.models) == ("ours", ("m-1",))
    await put("ours", NewProvider("openai", url, prices, Redacted("another")))
    await real.change("acme", {"values": {"model": "m-2"}})
    await real.world.converge()
    assert real.world.grants.providers["ours"].key == "another"
    (grant,) = real.world.grants.grants.values()
    assert grant.models == ("m-2",)
    await real.change("acme", {"values": {"provider": None, "model": None}})
    await real.repository.providers.delete("ours")
    await real.world.converge()
    assert set(real.world.grants.providers) == {"demo"}


async def test_a_provider_that_does_not_open_stops_nobody(
    real: Real, caplog: pytest.LogCaptureFixture
) -> None:
    """A row of another installation's is left out, and said; tenants go on."""
    new = NewProvider("openai", "https://models.invalid/v1", {}, Redacted(SECRET))
    await real.repository.providers.put("ours", new)
    async with real.database.write() as connection:
        strange = keyring().sealer.seal("another", "@provider-key", b"x")
        await connection.execute(update(t.providers).values(sealed_key=strange))
    await real.create("acme")
    await real.world.converge()
    assert (await real.status("acme")).phase == "ready"
    assert set(real.world.grants.providers) == {"demo"}
    assert len([r for r in caplog.records if "left out" in r.message]) == 1


async def test_secrets_are_opened_into_content_and_nowhere_else(
    real: Real, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in the log at its most talkative, not in the database's bytes, not in a status, an
    event, a failure or a plan; also where writing the content fails."""
    caplog.set_level(logging.DEBUG, "stateroom")
    caplog.set_level(logging.DEBUG, "sqlalchemy")
    view = await real.create("acme", secrets={"CRM_API_KEY": SECRET})
    real.world.engine.fail("configure", view.cabin.id, Retryable("busy"), times=2)
    new = NewProvider("openai", "https://models.invalid/v1", {}, Redacted(SECRET[::-1]))
    await real.repository.providers.put("ours", new)
    look = await real.world.converge()
    await real.repository.secrets.set("acme", "CRM_API_KEY", NewSecret(Redacted(SECRET + "2")))
    await real.world.converge()
    assert (await real.files("acme"))["secrets/CRM_API_KEY"] == (SECRET + "2").encode()
    broker_key = keyring().steward.opener.open(
        view.cabin.id, "@broker-key", view.cabin.sealed_broker_key
    ).decode()
    told = caplog.text + repr(look) + repr(real.world.trace) + repr(await real.store.desired())
    told += repr(await real.repository.events.after(0, 1000))
    kept = b"".join(path.read_bytes() for path in real.file.parent.glob("stateroom.db*"))
    for secret in (SECRET, SECRET[::-1], broker_key):
        assert secret not in told
        assert secret.encode() not in kept


async def test_blocked_is_what_somebody_has_to_end(real: Real) -> None:
    """An image that is being looked for blocks nobody; one that is not here, and a secret that is
    not set, block until somebody acts, and no longer."""
    await real.repository.blueprints.put("sample", document("2027.1.1", required=True))
    await real.repository.deployments.deploy("sample")
    await real.create("acme")

    async def blocked() -> tuple[bool, str]:
        await real.world.turn()
        status = await real.status("acme")
        return status.blocked, status.reason

    assert await blocked() == (False, "the image openclaw:2027.1.1 is being looked for")
    await real.pin()
    is_blocked, reason = await blocked()
    assert is_blocked and "`STATEROOM_OPENCLAW_VERSION=2027.1.1 stateroom up`" in reason
    real.world.engine.images["openclaw:2027.1.1"] = ("openclaw", "gateway", "run")
    await real.pin()
    is_blocked, reason = await blocked()
    assert is_blocked and "stateroom secrets set acme CRM_API_KEY" in reason
    new = NewSecret(Redacted(SECRET))
    await real.repository.secrets.set("acme", "CRM_API_KEY", new)
    await real.world.converge()
    assert (await real.status("acme")).blocked is False
    assert (await real.status("acme")).phase == "ready"


async def test_a_secret_that_does_not_open_hurts_its_tenant_alone(real: Real) -> None:
    """It is told by name, without a value; who has none goes on."""
    view = await real.create("acme", secrets={"CRM_API_KEY": SECRET})
    await real.create("globex")
    async with real.database.write() as connection:
        strange = keyring().sealer.seal("another tenant", "CRM_API_KEY", b"stolen")
        await connection.execute(update(t.secrets).values(sealed=strange))
    for _ in range(20):
        look = await real.world.turn()
        ready = any(s.phase.value == "ready" for s in look.statuses.values())
        if ready and any(w.code == "backoff" for w in look.plan.waiting):
            break
        real.world.now = max(real.world.now + 0.1, next_moment(look))
    assert (await real.status("globex")).phase == "ready"
    status = await real.status("acme")
    assert "CRM_API_KEY does not open" in status.reason and "stolen" not in status.reason
    assert view.cabin.id not in real.world.engine.contents


async def test_a_defect_that_one_tenant_brings_out_stops_nobody_else(
    real: Real, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A compiler that raises what it should not is that tenant's status."""
    compile_ = wishes_module.compile

    def broken(blueprint: Any, facts: Any, *rest: Any) -> Any:
        if facts.slug == "acme":
            raise TypeError("a defect")
        return compile_(blueprint, facts, *rest)

    monkeypatch.setattr(wishes_module, "compile", broken)
    await real.create("acme")
    await real.create("globex")
    await real.world.converge()
    assert (await real.status("globex")).phase == "ready"
    assert "a defect of Stateroom" in (await real.status("acme")).reason


async def test_a_full_disk_below_the_database_stops_no_runtime(
    real: Real, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Failures that cannot be written down keep nobody from being started again, and what fails
    meanwhile is not repeated as fast as possible: its cabin stays in flight for a moment."""
    monkeypatch.setattr(loop_module, "AFTER_TROUBLE", 0.05)
    acme = (await real.create("acme")).cabin.id
    await real.world.converge()

    async def full(_records: Sequence[FailureRecord]) -> None:
        raise NoCapacity("the disk is full")

    monkeypatch.setattr(real.world.loop._store, "add_failures", full)
    real.world.engine.crash(await real.instance("acme"))
    look = await real.world.turn()
    assert look.trouble and any(isinstance(s, a.Start) for s in look.plan.cabins[acme])
    real.world.engine.crash(await real.instance("acme"))
    real.world.engine.fail("start", acme, Retryable("no"))
    await real.world.loop.one_pass()
    await asyncio.sleep(0)
    assert [w.code for w in (await real.world.loop.one_pass()).plan.waiting] == ["working"]
    await real.world.loop.settle()
    await real.world.converge()
    assert (await real.status("acme")).phase == "ready"


async def test_an_image_that_is_not_here_moves_nobody(real: Real) -> None:
    """A revision whose image is not here holds nobody up who serves, and is rolled back with what
    to do; once it is here, they move."""
    await real.create("acme")
    await real.world.converge()
    real.world.trace.clear()
    await real.repository.blueprints.put("sample", document("2026.9.7"))
    view = await real.repository.deployments.deploy("sample")
    await real.pin()
    await real.world.converge()
    found = (await real.repository.deployments.get(view.rollout.id)).rollout
    assert found.state.value == "rolled_back" and "2026.9.7 is not on this machine" in found.reason
    assert [type(step) for step in real.world.trace] == [a.Configure]
    assert real.world.edge.table.routes[0].requests_per_minute == 600
    await real.deploy("2026.9.7")
    await real.world.converge()
    status = await real.status("acme")
    assert (status.phase, status.running_revision) == ("ready", 2)


async def test_events_of_the_engine_wake_the_loop(
    real: Real, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a timer that never comes, a crash is seen because the engine says so, and a change of
    the api's because it signals."""
    monkeypatch.setattr(loop_module, "TIMER", 3600.0)
    await real.create("acme")
    await real.world.converge()
    turning = asyncio.create_task(real.world.loop.run())

    async def quiet() -> bool:
        return bool(real.world.engine._listeners) and not real.world.loop._wake.is_set()

    try:
        await until(quiet)
        await asyncio.sleep(0.1)
        real.world.trace.clear()
        real.world.engine.crash(await real.instance("acme"))
        await until(lambda: _seen(real, a.Start))
        await real.change("acme", {"values": {"prompt": "Signalled."}})
        real.world.loop.wake()
        await until(lambda: _seen(real, a.Configure))
    finally:
        turning.cancel()
        await asyncio.gather(turning, return_exceptions=True)


async def test_a_lost_signal_costs_one_timer(real: Real, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody wakes the loop, and it finds the new tenant all the same."""
    monkeypatch.setattr(loop_module, "TIMER", 0.02)
    turning = asyncio.create_task(real.world.loop.run())
    try:
        await real.create("acme")
        await until(lambda: _seen(real, a.Start))
    finally:
        turning.cancel()
        await asyncio.gather(turning, return_exceptions=True)


async def test_events_that_break_off_are_listened_for_again(
    real: Real, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An engine whose stream of events ends in an error is asked for another."""
    monkeypatch.setattr(loop_module, "AFTER_TROUBLE", 0.01)
    asked = 0

    async def broken() -> AsyncIterator[Any]:
        nonlocal asked
        asked += 1
        raise Retryable("broke off")
        yield

    monkeypatch.setattr(real.world.engine, "events", broken)
    turning = asyncio.create_task(real.world.loop.run())

    async def again() -> bool:
        return asked > 2

    try:
        await until(again)
    finally:
        turning.cancel()
        await asyncio.gather(turning, return_exceptions=True)


async def _seen(real: Real, kind: type) -> bool:
    return any(isinstance(step, kind) for step in real.world.trace)

"""The loop over the real store, with things on the engine that no row of it knows."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from stateroom.domain import actions as a
from stateroom.domain.cabin import Cabin
from stateroom.domain.plan_orphans import ORPHAN_GRACE
from stateroom.domain.runtime import Volume
from stateroom.errors import NotFound, Retryable
from stateroom.steward.preview import described
from tests.world import INSTALLATION
from tests.world_real import Real, real_world

UNKNOWN = Cabin(INSTALLATION, "deadbeef", 999, 999)
DISK = (Volume("data", "/data", 1024),)


@pytest.fixture
async def real(tmp_path: Path) -> AsyncIterator[Real]:
    async with real_world(tmp_path) as made:
        yield made


async def test_an_orphan_that_does_not_go_is_tried_with_pauses(real: Real) -> None:
    """Its failures are written down though no row knows it, hold back the next try and nobody
    else, and are told with what is waited for."""
    await real.create("acme")
    await real.world.converge()
    await real.world.engine.prepare(UNKNOWN, DISK)
    real.world.now += ORPHAN_GRACE
    real.world.engine.fail("release", UNKNOWN.id, Retryable("busy", after=30), times=2)
    await real.world.turn()
    look = await real.world.turn()
    (wait,) = look.plan.waiting
    assert (wait.cabin, wait.code, wait.until) == (UNKNOWN.id, "backoff", real.world.now + 30)
    assert "release failed: busy; tried again by itself after 30 s" in wait.reason
    told = described(look, "")
    assert told["waiting"][0]["tenant"] is None and told["waiting"][0]["cabin"] == UNKNOWN.id
    acme = (await real.repository.tenants.get("acme")).tenant.id
    assert described(look, acme)["waiting"] == []
    await real.world.converge()
    place = (await real.world.engine.observe()).places[UNKNOWN.id]
    assert not place.network and place.kept == {"data": 1024}
    assert (await real.status("acme")).phase == "ready"


async def test_an_empty_store_is_no_reason_to_end_anybody(real: Real) -> None:
    """A steward that was pointed at a new database by mistake takes nothing away."""
    await real.world.engine.prepare(UNKNOWN, DISK)
    real.world.now += 10 * ORPHAN_GRACE
    assert (await real.world.converge()).plan.empty
    assert (await real.world.engine.observe()).places[UNKNOWN.id].network


async def test_a_kept_disk_is_no_orphan_and_what_is_left_beside_it_is(real: Real) -> None:
    """Its data rests and is nobody's news; a holder that a lost call made later goes."""
    view = await real.create("acme")
    await real.world.converge()
    await real.repository.tenants.delete("acme", "keep")
    assert (await real.world.converge()).plan.waiting == ()
    cabin = Cabin(INSTALLATION, view.cabin.id, view.cabin.number, view.cabin.slot)
    await real.world.engine.prepare(cabin, DISK)
    real.world.now += ORPHAN_GRACE
    look = await real.world.converge()
    place = (await real.world.engine.observe()).places[view.cabin.id]
    assert (place.network, place.holder, place.kept) == (False, "", {"data": 2048})
    assert look.plan.waiting == ()


async def test_an_unknown_disk_is_said_once(
    real: Real, caplog: pytest.LogCaptureFixture
) -> None:
    """Not by every pass, and again only once it had gone meanwhile."""
    caplog.set_level(logging.WARNING, "stateroom")
    await real.create("acme")
    await real.world.converge()
    await real.world.engine.prepare(UNKNOWN, DISK)
    await real.world.engine.release(UNKNOWN.id)
    for _ in range(3):
        await real.world.turn()
    said = [r.message for r in caplog.records if UNKNOWN.id in r.message]
    assert len(said) == 1 and "nobody asked to erase it" in said[0]
    assert not [s for s in real.world.trace if isinstance(s, a.EraseData)]


async def test_a_kept_disk_is_revived_on_a_full_host(real: Real) -> None:
    """Its new tenant asked for more than the host has left: it is served on the old size, and
    told; with room the disk grows."""
    await real.create("acme")
    await real.world.converge()
    await real.repository.tenants.delete("acme", "keep")
    await real.world.converge()
    (volume,) = await real.repository.volumes.all()
    real.world.engine.room_mb = 10
    await real.create("acme", volume=volume.id, limits={"disk_mb": 4096})
    await real.world.converge()
    status = await real.status("acme")
    assert status.phase == "degraded" and "its disk cannot grow" in status.reason
    assert [r.door.value for r in real.world.edge.table.routes] == ["open"]
    real.world.engine.room_mb = None
    await real.world.converge()
    assert (await real.status("acme")).phase == "ready"
    assert (await real.world.engine.observe()).places[volume.id].disks == {"data": 4096}


async def test_a_deletion_that_cannot_be_finished_holds_up_no_other(
    real: Real, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One row that refuses is tried again by each pass; the rest of the pass is done."""
    stuck = (await real.create("acme")).tenant.id
    await real.create("globex")
    await real.world.converge()
    finish = real.store.finish_delete

    async def refuse(tenant_id: str, **facts: Any) -> None:
        if tenant_id == stuck:
            raise NotFound("nobody asked to delete it")
        await finish(tenant_id, **facts)

    monkeypatch.setattr(real.store, "finish_delete", refuse)
    for slug in ("acme", "globex"):
        await real.repository.tenants.delete(slug, "erase")
    for _ in range(6):
        await real.world.turn()
    left = [entry.tenant.slug for entry in (await real.store.desired()).tenants]
    assert left == ["acme"]
    monkeypatch.undo()
    await real.world.converge()
    assert (await real.store.desired()).tenants == ()

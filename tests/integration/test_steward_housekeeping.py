"""Housekeeping beside the loop: each chore for itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from stateroom.domain.compile import PinnedImage
from stateroom.errors import Invalid, Permanent, Problem, Retryable, StateroomError
from stateroom.layout import Layout
from stateroom.steward import housekeeping as module
from stateroom.steward.housekeeping import Housekeeping
from stateroom.store import tables as t
from tests.world import document, settings, until
from tests.world_real import Real, real_world


class KeptEngine:
    """What housekeeping asks of an engine; each can be told to fail."""

    def __init__(self) -> None:
        self.pins = self.sweeps = 0
        self.broken = False
        self.refuses: dict[str, StateroomError] = {}

    async def pin(self, reference: str) -> PinnedImage:
        self.pins += 1
        if self.broken:
            raise RuntimeError("a defect")
        if (refusal := self.refuses.get(reference)) is not None:
            raise refusal
        return PinnedImage(reference, f"sha256:{reference}", ("run",))

    async def sweep(self) -> int:
        self.sweeps += 1
        if self.broken and self.sweeps % 2:
            raise Retryable("Docker does not answer")
        return 1


@pytest.fixture
async def real(tmp_path: Path) -> AsyncIterator[Real]:
    async with real_world(tmp_path) as made:
        Layout(tmp_path).disks.mkdir()
        yield made


@asynccontextmanager
async def kept(real: Real, engine: KeptEngine) -> AsyncIterator[asyncio.Event]:
    """Housekeeping at work; yields what is set when a revision was pinned."""
    pinned = asyncio.Event()
    facts = settings(real.file.parent)
    keeper = Housekeeping(real.store, engine, facts, lambda reference: reference, pinned.set)
    work = asyncio.create_task(keeper.run())
    try:
        yield pinned
        assert not work.done()
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


async def test_a_new_revision_is_pinned_once(real: Real, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits for it is told, and nobody is asked again while nothing changes."""
    monkeypatch.setattr(module, "LOOK", 0.01)
    engine = KeptEngine()
    await real.repository.blueprints.put("sample", document("2026.9.7"))
    async with kept(real, engine) as pinned:
        await asyncio.wait_for(pinned.wait(), 20)
        looks = 0

        async def token() -> int:
            nonlocal looks
            looks += 1
            return 7

        monkeypatch.setattr(real.store, "change_token", token)
        await until(lambda: looks >= 4)
    assert engine.pins == 1


async def test_a_chore_that_fails_holds_up_no_other(
    real: Real, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """While no image can be pinned and the engine does not answer, the machine is measured, old
    things are forgotten, and what failed is tried again."""
    caplog.set_level(logging.CRITICAL, "stateroom")
    for pause in ("LOOK", "AFTER_FAILURE", "SWEEP"):
        monkeypatch.setattr(module, pause, 0.01)
    engine, pruned = KeptEngine(), asyncio.Event()
    engine.broken = True
    await real.repository.blueprints.put("sample", document("2026.9.7"))

    async def prune() -> None:
        pruned.set()

    monkeypatch.setattr(real.store, "prune", prune)
    async with kept(real, engine):
        await asyncio.wait_for(pruned.wait(), 20)
        await until(lambda: engine.pins >= 2 and engine.sweeps >= 3)
    async with real.database.read() as connection:
        assert (await connection.execute(select(t.capacity.c.slots))).scalar_one() == 8192


NO_IMAGE = Permanent("there is no such image")
NO_DOCUMENT = Invalid([Problem("/blocks", "unknown", "it is of a version to come")])


@pytest.mark.parametrize("refusal", [NO_IMAGE, NO_DOCUMENT, Retryable("Docker is away")])
async def test_a_revision_that_cannot_be_pinned_holds_up_no_other(
    real: Real,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    refusal: StateroomError,
) -> None:
    """Whatever is wrong with it. It is tried again though nothing changes, and said once; as
    soon as it can be, it is pinned too."""
    for pause in ("LOOK", "AFTER_FAILURE", "RETRY"):
        monkeypatch.setattr(module, pause, 0.01)
    engine = KeptEngine()
    engine.refuses = {"openclaw:2026.9.8": refusal}
    await real.repository.blueprints.put("sample", document("2026.9.8"))
    await real.repository.blueprints.put("sample", document("2026.9.7"))

    async def until_left(*versions: str) -> None:
        for _ in range(2000):
            found = await real.store.unpinned_revisions()
            left = [v for r in found for v in ("2026.9.7", "2026.9.8") if v in str(r.document)]
            if left == list(versions):
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"{left} are left")

    async with kept(real, engine):
        await until_left("2026.9.8")
        before = engine.pins
        await until(lambda: engine.pins >= before + 3)
        said = [record for record in caplog.records if "is not pinned" in record.message]
        assert len(said) == 1
        engine.refuses = {}
        await until_left()


async def test_what_is_left_is_not_asked_for_all_the_time(real: Real) -> None:
    """Between two tries nobody asks the engine, unless something changed."""
    engine = KeptEngine()
    engine.refuses = {"openclaw:2026.9.8": Retryable("Docker is away")}
    await real.repository.blueprints.put("sample", document("2026.9.8"))
    keeper = Housekeeping(
        real.store, engine, settings(real.file.parent), lambda reference: reference, lambda: None
    )
    for _ in range(5):
        await keeper.pin()
    assert engine.pins == 1
    await real.repository.blueprints.put("sample", document("2026.9.7"))
    await keeper.pin()
    assert engine.pins == 3

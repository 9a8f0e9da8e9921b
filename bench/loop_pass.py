"""One pass of the steward's loop over many tenants when nothing changed.

Real: the SQLite store with a row for each tenant, the compiler and its memory, collect, plan,
routes, status and record. Fake: engine, edge and broker, which answer at once.

    python bench/loop_pass.py [--tenants 1000] [--passes 50] [--profile]
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import gc
import logging
import pstats
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench._machine import machine
from bench._report import report
from stateroom.store.database import Database
from stateroom.store.migrate import ensure_schema
from stateroom.store.repository import Repository
from stateroom.store.sealing import Redacted
from stateroom.store.steward import StewardStore
from stateroom.store.tenant_create import NewSecret, NewTenant
from tests.world import INSTALLATION, World, document, keyring, pinned


async def settled(database: Database, tenants: int) -> World:
    """A world in which that many tenants are ready and nothing is left to be done."""
    await ensure_schema(database)
    store = StewardStore(database, time.time)
    world = World(store, boots_at_once=tenants)
    repository = Repository.over(database, INSTALLATION, keyring().sealer, world.clock)
    put = await repository.blueprints.put("sample", document())
    await store.pin_revision(put.revision.id, pinned("2026.9.6"))
    for number in range(tenants):
        secret = NewSecret(Redacted(f"secret {number}"))
        values = {"prompt": f"You are agent {number}."}
        slug = f"tenant-{number}"
        await repository.creation.create(
            NewTenant(slug, "sample", values=values, secrets={"CRM_API_KEY": secret})
        )
    look = await world.converge()
    world.assert_unbroken()
    assert {s.phase.value for s in look.statuses.values()} == {"ready"}, look.statuses
    return world


async def measure(tenants: int, passes: int, profile: bool) -> list[tuple[float, float]]:
    """Milliseconds of each pass: by the clock, and of processor time."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite+aiosqlite:///{folder}/stateroom.db")
        try:
            world = await settled(database, tenants)
            gc.collect()
            profiler = cProfile.Profile() if profile else None
            found = []
            for _ in range(passes):
                if profiler:
                    profiler.enable()
                began, worked = time.perf_counter(), time.process_time()
                look = await world.loop.one_pass()
                passed = (time.perf_counter() - began, time.process_time() - worked)
                found.append((passed[0] * 1000, passed[1] * 1000))
                if profiler:
                    profiler.disable()
                assert look.plan.empty and len(look.statuses) == tenants
            if profiler:
                pstats.Stats(profiler).sort_stats("tottime").print_stats(25)
            return found
        finally:
            await database.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tenants", type=int, default=1000)
    parser.add_argument("--passes", type=int, default=50)
    parser.add_argument("--profile", action="store_true")
    given = parser.parse_args()
    logging.disable(logging.WARNING)
    described = machine()
    found = asyncio.run(measure(given.tenants, given.passes, given.profile))
    heading = f"one pass over {given.tenants} tenants, nothing changed, {given.passes} passes"
    lines = [described, "", heading]
    for what, times in zip(("clock", "cpu"), zip(*found, strict=True), strict=True):
        lines.append(
            f"{what:6}  median {statistics.median(times):.1f} ms"
            f"  min {min(times):.1f} ms  max {max(times):.1f} ms  (target: 100 ms)"
        )
    report("loop_pass", lines)


if __name__ == "__main__":
    main()

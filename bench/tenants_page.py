"""A page of the tenants' table at ten thousand tenants: how long the api takes to answer.

Real: the SQLite store, the api's own application with keys and JSON. Left out: the edge.

    python bench/tenants_page.py [--tenants 10000] [--pages 100]
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import httpx
from sqlalchemy import insert, update

from bench._machine import machine
from stateroom.store import tables as t
from tests.integration.api_lab import ApiLab, api
from tests.integration.store_lab import Lab

ASKED: dict[str, dict[str, Any]] = {
    "the first page": {},
    "a page in the middle": {"before": "tenant-05000"},
    "the last page": {"before": "z"},
    "one phase": {"phase": "failed"},
    "a blueprint and revision": {"blueprint": "support-agent", "revision": 1},
    "a search that finds one": {"search": "tenant-04711"},
    "a search that finds none": {"search": "nowhere"},
    "a search that finds all": {"search": "customer"},
}


async def fill(it: Lab, tenants: int) -> None:
    """One tenant as it is made, and copies of its rows: making each would take minutes."""
    view = await it.tenant("tenant-00000", name="Customer 0")
    await it.report("tenant-00000")
    async with it.database.write() as connection:
        kept = {}
        for name, table in (("tenant", t.tenants), ("cabin", t.cabins), ("status", t.status)):
            row = (await connection.execute(table.select())).mappings().first()
            assert row is not None
            kept[name] = dict(row)
        for table, made in _copies(kept, range(1, tenants)).items():
            await connection.execute(insert(table), made)
        await connection.execute(
            update(t.status)
            .where(t.status.c.tenant.endswith("9"), t.status.c.tenant != view.tenant.id)
            .values(phase="failed", reason="It ends by itself; see its log.")
        )


def _copies(kept: dict[str, dict[str, Any]], numbers: range) -> dict[Any, list[dict[str, Any]]]:
    tenants, cabins, statuses = [], [], []
    for number in numbers:
        id_ = f"t{number:016d}"
        slug, name = f"tenant-{number:05d}", f"Customer {number}"
        tenants.append({**kept["tenant"], "id": id_, "slug": slug, "name": name})
        place = {"id": f"{number:08d}", "number": 1000 + number, "slot": 1000 + number}
        cabins.append({**kept["cabin"], **place, "tenant": id_})
        statuses.append({**kept["status"], "tenant": id_})
    return {t.tenants: tenants, t.cabins: cabins, t.status: statuses}


async def times(
    it: ApiLab, asked: dict[str, Any], pages: int, limit: int
) -> list[tuple[float, float]]:
    """Milliseconds of each page: by the clock, and of processor time."""
    found = []
    for _ in range(pages):
        began, worked = time.perf_counter(), time.process_time()
        answer: httpx.Response = await it.call("GET", "/tenants", params={"limit": limit, **asked})
        passed = (time.perf_counter() - began, time.process_time() - worked)
        found.append((passed[0] * 1000, passed[1] * 1000))
        assert answer.status_code == 200
    return found


async def measure(tenants: int, pages: int, limit: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with api(Path(folder)) as it:
            await fill(it, tenants)
            for what, asked in ASKED.items():
                clock, cpu = zip(*await times(it, asked, pages, limit), strict=True)
                print(
                    f"{what:26}  median {statistics.median(clock):5.1f} ms"
                    f"  p90 {statistics.quantiles(clock, n=10)[-1]:5.1f} ms"
                    f"  cpu {statistics.median(cpu):5.1f} ms"
                )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tenants", type=int, default=10_000)
    parser.add_argument("--pages", type=int, default=100)
    parser.add_argument("--limit", type=int, default=50)
    given = parser.parse_args()
    logging.disable(logging.WARNING)
    print(machine())
    print(f"\na page of {given.limit} among {given.tenants} tenants, {given.pages} times each")
    asyncio.run(measure(given.tenants, given.pages, given.limit))


if __name__ == "__main__":
    main()

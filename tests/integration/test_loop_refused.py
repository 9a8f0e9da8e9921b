"""Rows of the store that would lead out of what is the installation's own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from stateroom.domain.cabin import MOST_CABINS
from tests.world import World


@pytest.mark.parametrize(
    "row", [{"id": "."}, {"id": "../x"}, {"number": MOST_CABINS}, {"slot": 1 << 20}]
)
async def test_a_row_that_is_no_cabin_is_refused(row: dict[str, Any]) -> None:
    """Its tenant says why and waits for somebody; nothing is done under the name, other tenants
    become ready, and a right row makes this one ready too."""
    world = World()
    bad, good = world.rows.create("acme"), world.rows.create("globex")
    before = world.rows.cabins[bad]
    world.rows.cabins[bad] = replace(before, **row)
    look = await world.converge()
    assert look.statuses[bad].blocked and "cabin's" in look.statuses[bad].reason
    assert look.statuses[good].phase.value == "ready"
    assert {subject for _, subject in world.engine.trace if subject} <= {
        world.rows.cabins[good].id, world.instance_of("globex")
    }
    world.rows.cabins[bad] = before
    look = await world.converge()
    assert look.statuses[bad].phase.value == "ready"


async def test_what_runs_is_left_alone_when_its_row_is_refused() -> None:
    """A cabin that stands is not taken down as unknown because the pool was made smaller or its
    row was written over."""
    world = World()
    tenant = world.rows.create("acme")
    world.rows.create("globex")
    await world.converge()
    name = world.instance_of("acme")
    world.rows.cabins[tenant] = replace(world.rows.cabins[tenant], slot=1 << 20)
    world.now += 3600
    look = await world.converge()
    assert look.statuses[tenant].blocked
    assert name in world.engine._instances


async def test_a_kept_row_that_is_no_cabin_erases_nothing() -> None:
    """Erasing is not carried out for an id that names somebody else's files."""
    world = World()
    world.rows.create("acme")
    await world.converge()
    record = world.rows.cabins[world.rows.named("acme").id]
    world.rows.resting["."] = replace(record, id=".", state="erased")
    await world.converge()
    assert all(verb != "erase_data" for verb, _ in world.engine.trace)

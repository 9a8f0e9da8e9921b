"""What a change means for one tenant, by the dearest of what happens to it."""

from __future__ import annotations

from typing import Any

import pytest

from stateroom.domain.effects import Cost, Effect, effect
from stateroom.domain.inventory import Inventory
from stateroom.domain.wish import Wish
from tests.world import World, document, pinned, served


async def compared(
    new: dict[str, Any] | None = None, *, images: str = "2026.9.6", **columns: Any
) -> tuple[Wish, Wish, Inventory]:
    """acme before and after it is given that revision, or other columns."""
    world = World()
    world.rows.create("acme")
    await world.converge()
    before = await world.loop.fresh_look()
    if new is not None:
        columns["revision"] = world.rows.revise(new, pinned(images))
    world.rows.change("acme", **columns)
    after = await world.loop.fresh_look()
    return before.wishes[0], after.wishes[0], after.inventory


@pytest.mark.parametrize(
    ("new", "images", "cost", "detail"),
    [
        (document(), "2026.9.6", Cost.NONE, "Nothing changes for it."),
        (document(tools="full"), "2026.9.6", Cost.IN_PLACE, "Its configuration is written anew."),
        (document(cpu=3.0), "2026.9.6", Cost.IN_PLACE, "Its CPU, memory or processes change."),
        (document("2026.9.7"), "2026.9.7", Cost.RECREATED, "Its image is another."),
    ],
    ids=["nothing", "content", "resources", "image"],
)
async def test_by_what_it_costs(
    new: dict[str, Any], images: str, cost: Cost, detail: str
) -> None:
    """Each part of a spec has its cost, and the sentence says which part it was."""
    assert effect(*await compared(new, images=images)) == Effect(cost, detail)


async def test_a_larger_disk_costs_a_restart() -> None:
    """Growing is done while nothing mounts it."""
    found = effect(*await compared(limits={"disk_mb": 4096}))
    assert (found.cost, found.detail) == (Cost.RESTARTED, "Its disk grows.")


async def test_a_variable_costs_a_restart() -> None:
    """Only a new process takes over another environment."""
    found = effect(*await compared(variables={"FEATURE": "on"}))
    assert (found.cost, found.detail) == (Cost.RESTARTED, "Its environment changes.")


@pytest.mark.parametrize(
    ("new", "image", "detail"),
    [
        (served("database:2"), "database:2", "Its service db is made anew"),
        (served(memory_mb=512), "database:1", "CPU, memory or processes of its service db change"),
        (served(size_mb=512), "database:1",
         "The disk rows of a service grows while that is stopped"),
        (document(), "database:1", "Its service db is taken away"),
    ],
    ids=["image", "resources", "disk", "gone"],
)  # fmt: skip
async def test_what_befalls_a_service_costs_no_caller(
    new: dict[str, Any], image: str, detail: str
) -> None:
    """Callers speak with the agent, which goes on."""
    world = World()
    world.rows.revise(served(), pinned("2026.9.6", "database:1"))
    world.rows.create("acme", revision=2)
    await world.converge()
    before = await world.loop.fresh_look()
    world.rows.change("acme", revision=world.rows.revise(new, pinned("2026.9.6", image)))
    after = await world.loop.fresh_look()
    found = effect(before.wishes[0], after.wishes[0], after.inventory)
    assert found.cost is Cost.IN_PLACE
    assert found.detail.startswith(detail)


async def test_a_copy_stops_the_agent_for_a_services_sake() -> None:
    """Disks are copied while nothing of the cabin is up."""
    world = World()
    world.rows.revise(served(), pinned("2026.9.6", "database:1"))
    world.rows.create("acme", revision=2)
    await world.converge()
    before = await world.loop.fresh_look()
    revision = world.rows.revise(served("database:2"), pinned("2026.9.6", "database:2"))
    world.rows.change("acme", revision=revision)
    after = await world.loop.fresh_look()
    found = effect(before.wishes[0], after.wishes[0], after.inventory, copies=True)
    assert found.cost is Cost.RESTARTED
    assert "its disk is copied first" in found.detail


async def test_a_first_service_is_told() -> None:
    """It is made beside an agent that goes on."""
    drawn = served()
    world = World()
    world.rows.create("acme")
    await world.converge()
    before = await world.loop.fresh_look()
    number = world.rows.revise(drawn, pinned("2026.9.6", "database:1"))
    world.rows.change("acme", revision=number)
    after = await world.loop.fresh_look()
    found = effect(before.wishes[0], after.wishes[0], after.inventory)
    assert found.cost is Cost.IN_PLACE
    assert "the service db is made beside it" in found.detail.lower()


async def test_the_copy_is_told() -> None:
    """Where the disk is copied first, that is part of what happens."""
    before, after, inventory = await compared(document("2026.9.7"), images="2026.9.7")
    found = effect(before, after, inventory, copies=True)
    assert found.detail == "Its image is another and its disk is copied first."


async def test_who_has_no_runtime_gets_one() -> None:
    """Also where everything else would change."""
    before, after, _ = await compared(document("2026.9.7"), images="2026.9.7")
    assert effect(before, after, Inventory()).cost is Cost.CREATED


async def test_who_would_not_go_on_is_told_why() -> None:
    """A secret that the new revision needs: nothing happens to it, and that is no good news."""
    found = effect(*await compared(document(required=True)))
    assert found.cost is Cost.NONE and "CRM_API_KEY" in found.detail


async def test_the_suspended_wait() -> None:
    """Nothing happens to them now."""
    found = effect(*await compared(document(cpu=3.0), suspended=True))
    assert found.cost is Cost.NONE and "once it is resumed" in found.detail

"""Blueprints, deployments and providers in the store."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from stateroom.errors import Conflict, Invalid, Moved, NoCapacity, NotFound
from stateroom.store.providers import NewProvider
from stateroom.store.tenant_change import Change
from tests.builders import drawn
from tests.integration.store_lab import Lab, lab

pytestmark = pytest.mark.usefixtures("either_database")


async def _revisions(it: Lab, count: int) -> None:
    for n in range(count):
        await it.store.blueprints.put("sample", drawn(brain={"model": f"m{n}"}))


async def test_a_revision_is_new_only_if_the_meaning_is(tmp_path: Path) -> None:
    """Blocks in another order, other positions, the same document: no revision. A, B, A: three."""
    async with lab(tmp_path) as it:
        put = it.store.blueprints.put
        document = drawn()
        assert (await put("sample", document, {"door": [1, 2]})).created
        turned = document | {"blocks": document["blocks"][::-1], "links": document["links"][::-1]}
        again = await put("sample", turned, {"door": [9, 9]})
        assert (again.created, again.revision.number) == (False, 1)
        assert (await it.store.blueprints.get("sample")).newest.layout == {"door": [9, 9]}
        await put("sample", drawn(agent={"cpu": 2}))
        back = await put("sample", document)
        assert (back.created, back.revision.number) == (True, 3)
        numbers = [r.number for r in await it.store.blueprints.revisions("sample")]
        assert numbers == [3, 2, 1]


async def test_of_two_who_save_at_once_the_second_is_told(tmp_path: Path) -> None:
    """Both saw revision 1: one makes revision 2, the other reads again."""
    async with lab(tmp_path) as it:
        await it.store.blueprints.put("sample", drawn())
        saves = (
            it.store.blueprints.put("sample", drawn(agent={"cpu": n}), None, (1,)) for n in (2, 3)
        )
        found = await asyncio.gather(*saves, return_exceptions=True)
        assert sum(isinstance(each, Moved) for each in found) == 1
        assert (await it.store.blueprints.get("sample")).newest.number == 2


async def test_a_bad_document_saves_nothing(tmp_path: Path) -> None:
    """Nor one that is called other than its address."""
    async with lab(tmp_path) as it:
        for name, document in (("sample", {"name": "sample"}), ("other", drawn())):
            with pytest.raises(Invalid):
                await it.store.blueprints.put(name, document)
        assert await it.store.blueprints.all() == ()


async def test_new_tenants_get_what_was_deployed_last(tmp_path: Path) -> None:
    """The newest before the first deployment; then the deployed one, also when it is older."""
    async with lab(tmp_path) as it:
        await _revisions(it, 3)
        assert (await it.tenant("first", blueprint="sample")).tenant.revision == 3
        view = await it.store.deployments.deploy("sample", 2)
        await it.report("first")
        await it.go_on(view.rollout.id)
        assert (await it.tenant("second", blueprint="sample")).tenant.revision == 2
        await it.store.deployments.deploy("sample", 3, ["second"])
        assert (await it.tenant("third", blueprint="sample")).tenant.revision == 2


async def test_a_deployment_moves_whom_it_names(tmp_path: Path) -> None:
    """Generations rise for those who move and for nobody else; again it moves nobody."""
    async with lab(tmp_path) as it:
        await _revisions(it, 1)
        for slug in ("a", "b"):
            await it.tenant(slug, blueprint="sample")
        await it.tenant("stranger")
        await _revisions(it, 2)
        view = await it.store.deployments.deploy("sample", slugs=["a"])
        assert [member.slug for member in view.rollout.members] == ["a"]

        async def state(slug: str) -> tuple[int, int]:
            tenant = (await it.store.tenants.get(slug)).tenant
            return tenant.revision, tenant.generation

        assert [await state(s) for s in ("a", "b", "stranger")] == [(2, 2), (1, 1), (1, 1)]
        for _ in range(2):
            for slug in ("a", "b"):
                await it.report(slug)
            await it.go_on(view.rollout.id)
            view = await it.store.deployments.deploy("sample")
        assert [await state(s) for s in ("a", "b", "stranger")] == [(2, 2), (2, 2), (1, 1)]


async def test_a_deployment_that_one_tenant_does_not_fit_moves_nobody(tmp_path: Path) -> None:
    """The refusal names each misfit with a pointer below its slug."""
    async with lab(tmp_path) as it:
        value = {"per_tenant": "model", "default": "m"}
        await it.store.blueprints.put("sample", drawn(brain={"model": value}))
        await it.tenant("a", blueprint="sample")
        await it.tenant("b", blueprint="sample", values={"model": "x"})
        await it.store.blueprints.put("sample", drawn())
        with pytest.raises(Invalid) as refusal:
            await it.store.deployments.deploy("sample")
        assert [p.pointer for p in refusal.value.problems] == ["/tenants/b/values/model"]
        assert {e.tenant.revision for e in (await it.steward.desired()).tenants} == {1}
        assert (await it.store.blueprints.get("sample")).deployed == 0


async def test_a_deployment_beyond_capacity_moves_nobody(tmp_path: Path) -> None:
    """The second tenant does not fit into memory any more: the first is not moved either."""
    async with lab(tmp_path) as it:
        await it.store.blueprints.put("sample", drawn())
        for slug in ("a", "b"):
            await it.tenant(slug, blueprint="sample")
        await it.steward.set_capacity(6000, 100_000, 10)
        await it.store.blueprints.put("sample", drawn(agent={"memory_mb": 3500}))
        with pytest.raises(NoCapacity):
            await it.store.deployments.deploy("sample")
        assert {e.tenant.revision for e in (await it.steward.desired()).tenants} == {1}


async def test_unknown_things_are_told(tmp_path: Path) -> None:
    """A blueprint, a revision, a tenant, a deployment that is not there."""
    async with lab(tmp_path) as it:
        await _revisions(it, 1)
        deploy = it.store.deployments.deploy
        for attempt in (
            deploy("nothing"),
            deploy("sample", 7),
            it.store.deployments.get("d0"),
            it.store.blueprints.get("nothing"),
            it.store.blueprints.revision("sample", 7),
            it.store.volumes.delete("0badf00d"),
            it.store.providers.get("nothing"),
            it.store.providers.delete("nothing"),
        ):
            with pytest.raises(NotFound):
                await attempt
        with pytest.raises(Invalid) as refusal:
            await deploy("sample", slugs=["a", "b"])
        assert [p.pointer for p in refusal.value.problems] == ["/tenants/0", "/tenants/1"]


async def test_moving_to_another_blueprint_checks_everything(tmp_path: Path) -> None:
    """Values that the other one does not know are problems; in one patch they can be removed."""
    async with lab(tmp_path) as it:
        await _revisions(it, 2)
        await it.tenant("acme", values={"model": "x"})
        change = it.store.changes.change
        with pytest.raises(Invalid, match="model"):
            await change("acme", Change({"blueprint": "sample"}))
        with pytest.raises(Invalid, match="no blueprint"):
            await change("acme", Change({"blueprint": "smaple"}))
        moved = await change("acme", Change({"blueprint": "sample", "values": {"model": None}}))
        assert (moved.tenant.blueprint, moved.tenant.revision) == ("sample", 2)


async def test_a_provider_in_use_is_not_removed(tmp_path: Path) -> None:
    """The refusal names who uses it; the built-in one can neither be replaced nor removed."""
    async with lab(tmp_path) as it:
        new = NewProvider("openai", "https://api.example.com", {})
        await it.store.providers.put("main", new)
        value = {"per_tenant": "provider", "default": "demo"}
        await it.store.blueprints.put("sample", drawn(brain={"provider": value}))
        await it.tenant("acme", blueprint="sample", values={"provider": "main"})
        with pytest.raises(Conflict, match="acme"):
            await it.store.providers.delete("main")
        await it.store.changes.change("acme", Change({"values": {"provider": None}}))
        await it.store.providers.delete("main")
        for attempt in (it.store.providers.put("demo", new), it.store.providers.delete("demo")):
            with pytest.raises(Conflict, match="built in"):
                await attempt
        assert [p.name for p in await it.store.providers.all()] == ["demo"]

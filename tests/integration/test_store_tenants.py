"""Tenants in the store: created whole or not at all, changed without loss, gone for good."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from stateroom.domain.cabin import MOST_CABINS
from stateroom.errors import Conflict, Denied, Invalid, Moved, NoCapacity, NotFound
from stateroom.store import tables as t
from stateroom.store.changes import CABIN_NUMBER
from stateroom.store.idempotency import Once
from stateroom.store.records import FailureRecord
from stateroom.store.sealing import API_TOKEN, BROKER_KEY
from stateroom.store.tenant_change import Change
from stateroom.store.tenant_create import NewTenant
from stateroom.store.tenant_list import Filter
from tests.builders import drawn, sample_document, template
from tests.integration.store_lab import Lab, lab, secret, url

pytestmark = pytest.mark.usefixtures("either_database")


async def _change(it: Lab, slug: str = "acme", **patch: Any) -> Any:
    return (await it.store.changes.change(slug, Change(patch))).tenant


async def test_a_new_tenant_has_everything(tmp_path: Path) -> None:
    """Ids, numbers, the revision, reserved limits: what the steward needs is there at once."""
    async with lab(tmp_path) as it:
        view = await it.tenant("acme", name="Acme Ltd", secrets={"CRM_API_KEY": secret("s3cr3t")})
        tenant, cabin = view.tenant, view.cabin
        assert re.fullmatch(r"t[0-9a-f]{16}", tenant.id)
        assert re.fullmatch(r"[0-9a-f]{8}", cabin.id)
        assert (tenant.slug, tenant.name, tenant.generation, tenant.revision) == (
            "acme",
            "Acme Ltd",
            1,
            1,
        )
        assert (cabin.number, cabin.slot, cabin.state, cabin.tenant) == (
            1,
            0,
            "assigned",
            tenant.id,
        )
        assert cabin.disk_mb == 2048
        assert [s.name for s in await it.store.secrets.all("acme")] == ["CRM_API_KEY"]


async def test_only_the_private_key_opens_what_was_made(tmp_path: Path) -> None:
    """Credentials and secrets open for the steward, match their hashes, and are nowhere in the
    database in the open."""
    async with lab(tmp_path) as it:
        view = await it.tenant("acme", secrets={"CRM_API_KEY": secret("s3cr3t-value")})
        cabin = await it.steward.cabin(view.tenant.id)
        token = it.opener.open(cabin.id, API_TOKEN, cabin.sealed_token)
        key = it.opener.open(cabin.id, BROKER_KEY, cabin.sealed_broker_key)
        assert token.startswith(b"sr_")
        assert cabin.token_sha256 == hashlib.sha256(token).hexdigest().upper()
        assert cabin.broker_key_sha256 == hashlib.sha256(key).hexdigest()
        (kept,) = await it.steward.sealed_secrets(view.tenant.id)
        assert it.opener.open(view.tenant.id, "CRM_API_KEY", kept.sealed) == b"s3cr3t-value"
        stored = it.stored()
        assert b"acme" in stored
        for plain in (token, key, b"s3cr3t-value"):
            assert plain not in stored
            assert plain.hex().encode() not in stored
        assert "s3cr3t-value" not in repr(await it.steward.desired())


async def test_a_slug_asked_for_twice_at_once_is_given_once(tmp_path: Path) -> None:
    """Twenty calls for one slug at the same moment: one tenant, nineteen refusals, no rest."""
    async with lab(tmp_path) as it:
        await it.store.blueprints.put("support-agent", sample_document())
        calls = (it.tenant("acme") for _ in range(20))
        found = await asyncio.gather(*calls, return_exceptions=True)
        assert sum(isinstance(each, Conflict) for each in found) == 19
        desired = await it.steward.desired()
        assert [entry.tenant.slug for entry in desired.tenants] == ["acme"]


_CREATOR = """
import asyncio, json, sys
from pathlib import Path
from stateroom.errors import Conflict
from tests.integration.store_lab import lab
from stateroom.store.tenant_change import Change

async def main(folder, address, me):
    async with lab(Path(folder), address) as it:
        won = []
        for n in range(12):
            try:
                await it.store.creation.create(__import__("stateroom.store.tenant_create",
                    fromlist=["NewTenant"]).NewTenant(f"tenant-{n}", "support-agent"))
                won.append(n)
            except Conflict:
                pass
            await it.store.changes.change("shared", Change({"variables": {f"{me}_{n}": "x"}}))
        print(json.dumps(won))

asyncio.run(main(*sys.argv[1:]))
"""


async def test_two_processes_lose_nothing_of_each_other(tmp_path: Path) -> None:
    """Two processes race for twelve slugs and change one tenant meanwhile: each slug is given
    once, each change is kept, each number and slot is one cabin's."""
    async with lab(tmp_path) as it:
        await it.tenant("shared")
        program = (sys.executable, "-c", _CREATOR, str(tmp_path), it.database.reveal_url())
        racers = [
            await asyncio.create_subprocess_exec(*program, name, stdout=asyncio.subprocess.PIPE)
            for name in ("LEFT", "RIGHT")
        ]
        outputs = [await racer.communicate() for racer in racers]
        assert [racer.returncode for racer in racers] == [0, 0]
        won = sorted(n for out, _ in outputs for n in json.loads(out))
        assert won == list(range(12))
        shared = (await it.store.tenants.get("shared")).tenant
        assert len(shared.variables) == 24
        assert shared.generation == 25
        cabins = [entry.cabin for entry in (await it.steward.desired()).tenants]
        assert len({c.number for c in cabins}) == len({c.slot for c in cabins}) == 13


async def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    """One refusal names the slug, the name, the value, the limit, the variable, the secret and
    the volume, each by its place; nothing is written."""
    async with lab(tmp_path) as it:
        await it.store.blueprints.put("support-agent", sample_document())
        new = NewTenant(
            "No Slug",
            "support-agent",
            name="",
            values={"modle": "x"},
            limits={"cpu": 1000},
            variables={"PATH": "/tmp"},
            secrets={"LD_PRELOAD": secret("x")},
            volume="0badf00d",
        )
        with pytest.raises(Invalid) as refusal:
            await it.store.creation.create(new)
        assert {p.pointer for p in refusal.value.problems} == {
            "/slug",
            "/name",
            "/values/modle",
            "/limits/cpu",
            "/variables/PATH",
            "/secrets/LD_PRELOAD",
            "/restore_volume",
        }
        assert all(p.detail and p.code for p in refusal.value.problems)
        assert (await it.steward.desired()).tenants == ()


async def test_an_unknown_blueprint_is_one_problem(tmp_path: Path) -> None:
    """With the nearest name as a hint."""
    async with lab(tmp_path) as it:
        await it.store.blueprints.put("support-agent", sample_document())
        with pytest.raises(Invalid) as refusal:
            await it.tenant("acme", blueprint="suport-agent")
        (problem,) = refusal.value.problems
        assert (problem.pointer, problem.code) == ("/blueprint", "unknown_blueprint")
        assert "support-agent" in problem.hint


async def test_an_unknown_provider_is_a_problem_of_the_tenant(tmp_path: Path) -> None:
    """A tenant is not made for a model provider that is not there."""
    async with lab(tmp_path) as it:
        await it.store.blueprints.put("other", drawn(name="other", brain={"provider": "openai"}))
        with pytest.raises(Invalid) as refusal:
            await it.tenant("acme", blueprint="other")
        assert refusal.value.problems[0].code == "unknown_provider"


async def test_the_same_key_and_body_make_one_tenant(tmp_path: Path) -> None:
    """Ten calls at once with one Idempotency-Key: one tenant, ten equal answers."""
    async with lab(tmp_path) as it:
        await it.store.blueprints.put("support-agent", sample_document())
        new = NewTenant("acme", "support-agent")
        once = Once("admin", "k1", "body", lambda view: {"id": view.tenant.id})
        calls = (it.store.creation.create(new, once) for _ in range(10))
        answers = [created.answer for created in await asyncio.gather(*calls)]
        assert len({json.dumps(answer) for answer in answers}) == 1
        assert len((await it.steward.desired()).tenants) == 1


async def test_a_key_belongs_to_one_body_one_caller_one_day(tmp_path: Path) -> None:
    """Another body is refused with a sentence, another caller or the day after is a new call."""
    async with lab(tmp_path) as it:
        await it.store.blueprints.put("support-agent", sample_document())

        def once(body: str, caller: str = "admin") -> Once:
            return Once(caller, "k1", body, lambda view: {"slug": view.tenant.slug})

        create = it.store.creation.create
        await create(NewTenant("one", "support-agent"), once("a"))
        with pytest.raises(Invalid) as refusal:
            await create(NewTenant("two", "support-agent"), once("b"))
        assert refusal.value.problems[0].code == "idempotency_key_reused"
        other = await create(NewTenant("two", "support-agent"), once("b", "somebody"))
        assert other.answer == {"slug": "two"}
        it.clock.pass_(24 * 3600 + 1)
        later = await create(NewTenant("three", "support-agent"), once("b"))
        assert later.answer == {"slug": "three"}


async def test_a_refused_create_is_not_remembered(tmp_path: Path) -> None:
    """What failed under a key may be repeated under it."""
    async with lab(tmp_path) as it:
        once = Once("admin", "k1", "a", lambda view: {"slug": view.tenant.slug})
        new = NewTenant("acme", "support-agent")
        with pytest.raises(Invalid):
            await it.store.creation.create(new, once)
        await it.store.blueprints.put("support-agent", sample_document())
        assert (await it.store.creation.create(new, once)).answer == {"slug": "acme"}


async def test_two_changes_at_once_are_both_kept(tmp_path: Path) -> None:
    """Sixteen patches of different variables at the same moment: all are there afterwards, and
    the generation counted each."""
    async with lab(tmp_path) as it:
        await it.tenant("acme")
        await asyncio.gather(*(_change(it, variables={f"V{i}": str(i)}) for i in range(16)))
        tenant = (await it.store.tenants.get("acme")).tenant
        assert tenant.variables == {f"V{i}": str(i) for i in range(16)}
        assert tenant.generation == 17


async def test_a_patch_merges_and_null_inherits(tmp_path: Path) -> None:
    """What is not named stays, null goes back to the blueprint's, and nothing changed is no
    change."""
    async with lab(tmp_path) as it:
        await it.tenant("acme", values={"model": "m", "budget": 5}, limits={"cpu": 2})
        changed = await _change(it, values={"model": None, "prompt": "p"}, name="Acme")
        assert changed.values == {"budget": 5, "prompt": "p"}
        assert changed.limits == {"cpu": 2}
        assert (changed.name, changed.generation) == ("Acme", 2)
        assert (await _change(it, values={"prompt": "p"})).generation == 2
        assert (await _change(it, name=None)).name == "acme"


async def test_a_refused_patch_changes_nothing(tmp_path: Path) -> None:
    """A good and a bad value in one patch: neither is taken."""
    async with lab(tmp_path) as it:
        before = (await it.tenant("acme")).tenant
        with pytest.raises(Invalid) as refusal:
            await _change(it, values={"model": "m", "budget": "much"}, limits={"pids": -1})
        assert {p.pointer for p in refusal.value.problems} == {"/values/budget", "/limits/pids"}
        assert (await it.store.tenants.get("acme")).tenant == before


async def test_if_match_guards_a_change(tmp_path: Path) -> None:
    """Of two who read generation 1 and change, the second is told to read again."""
    async with lab(tmp_path) as it:
        await it.tenant("acme")
        change = it.store.changes.change
        await change("acme", Change({"name": "A"}, expected={1}))
        with pytest.raises(Moved, match="generation 2"):
            await change("acme", Change({"name": "B"}, expected={1}))
        assert (await it.store.tenants.get("acme")).tenant.name == "A"


async def test_disks_only_grow(tmp_path: Path) -> None:
    """Asking for less is refused; going back to what is inherited keeps the larger disk."""
    async with lab(tmp_path) as it:
        await it.tenant("acme", limits={"disk_mb": 4096})
        with pytest.raises(Invalid, match="only grow"):
            await _change(it, limits={"disk_mb": 3000})
        await _change(it, limits={"disk_mb": None})
        assert (await it.store.tenants.get("acme")).cabin.disk_mb == 4096


async def test_a_tenants_key_changes_what_is_left_to_it(tmp_path: Path) -> None:
    """`set_by: tenant` values and nothing else, not even beside an allowed one."""
    async with lab(tmp_path) as it:
        await it.tenant("acme")
        change = it.store.changes.change
        await change("acme", Change({"values": {"model": "m"}}, by_tenant=True))
        for patch in (
            {"values": {"model": "n", "budget": 1000}},
            {"limits": {"cpu": 8}},
            {"name": "Other"},
            {"suspended": False, "values": {}},
            {"values": {"budget": None}},
        ):
            with pytest.raises(Denied, match="model"):
                await change("acme", Change(patch, by_tenant=True))
        assert (await it.store.tenants.get("acme")).tenant.values == {"model": "m"}


async def test_capacity_is_promised_once(tmp_path: Path) -> None:
    """Room for two: of five creates at once two succeed, the others hear what is short and by
    how much; a delete makes room again, a change may not take what is not there."""
    async with lab(tmp_path) as it:
        await it.store.blueprints.put("support-agent", sample_document())
        await it.steward.set_capacity(memory_mb=5000, disk_mb=100_000, slots=100)
        calls = (it.tenant(f"t{i}") for i in range(5))
        found = await asyncio.gather(*calls, return_exceptions=True)
        refusals = [each for each in found if isinstance(each, NoCapacity)]
        assert len(refusals) == 3
        assert "memory" in refusals[0].message
        assert "1144 MiB are short" in refusals[0].message
        slug = (await it.steward.desired()).tenants[0].tenant.slug
        with pytest.raises(NoCapacity):
            await _change(it, slug, limits={"memory_mb": 4096})
        await _change(it, slug, limits={"memory_mb": 2900})
        await it.gone(slug)
        await it.tenant("late")


async def test_services_count_where_room_is_promised(tmp_path: Path) -> None:
    """Of a cabin with a service, the memory and the disks of both are reserved; the agent's own
    disk is what may be made larger, and what is too small is told of that one."""
    async with lab(tmp_path) as it:
        await it.store.blueprints.put("private-tools", template("private-tools"))
        await it.steward.set_capacity(memory_mb=2303, disk_mb=10_000, slots=9)
        with pytest.raises(NoCapacity, match="2304 MiB are needed"):
            await it.tenant("acme", blueprint="private-tools")
        await it.steward.set_capacity(memory_mb=2304, disk_mb=2303, slots=9)
        with pytest.raises(NoCapacity, match="disk: 2304 MiB are needed"):
            await it.tenant("acme", blueprint="private-tools")
        await it.steward.set_capacity(memory_mb=2304, disk_mb=3328, slots=9)
        view = await it.tenant("acme", blueprint="private-tools")
        assert view.cabin.disk_mb == 2048 + 256
        with pytest.raises(Invalid) as caught:
            await _change(it, "acme", limits={"disk_mb": 1024})
        assert "The disk has 2048 MiB" in caught.value.problems[0].detail
        await _change(it, "acme", limits={"disk_mb": 3072})
        assert (await it.store.tenants.get("acme")).cabin.disk_mb == 3072 + 256


async def test_disk_of_kept_and_half_erased_volumes_counts(tmp_path: Path) -> None:
    """A kept disk fills the machine until its data is really gone."""
    async with lab(tmp_path) as it:
        await it.store.blueprints.put("support-agent", sample_document())
        await it.steward.set_capacity(memory_mb=50_000, disk_mb=3000, slots=9)
        await it.tenant("acme")
        await it.gone("acme", "keep")
        with pytest.raises(NoCapacity, match="disk"):
            await it.tenant("other")
        (volume,) = await it.store.volumes.all()
        await it.store.volumes.delete(volume.id)
        with pytest.raises(NoCapacity, match="disk"):
            await it.tenant("other")
        await it.steward.finish_erase(volume.id)
        await it.tenant("other")


async def test_subnets_run_out_and_come_back(tmp_path: Path) -> None:
    """The pool of 32 is given lowest first; the 33rd hears so; a slot of one that went is free,
    its number is not."""
    async with lab(tmp_path) as it:
        await it.store.blueprints.put("support-agent", sample_document())
        views = [await it.tenant(f"t{i}") for i in range(32)]
        assert [view.cabin.slot for view in views] == list(range(32))
        with pytest.raises(NoCapacity, match="subnets"):
            await it.tenant("more")
        await it.gone("t7")
        again = await it.tenant("more")
        assert (again.cabin.slot, again.cabin.number) == (7, 33)


async def test_a_deleting_tenant_holds_its_slug_until_it_is_gone(tmp_path: Path) -> None:
    """The refusal says that it will be free; changes meanwhile are refused; then it is free."""
    async with lab(tmp_path) as it:
        await it.tenant("acme")
        await it.store.tenants.delete("acme", "keep")
        with pytest.raises(Conflict, match="is gone"):
            await it.tenant("acme")
        for attempt in (
            _change(it, name="x"),
            it.store.tenants.restart("acme", False),
            it.store.secrets.set("acme", "KEY", secret("x")),
            it.store.tenants.rotate("acme"),
        ):
            with pytest.raises(Conflict, match="being deleted"):
                await attempt
        tenant = (await it.store.tenants.get("acme")).tenant
        await it.steward.finish_delete(tenant.id)
        await it.steward.finish_delete(tenant.id)
        with pytest.raises(NotFound):
            await it.store.tenants.get("acme")
        await it.tenant("acme")


async def test_a_tenant_that_nobody_deleted_is_not_finished(tmp_path: Path) -> None:
    """The steward's word alone removes nobody."""
    async with lab(tmp_path) as it:
        view = await it.tenant("acme")
        with pytest.raises(NotFound):
            await it.steward.finish_delete(view.tenant.id)
        assert (await it.store.tenants.get("acme")).tenant == view.tenant


async def test_keep_may_become_erase_and_never_back(tmp_path: Path) -> None:
    """Asking again for the same changes nothing."""
    async with lab(tmp_path) as it:
        await it.tenant("acme")
        first = await it.store.tenants.delete("acme", "keep")
        again = await it.store.tenants.delete("acme", "keep")
        assert again.tenant.generation == first.tenant.generation
        await it.store.tenants.delete("acme", "erase")
        with pytest.raises(Conflict, match="erased"):
            await it.store.tenants.delete("acme", "keep")


async def test_a_slug_used_again_gives_nothing_of_before(tmp_path: Path) -> None:
    """Token, cabin, secrets, values, status, failures, events: the second acme has none of the
    first one's."""
    async with lab(tmp_path) as it:
        first = await it.tenant("acme", values={"model": "m"}, secrets={"OLD": secret("x")})
        cabin = await it.steward.cabin(first.tenant.id)
        token = it.opener.open(cabin.id, API_TOKEN, cabin.sealed_token).decode()
        await it.report("acme")
        await it.steward.add_failures([FailureRecord(cabin.id, 1.0, 0.0, "exit", "it ended")])
        assert await it.store.tenants.by_token(token) == (first.tenant.id, "acme")
        await it.gone("acme", "keep")
        assert await it.store.tenants.by_token(token) is None
        assert await it.steward.sealed_secrets(first.tenant.id) == ()
        second = await it.tenant("acme")
        assert await it.store.tenants.by_token(token) is None
        assert second.tenant.id != first.tenant.id
        assert second.cabin.id != first.cabin.id
        assert second.cabin.number != first.cabin.number
        assert second.tenant.values == {}
        assert second.status is None
        assert await it.store.secrets.all("acme") == ()
        (entry,) = (await it.steward.desired()).tenants
        assert entry.failures == ()
        events = await it.store.events.newest(100, second.tenant.id)
        assert [event.data["change"] for event in events] == ["create"]
        with pytest.raises(NotFound):
            await it.steward.cabin(first.tenant.id)


async def test_a_kept_disk_is_revived_with_new_credentials(tmp_path: Path) -> None:
    """Cabin, number and disk stay; tenant id, token and broker key are new; it is revived
    once."""
    async with lab(tmp_path) as it:
        first = await it.tenant("acme", limits={"disk_mb": 5000})
        await it.gone("acme", "keep")
        (volume,) = await it.store.volumes.all()
        assert (volume.slug, volume.tenant, volume.size_mb) == ("acme", first.tenant.id, 5000)
        second = await it.tenant("again", volume=volume.id)
        assert (second.cabin.id, second.cabin.number) == (first.cabin.id, first.cabin.number)
        assert second.cabin.disk_mb == 5000
        assert second.tenant.id != first.tenant.id
        assert second.cabin.token_sha256 != first.cabin.token_sha256
        assert second.cabin.broker_key_sha256 != first.cabin.broker_key_sha256
        assert await it.store.volumes.all() == ()
        with pytest.raises(Invalid, match="no kept volume"):
            await it.tenant("third", volume=volume.id)


async def test_an_erased_cabin_is_never_given_again(tmp_path: Path) -> None:
    """Its id is refused as a volume, its row stays so that the id is not drawn again."""
    async with lab(tmp_path) as it:
        view = await it.tenant("acme")
        await it.gone("acme", "erase")
        assert await it.store.volumes.all() == ()
        with pytest.raises(Invalid):
            await it.tenant("other", volume=view.cabin.id)
        desired = await it.steward.desired()
        assert (desired.kept, desired.erased) == ((), ())


async def test_rotating_replaces_the_token_and_not_the_broker_key(tmp_path: Path) -> None:
    """The old token belongs to nobody afterwards; the new one opens from what is sealed."""
    async with lab(tmp_path) as it:
        view = await it.tenant("acme")
        before = await it.steward.cabin(view.tenant.id)
        old = it.opener.open(before.id, API_TOKEN, before.sealed_token).decode()
        _, token = await it.store.tenants.rotate("acme")
        after = await it.steward.cabin(view.tenant.id)
        assert it.opener.open(after.id, API_TOKEN, after.sealed_token).decode() == token.reveal()
        assert await it.store.tenants.by_token(old) is None
        assert await it.store.tenants.by_token(token.reveal()) == (view.tenant.id, "acme")
        assert after.broker_key_sha256 == before.broker_key_sha256


async def test_secrets_rise_in_version_and_generation(tmp_path: Path) -> None:
    """Set, set again, unset, set: no version comes twice, each counts as a change, the
    blueprint's kind goes before the asked one."""
    async with lab(tmp_path) as it:
        await it.tenant("acme")
        versions = []
        for value in ("one", "two"):
            await it.store.secrets.set("acme", "CRM_API_KEY", secret(value, "file"))
            (kept,) = await it.store.secrets.all("acme")
            versions.append(kept.version)
            assert kept.kind == "env"
        await it.store.secrets.unset("acme", "CRM_API_KEY")
        await it.store.secrets.set("acme", "CRM_API_KEY", secret("one"))
        versions.append((await it.store.secrets.all("acme"))[0].version)
        assert versions == sorted(set(versions))
        assert (await it.store.tenants.get("acme")).tenant.generation == 5
        with pytest.raises(NotFound):
            await it.store.secrets.unset("acme", "OTHER")


async def test_bad_secret_names_are_refused(tmp_path: Path) -> None:
    """Names that load code or belong to the platform, and names of the blueprint's variables."""
    async with lab(tmp_path) as it:
        await it.tenant("acme")
        for name in ("NODE_OPTIONS", "a b", "", "1A", "https_proxy", "FEATURE_REPORTS"):
            with pytest.raises(Invalid):
                await it.store.secrets.set("acme", name, secret("x"))
        assert await it.store.secrets.all("acme") == ()


async def test_the_list_is_paged_and_filtered(tmp_path: Path) -> None:
    """Pages of two by slug cover all once; phases filter as people are shown them."""
    async with lab(tmp_path) as it:
        for slug in ("c", "a", "e", "b", "d"):
            await it.tenant(slug)
        seen: list[str] = []
        after = ""
        while True:
            page = await it.store.listing.page(2, after=after)
            seen += [view.tenant.slug for view in page.items]
            if not (after := page.next):
                break
        assert seen == ["a", "b", "c", "d", "e"]
        await it.report("a")
        await it.report("b")
        await _change(it, "b", name="B")
        await it.store.tenants.delete("c", "erase")
        phases = await it.store.listing.phases()
        assert phases == {"ready": 1, "starting": 1, "deleting": 1, "provisioning": 2}
        for phase, count in phases.items():
            assert len((await it.store.listing.page(10, Filter(phase=phase))).items) == count
        assert (await it.store.listing.page(10, Filter(blueprint="other"))).items == ()


def test_the_lab_is_a_real_database(tmp_path: Path) -> None:
    """The races above mean something only on a file or a server that processes share."""
    assert url(tmp_path / "x").startswith(("sqlite+aiosqlite:////", "postgresql://"))


async def test_the_last_uid_is_given_once(tmp_path: Path) -> None:
    """Numbers of cabins are never used again: when all were, a create is refused and says so, and
    a kept cabin, which has its number, can still be revived."""
    async with lab(tmp_path) as it:
        kept = (await it.tenant("kept")).cabin.id
        await it.gone("kept", "keep")
        async with it.database.write() as connection:
            last = update(t.counters).where(t.counters.c.name == CABIN_NUMBER)
            await connection.execute(last.values(value=MOST_CABINS - 2))
        assert (await it.tenant("last")).cabin.number == MOST_CABINS - 1
        for _ in range(2):
            with pytest.raises(NoCapacity, match=r"Not enough uids.*Restore a kept volume"):
                await it.tenant("more")
        assert (await it.tenant("again", volume=kept)).cabin.number == 1

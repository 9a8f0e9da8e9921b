"""The steward's side of the store: what it reads, and what it writes down."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from stateroom.domain.backoff import COUNTED
from stateroom.store import copies
from stateroom.store import steward as steward_module
from stateroom.store.providers import NewProvider
from stateroom.store.records import FailureRecord, StatusRecord
from stateroom.store.sealing import PROVIDER_KEY, Redacted
from stateroom.store.tenant_change import Change
from tests.builders import drawn
from tests.integration.store_lab import Lab, lab, secret

pytestmark = pytest.mark.usefixtures("either_database")


async def test_desired_is_everything_of_one_moment(tmp_path: Path) -> None:
    """Tenants with cabin, secrets and failures, kept and half-erased cabins, revisions in use,
    providers with the built-in one, and the status."""
    async with lab(tmp_path) as it:
        acme = await it.tenant("acme", secrets={"B": secret("x"), "A": secret("y", "file")})
        await it.tenant("globex")
        for slug in ("kept", "doomed"):
            await it.tenant(slug)
            await it.gone(slug, "keep")
        kept, doomed = await it.store.volumes.all()
        await it.store.volumes.delete(doomed.id)
        failure = FailureRecord(acme.cabin.id, 5.0, 1.0, "exit", "it ended", role="db")
        await it.steward.add_failures([failure])
        await it.report("acme")
        desired = await it.steward.desired()
        by_slug = {entry.tenant.slug: entry for entry in desired.tenants}
        assert set(by_slug) == {"acme", "globex"}
        assert by_slug["acme"].tenant == acme.tenant
        assert by_slug["acme"].cabin == await it.steward.cabin(acme.tenant.id)
        assert [(s.name, s.kind, s.sealed) for s in by_slug["acme"].secrets] == [
            ("A", "file", b""),
            ("B", "env", b""),
        ]
        assert by_slug["acme"].failures == (failure,)
        assert by_slug["globex"].failures == ()
        assert [cabin.id for cabin in desired.kept] == [kept.id]
        assert [cabin.id for cabin in desired.erased] == [doomed.id]
        assert set(desired.revisions) == {("support-agent", 1)}
        assert set(desired.providers) == {"demo"}
        assert set(desired.status) == {acme.tenant.id}


async def test_the_number_of_queries_does_not_grow_with_tenants(tmp_path: Path) -> None:
    """One tenant or twenty: the same few statements in one transaction."""
    async with lab(tmp_path) as it:
        said: list[str] = []
        engine = it.database._engine.sync_engine
        event.listen(engine, "before_cursor_execute", lambda *told: said.append(told[2]))
        event.listen(engine, "begin", lambda _connection: said.append("a transaction"))
        await it.tenant("t0")
        said.clear()
        await it.steward.desired()
        few = len(said)
        for n in range(1, 20):
            await it.tenant(f"t{n}")
        said.clear()
        await it.steward.desired()
        assert len(said) == few <= 12
        assert said.count("a transaction") == 1


async def test_a_reading_is_of_one_moment_while_others_write(tmp_path: Path) -> None:
    """While tenants are created and deleted, no reading shows a tenant without its cabin or
    revision, or a cabin that is kept and assigned at once."""
    async with lab(tmp_path) as it:
        await it.tenant("t0")

        async def write() -> None:
            for n in range(1, 9):
                await it.tenant(f"t{n}")
                await it.gone(f"t{n}", "keep")

        writing = asyncio.create_task(write())
        readings = 0
        while not writing.done():
            desired = await it.steward.desired()
            readings += 1
            assigned = {entry.cabin.id for entry in desired.tenants}
            assert not assigned & {cabin.id for cabin in desired.kept}
            for entry in desired.tenants:
                assert entry.cabin.tenant == entry.tenant.id
                assert (entry.tenant.blueprint, entry.tenant.revision) in desired.revisions
        await writing
        assert readings > 1


async def test_the_change_token_rises_with_others_changes_only(tmp_path: Path) -> None:
    """Every accepted change of desired state raises it; the steward's own notes do not, so that
    it does not wake itself for ever."""
    async with lab(tmp_path) as it:
        token = await it.steward.change_token()

        async def risen() -> bool:
            nonlocal token
            before, token = token, await it.steward.change_token()
            return token > before

        view = await it.tenant("acme")
        assert await risen()
        for change in (
            lambda: it.store.changes.change("acme", Change({"name": "A"})),
            lambda: it.store.secrets.set("acme", "KEY", secret("x")),
            lambda: it.store.secrets.unset("acme", "KEY"),
            lambda: it.store.tenants.restart("acme", False),
            lambda: it.store.tenants.rotate("acme"),
            lambda: it.store.providers.put("p", NewProvider("openai", "https://x", {})),
            lambda: it.store.providers.delete("p"),
            lambda: it.store.blueprints.put("sample", drawn()),
            lambda: it.store.tenants.delete("acme", "keep"),
            lambda: it.steward.finish_delete(view.tenant.id),
            lambda: it.store.volumes.delete(view.cabin.id),
        ):
            await change()
            assert await risen()
        other = await it.tenant("other")
        await risen()
        await it.report("other")
        await it.steward.add_failures([FailureRecord(other.cabin.id, 1.0, 0.0, "exit", "x")])
        await it.steward.set_capacity(1, 1, 1)
        await it.steward.use_ticket("j", 1.0)
        await it.steward.prune()
        await it.store.tenants.note_access("other", "admin")
        assert not await risen()


async def test_a_status_is_kept_and_told(tmp_path: Path) -> None:
    """The newest replaces the one before, each is an event with phase and reason, and one for a
    tenant that is gone is dropped."""
    async with lab(tmp_path) as it:
        view = await it.tenant("acme")
        await it.report("acme", "starting", applied_generation=0)
        await it.report("acme", "degraded", reason="slow", waiting=("a", "b"))
        kept = (await it.store.tenants.get("acme")).status
        assert kept is not None
        assert (kept.phase, kept.reason, kept.waiting) == ("degraded", "slow", ("a", "b"))
        told = [e.data.get("phase") for e in await it.store.events.newest(9, view.tenant.id)]
        assert told == [None, "starting", "degraded"]
        await it.gone("acme")
        await it.steward.save_status([kept])
        assert (await it.steward.desired()).status == {}


failures = st.builds(
    FailureRecord,
    cabin=st.sampled_from(["0000000a", "0000000b"]),
    at=st.sampled_from([1.0, 2.5, 3.0]),
    began_at=st.just(0.5),
    kind=st.sampled_from(["exit", "boot", "action"]),
    detail=st.just("it ended"),
    role=st.sampled_from(["agent", "db"]),
)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.lists(failures, max_size=6), max_size=4))
def test_a_failure_is_recorded_once(tmp_path: Path, batches: list[list[FailureRecord]]) -> None:
    """However often and in whatever batches they are noticed."""

    async def run() -> None:
        async with lab(tmp_path) as it:
            for batch in batches:
                await it.steward.add_failures(batch)
            async with it.database.read() as connection:
                from stateroom.store.tables import failures as table

                found = (await connection.execute(table.select())).all()
            keys = [(row.cabin, row.at, row.kind, row.role) for row in found]
            assert len(keys) == len(set(keys))
            added = {(f.cabin, f.at, f.kind, f.role) for batch in batches for f in batch}
            assert set(keys) >= added

    asyncio.run(run())


async def test_only_failures_that_count_are_kept(tmp_path: Path) -> None:
    """The newest of each program and kind, so that nobody who fails all day makes every pass
    read more; what a clock that was set back since wrote takes no place of theirs."""
    async with lab(tmp_path) as it:
        view = await it.tenant("acme")
        now = it.clock()

        def failed(at: float, kind: str = "action", role: str = "agent") -> FailureRecord:
            return FailureRecord(view.cabin.id, at, at - 1, kind, "it failed", role=role)

        others = [failed(now - 9999), failed(now - 9999, "exit"), failed(now - 9999, "exit", "db")]
        ahead = [failed(now + 3600 + n) for n in range(COUNTED + 3)]
        those = [failed(now - n) for n in range(COUNTED + 3)]
        await it.steward.add_failures([*others, *ahead, *reversed(those)])
        kept = (await it.steward.desired()).tenants[0].failures
        assert set(kept) == {*others[1:], *those[:COUNTED]}


async def test_a_ticket_is_good_once(tmp_path: Path) -> None:
    """Of twenty who use one ticket at the same moment, one gets in; none after a prune either
    while it is still in force."""
    async with lab(tmp_path) as it:
        expires = it.clock() + 60
        used = await asyncio.gather(*(it.steward.use_ticket("j", expires) for _ in range(20)))
        assert sorted(used) == [False] * 19 + [True]
        it.clock.pass_(59)
        await it.steward.prune()
        assert not await it.steward.use_ticket("j", expires)


async def test_a_revision_is_pinned_once(tmp_path: Path) -> None:
    """Its images are what the first pin said; it is then no longer waiting to be pinned."""
    async with lab(tmp_path) as it:
        await it.tenant("acme")
        (waiting,) = await it.steward.unpinned_revisions()
        assert (await it.steward.desired()).revisions["support-agent", 1].images == {}
        first = {"openclaw:2026.9.6": {"id": "sha256:1", "command": ["node"]}}
        await it.steward.pin_revision(waiting.id, first)
        await it.steward.pin_revision(waiting.id, {"openclaw:2026.9.6": {"id": "sha256:2"}})
        assert await it.steward.unpinned_revisions() == ()
        for _ in range(2):
            assert (await it.steward.desired()).revisions["support-agent", 1].images == first


async def test_a_missing_image_is_noted_once(tmp_path: Path) -> None:
    """The loop hears of it by the change token, once; the pin that comes later takes it back."""
    async with lab(tmp_path) as it:
        await it.tenant("acme")
        (waiting,) = await it.steward.unpinned_revisions()
        before = await it.steward.change_token()
        for _ in range(3):
            await it.steward.miss_images(waiting.id)
        assert await it.steward.change_token() == before + 1
        assert (await it.steward.desired()).revisions["support-agent", 1].not_here
        await it.steward.pin_revision(waiting.id, {"openclaw:2026.9.6": {"id": "sha256:1"}})
        await it.steward.miss_images(waiting.id)
        assert not (await it.steward.desired()).revisions["support-agent", 1].not_here


async def test_why_an_image_cannot_run_is_noted_once(tmp_path: Path) -> None:
    """Each sentence is news once, also that it is not here at all any more; a pin ends it."""
    async with lab(tmp_path) as it:
        await it.tenant("acme")
        (waiting,) = await it.steward.unpinned_revisions()

        async def noted(*unfit: str) -> tuple[bool, bool, str]:
            is_news = await it.steward.miss_images(waiting.id, *unfit)
            found = (await it.steward.desired()).revisions["support-agent", 1]
            return is_news, found.not_here, found.unfit

        assert await noted("it names no program") == (True, True, "it names no program")
        assert await noted("it names no program") == (False, True, "it names no program")
        assert await noted() == (True, True, "")
        assert await noted("it names no program") == (True, True, "it names no program")
        await it.steward.pin_revision(waiting.id, {"openclaw:2026.9.6": {"id": "sha256:1"}})
        assert await noted("it names no program") == (False, False, "")


async def test_pruning_forgets_the_old_and_nothing_else(tmp_path: Path) -> None:
    """Old events, failures, tickets and answers go; the newest event stays, so that ids never
    go back for who resumes."""
    async with lab(tmp_path) as it:
        view = await it.tenant("acme")
        await it.steward.add_failures(
            [FailureRecord(view.cabin.id, it.clock(), it.clock() - 1, "exit", "x")]
        )
        last = await it.store.events.last_id()
        await it.steward.prune()
        assert len((await it.steward.desired()).tenants[0].failures) == 1
        it.clock.pass_(40 * 24 * 3600)
        await it.steward.prune()
        assert (await it.steward.desired()).tenants[0].failures == ()
        assert [event.id for event in await it.store.events.newest(10)] == [last]
        await it.report("acme")
        assert await it.store.events.last_id() == last + 1


async def test_a_providers_key_is_sealed_kept_and_removed(tmp_path: Path) -> None:
    """Without a key in the call the old one stays, an empty one removes it; the version rises
    with each write; the key is nowhere in the open."""
    async with lab(tmp_path) as it:
        put = it.store.providers.put
        new = NewProvider("openai", "https://api.example.com/v1", {}, Redacted("sk-real-key"))
        first = await put("main", new)
        kept = await put("main", replace(new, key=None, base_url="https://other.example.com"))
        assert it.opener.open("main", PROVIDER_KEY, kept.sealed_key) == b"sk-real-key"
        removed = await put("main", replace(new, key=Redacted("")))
        assert removed.sealed_key == b""
        assert first.version < kept.version < removed.version
        assert (await it.steward.desired()).providers["main"] == removed
        stored = it.stored()
        assert b"api.example.com" in stored or b"other.example.com" in stored
        assert b"sk-real-key" not in stored
        assert b"sk-real-key".hex().encode() not in stored


async def test_notes_and_changes_together_lose_nothing(tmp_path: Path) -> None:
    """The steward writes statuses while the operator changes values: both are whole."""
    async with lab(tmp_path) as it:
        view = await it.tenant("acme")

        async def notes(lab_: Lab) -> None:
            for n in range(10):
                record = StatusRecord(view.tenant.id, "starting", float(n), "", (), 0, 0, 1)
                await lab_.steward.save_status([record])

        async def changes(lab_: Lab) -> None:
            for n in range(10):
                patch = {"variables": {f"V{n}": "x"}}
                await lab_.store.changes.change("acme", Change(patch))

        async with lab(tmp_path) as other:
            await asyncio.gather(notes(it), changes(other), notes(other), changes(it))
        after = await it.store.tenants.get("acme")
        assert len(after.tenant.variables) == 10
        assert after.status is not None
        assert after.status.since == 9.0


async def test_nobody_pushes_out_the_events_of_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tenant that flips its health writes as many events as it likes: of each tenant and kind
    the newest are kept, so those of others, and who was given access to it, stay."""
    monkeypatch.setattr(steward_module, "KEEP_EVENTS", 20)
    monkeypatch.setattr(steward_module, "KEEP_EVENTS_OF_ONE", 5)
    async with lab(tmp_path) as it:
        quiet, loud = (await it.tenant("globex")).tenant.id, (await it.tenant("acme")).tenant.id
        await it.store.tenants.rotate("acme")
        before = await it.store.events.newest(100)
        audited = [e.id for e in before if e.kind == "audit"]
        for flip in range(40):
            await it.report("acme", "degraded" if flip % 2 else "ready")
        last = await it.store.events.last_id()
        await it.steward.prune()
        kept = await it.store.events.newest(100)
        assert [e.id for e in kept if e.tenant == quiet] == [
            e.id for e in before if e.tenant == quiet
        ]
        mine = [e for e in kept if e.tenant == loud]
        assert [e.id for e in mine if e.kind == "tenant"] == list(range(last - 4, last + 1))
        assert audited and [e.id for e in mine if e.kind == "audit"] == audited


async def test_all_events_together_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted as rows: ids have gaps, and a gap is no event."""
    monkeypatch.setattr(steward_module, "KEEP_EVENTS", 4)
    async with lab(tmp_path) as it:
        for slug in ("acme", "globex"):
            await it.tenant(slug)
            for phase in ("starting", "ready", "degraded"):
                await it.report(slug, phase)
        before = await it.store.events.newest(4)
        await it.steward.prune()
        assert await it.store.events.newest(100) == before


async def test_old_roll_outs_are_forgotten(tmp_path: Path) -> None:
    """But for one that goes on, and one that left something on a disk."""
    async with lab(tmp_path) as it:
        await it.tenant("a")
        deploy = it.store.deployments.deploy
        over = [(await deploy("support-agent")).rollout.id for _ in range(2)]
        async with it.database.write() as connection:
            cabin = (await it.store.tenants.get("a")).cabin
            await copies.promise(connection, over[0], [cabin])
        it.clock.pass_(steward_module.KEEP_ROLLOUTS_SECONDS + 1)
        await it.steward.prune()
        found = await it.store.deployments.newest(10)
        assert [view.rollout.id for view in found] == [over[0]]

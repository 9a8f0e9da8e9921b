"""Roll-outs, carried out: the loop over the real store and the fake engine, cut short anywhere."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from stateroom.api import present
from stateroom.domain import actions as a
from stateroom.domain.inventory import CopyKind
from stateroom.domain.rollout import Rollout
from stateroom.domain.runtime import stable_digest
from stateroom.errors import Conflict, NoCapacity
from stateroom.store.tenant_create import NewTenant
from tests.world import Died, Fate, document, served
from tests.world_real import Real, image_id, real_world

OLD, NEW = "2026.9.6", "2026.9.7"
SECRET = "sk-very-secret-value-0123456789"


@pytest.fixture
async def real(tmp_path: Path) -> AsyncIterator[Real]:
    async with real_world(tmp_path) as made:
        yield made


async def fleet(real: Real, *slugs: str) -> None:
    for slug in slugs:
        await real.create(slug, secrets={"CRM_API_KEY": SECRET})
    await real.world.converge()


async def begin(real: Real, version: str, canary: str = "", **more: Any) -> str:
    """A revision with this version, and its roll-out; answers its id."""
    real.world.engine.images[f"openclaw:{version}"] = ("openclaw", "gateway", "run")
    await real.repository.blueprints.put("sample", document(version, **more))
    await real.pin()
    view = await real.repository.deployments.deploy("sample", canary=canary)
    return view.rollout.id


async def over(real: Real, deployment: str) -> Rollout:
    """Until it is: pauses between tries are waited for like everything else."""
    for _ in range(40):
        await real.world.converge()
        if (found := await get(real, deployment)).finished_at:
            return found
        real.world.now += 5
    raise AssertionError(f"it does not end: {found}")


async def get(real: Real, deployment: str) -> Rollout:
    return (await real.repository.deployments.get(deployment)).rollout


async def data(real: Real, slug: str) -> list[str]:
    """Which versions wrote to the tenant's disk."""
    cabin = (await real.repository.tenants.get(slug)).cabin.id
    known = {image_id(version): version for version in (OLD, NEW)}
    found = real.world.engine.data.get((cabin, "data"), ())
    return list(dict.fromkeys(known[image] for image in found))


async def revisions(real: Real) -> list[int]:
    return [e.tenant.revision for e in await tenants(real)]


async def tenants(real: Real) -> list[Any]:
    return sorted((await real.store.desired()).tenants, key=lambda e: e.tenant.slug)


async def copies(real: Real) -> list[CopyKind]:
    view = await real.world.engine.observe()
    return [copy.kind for place in view.places.values() for copy in place.copies]


async def test_a_new_version_for_everybody(real: Real) -> None:
    """First the canary, its disk copied before; then the rest; the copies go once all is done."""
    await fleet(real, "a", "b", "c")
    real.world.trace.clear()
    id_ = await begin(real, NEW, "1")
    await real.world.turn()
    await real.world.turn()
    assert await revisions(real) == [2, 1, 1]
    found = await over(real, id_)
    assert (found.state.value, [m.state.value for m in found.members]) == ("done", ["done"] * 3)
    assert [await data(real, s) for s in "abc"] == [[OLD, NEW]] * 3
    made = [step.cabin.id for step in real.world.trace if isinstance(step, a.CopyDisk)]
    assert len(set(made)) == len(made) == 3
    assert await copies(real) == [] and (await real.store.desired()).copies == ()
    assert (await real.repository.blueprints.get("sample")).deployed == 2


async def test_a_broken_version_goes_back(real: Real) -> None:
    """The disk is as before, what was written meanwhile is kept and listed until it is erased,
    and the deployment says why, without a secret; nobody but the canary noticed."""
    await fleet(real, "a", "b")
    real.world.engine.dies_with(image_id(NEW))
    cabin = (await real.repository.tenants.get("a")).cabin.id
    real.world.trace.clear()
    id_ = await begin(real, NEW, "50%")
    real.world.engine.say(cabin, f"the key is {SECRET}")
    found = await over(real, id_)
    assert found.state.value == "rolled_back"
    assert found.reason.startswith("a: its runtime ended 3 times in a row")
    assert [m.state.value for m in found.members] == ["rolled_back", "pending"]
    assert [await data(real, s) for s in "ab"] == [[OLD], [OLD]]
    assert await revisions(real) == [1, 1]
    assert any("cannot start: exit 1" in line for line in found.log)
    assert not any(SECRET in line for line in found.log)
    assert any("[removed]" in line for line in found.log)
    touched = {step.cabin for step in real.world.trace if isinstance(step, a.Configure)}
    assert {c.id for c in touched} == {cabin}
    (volume,) = await real.repository.volumes.all()
    assert (volume.slug, volume.deployment) == ("a", id_)
    assert present.volume(volume)["restorable"] is False
    assert volume.id in found.members[0].note
    assert await copies(real) == [CopyKind.ASIDE]
    await real.repository.volumes.delete(volume.id)
    await real.world.converge()
    assert await copies(real) == [] and await real.repository.volumes.all() == ()
    assert [(await real.status(s)).phase for s in "ab"] == ["ready", "ready"]


async def test_a_service_that_dies_ends_a_roll_out(real: Real) -> None:
    """A new image of a service alone: its disk is copied before and put back, the deployment says
    which program it was and has that one's last lines, and all is well again afterwards."""
    engine = real.world.engine
    engine.images |= {"database:1": ("serve",), "database:2": ("serve",)}
    await real.repository.blueprints.put("sample", served())
    await real.pin()
    await real.repository.deployments.deploy("sample")
    await fleet(real, "a", "b")
    engine.dies_with(f"sha256:{stable_digest('database:2')}")
    await real.repository.blueprints.put("sample", served("database:2"))
    await real.pin()
    view = await real.repository.deployments.deploy("sample", canary="1")
    found = await over(real, view.rollout.id)
    assert found.state.value == "rolled_back"
    assert found.reason.startswith("a: its service db ended 3 times in a row")
    assert any("cannot start: exit 1" in line for line in found.log)
    cabin = (await real.repository.tenants.get("a")).cabin.id
    images = [f"sha256:{stable_digest(f'database:{n}')}" for n in (1, 2)]
    assert dict.fromkeys(engine.data[cabin, "rows"]) == dict.fromkeys(images[:1])
    assert [(await real.status(s)).phase for s in "ab"] == ["ready", "ready"]


@pytest.mark.parametrize("first", [False, True], ids=["added", "removed"])
async def test_a_service_that_comes_or_goes_copies_nothing(real: Real, first: bool) -> None:
    """No program takes over another one's disk, so nobody is stopped for it."""
    real.world.engine.images["database:1"] = ("serve",)
    drawings = [document(), served()]
    if first:
        drawings.reverse()
    await real.repository.blueprints.put("sample", drawings[0])
    await real.pin()
    await real.repository.deployments.deploy("sample")
    await fleet(real, "a")
    real.world.trace.clear()
    await real.repository.blueprints.put("sample", drawings[1])
    await real.pin()
    view = await real.repository.deployments.deploy("sample")
    assert (await over(real, view.rollout.id)).state.value == "done"
    assert not [step for step in real.world.trace if isinstance(step, a.CopyDisk)]


async def test_those_who_were_done_go_back_too(real: Real) -> None:
    """The second of three fails: the first, who ran it well, gets revision and disk back."""
    await fleet(real, "a", "b", "c")
    id_ = await begin(real, NEW)
    real.world.engine.dies_at_start((await real.repository.tenants.get("b")).cabin.id)
    for _ in range(60):
        await real.world.turn()
        real.world.now += 0.5
        if (await get(real, id_)).state.value == "failed":
            break
    real.world.engine.recovers((await real.repository.tenants.get("b")).cabin.id)
    found = await over(real, id_)
    assert found.state.value == "rolled_back"
    assert {m.state.value for m in found.members} == {"rolled_back"}
    assert [await data(real, s) for s in "abc"] == [[OLD]] * 3
    assert [(await real.status(s)).phase for s in "abc"] == ["ready"] * 3


async def test_the_same_version_copies_nothing(real: Real) -> None:
    """A new limit is no reason to stop anybody: no copy, no boot."""
    await fleet(real, "a")
    real.world.trace.clear()
    found = await over(real, await begin(real, OLD, cpu=3.0))
    assert found.state.value == "done"
    assert {type(step) for step in real.world.trace} == {a.Configure, a.Resize}


async def test_a_missing_secret_stops_it(real: Real) -> None:
    """A required secret that nobody set: said, nobody was cut, and it is as before. What its
    runtime happened to write is no log of that."""
    await real.create("a")
    await real.world.converge()
    real.world.engine.say((await real.repository.tenants.get("a")).cabin.id, "a calm day")
    real.world.edge.replaced.clear()
    found = await over(real, await begin(real, NEW, required=True))
    assert found.state.value == "rolled_back"
    assert "stateroom secrets set a CRM_API_KEY" in found.reason and found.log == ()
    assert not real.world.edge.replaced and await data(real, "a") == [OLD]


async def test_who_comes_while_it_goes_on(real: Real) -> None:
    """A tenant that is created meanwhile ends on the revision that the others do."""
    await fleet(real, "a")
    id_ = await begin(real, NEW)
    await real.create("late")
    assert await revisions(real) == [2, 1]
    found = await over(real, id_)
    assert found.state.value == "done" and await revisions(real) == [2, 2]


async def test_who_is_deleted_or_suspended_meanwhile(real: Real) -> None:
    """The one is gone, with its copy; the other moves, and is not waited for."""
    await fleet(real, "a", "b", "c")
    await real.change("b", {"suspended": True})
    await real.world.converge()
    id_ = await begin(real, NEW)
    await real.repository.tenants.delete("c", "keep")
    found = await over(real, id_)
    states = {m.slug: m.state.value for m in found.members}
    assert (found.state.value, states) == ("done", {"a": "done", "b": "done", "c": "gone"})
    await real.world.converge()
    assert await copies(real) == [] and (await real.store.desired()).copies == ()
    await real.change("b", {"suspended": False})
    await real.world.converge()
    assert (await real.status("b")).running_revision == 2


async def test_who_is_deleted_while_another_is_put_back(real: Real) -> None:
    """One whose turn had not come is gone before the canary is back: the roll-out ends all the
    same, and the next one begins."""
    await fleet(real, "a", "b")
    cabin = (await real.repository.tenants.get("a")).cabin.id
    real.world.engine.dies_with(image_id(NEW))
    id_ = await begin(real, NEW, "1")
    for _ in range(60):
        await real.world.turn()
        real.world.now += 0.5
        if (await get(real, id_)).state.value == "failed":
            break
    real.world.engine.never_answers(cabin)
    await real.repository.tenants.delete("b", "erase")
    for _ in range(10):
        await real.world.turn()
        real.world.now += 0.1
    assert not (await get(real, id_)).finished_at and len(await tenants(real)) == 1
    real.world.engine.recovers(cabin)
    found = await over(real, id_)
    assert found.state.value == "rolled_back"
    assert [m.state.value for m in found.members] == ["rolled_back", "gone"]
    await begin(real, "2026.9.8")


async def test_who_is_deleted_before_its_disk_is_put_back(real: Real) -> None:
    """With its data kept: they are kept as they are, the copy goes, and who revives them gets
    nothing put back."""
    await fleet(real, "a")
    id_ = await begin(real, NEW)
    real.world.engine.never_answers((await real.repository.tenants.get("a")).cabin.id)
    for _ in range(20):
        await real.world.turn()
        real.world.now += 0.5
    assert await data(real, "a") == [OLD, NEW]
    await real.repository.deployments.stop(id_)
    while (await get(real, id_)).state.value == "running":
        await real.world.loop.one_pass()
    assert [c.state for c in (await real.store.desired()).copies] == ["back"]
    volume = (await real.repository.tenants.get("a")).cabin.id
    real.world.engine.recovers(volume)
    await real.repository.tenants.delete("a", "keep")
    assert (await over(real, id_)).state.value == "rolled_back"
    await real.world.converge()
    assert await copies(real) == [] and (await real.store.desired()).copies == ()
    await real.create("again", volume=volume)
    await real.world.converge()
    assert (await data(real, "again"))[:2] == [OLD, NEW]


async def test_a_roll_out_that_meets_a_defect_holds_up_no_other(
    real: Real, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged, and the pass and the roll-outs of other blueprints go on."""
    await fleet(real, "a")
    await real.repository.blueprints.put("other", {**document(OLD), "name": "other"})
    await real.pin()
    await real.repository.deployments.deploy("other")
    await real.repository.creation.create(NewTenant("b", "other"))
    await real.world.converge()
    bad = await begin(real, NEW)
    await real.repository.blueprints.put("other", {**document(NEW), "name": "other"})
    await real.pin()
    good = (await real.repository.deployments.deploy("other")).rollout.id
    carry_on = real.store.carry_on

    async def broken(deployment: str, *given: Any) -> bool:
        if deployment == bad:
            raise LookupError("a row that must be there is not")
        return await carry_on(deployment, *given)

    monkeypatch.setattr(real.store, "carry_on", broken)
    with caplog.at_level(logging.ERROR):
        assert (await over(real, good)).state.value == "done"
    assert bad in caplog.text and "a row that must be there is not" in caplog.text
    assert not (await get(real, bad)).finished_at


async def test_room_for_copies_is_promised_once(real: Real) -> None:
    """What a roll-out may need is reserved when it begins, for all of it or not at all, and given
    back when it ends."""
    await fleet(real, "a", "b")
    disk = sum(e.cabin.disk_mb for e in await tenants(real))
    await real.store.set_capacity(100_000, 2 * disk - 1, 10)
    with pytest.raises(NoCapacity, match="1 MiB are short"):
        await begin(real, NEW)
    assert await revisions(real) == [1, 1]
    await real.store.set_capacity(100_000, 2 * disk, 10)
    id_ = await begin(real, NEW)
    with pytest.raises(NoCapacity):
        await real.create("late")
    await over(real, id_)
    await real.world.converge()
    await real.store.set_capacity(100_000, 2 * disk, 10)
    await real.create("late")


async def test_the_host_has_no_room(real: Real) -> None:
    """Others filled the disk: nobody is stopped for a copy that cannot be made, and it ends,
    without words of a runtime that has nothing to do with it."""
    await fleet(real, "a")
    real.world.engine.say((await real.repository.tenants.get("a")).cabin.id, "a calm day")
    real.world.engine.room_mb = 1000
    real.world.edge.replaced.clear()
    found = await over(real, await begin(real, NEW))
    assert found.state.value == "rolled_back" and "not 2048 MiB to spare" in found.reason
    assert found.log == ()
    assert not real.world.edge.replaced


async def test_two_begun_at_once(real: Real) -> None:
    """One of them goes on, the other is told which."""
    await fleet(real, "a")
    id_ = await begin(real, NEW)
    with pytest.raises(Conflict, match=id_):
        await real.repository.deployments.deploy("sample", 1)


async def test_stopped_by_hand(real: Real) -> None:
    """Half way, with one done: both go back."""
    await fleet(real, "a", "b")
    id_ = await begin(real, NEW, "1")
    await real.world.converge()
    real.world.engine.never_answers((await real.repository.tenants.get("b")).cabin.id)
    id_ = await begin(real, "2026.9.8", "1")
    for _ in range(30):
        await real.world.turn()
        real.world.now += 0.5
    await real.repository.deployments.stop(id_)
    real.world.engine.recovers((await real.repository.tenants.get("b")).cabin.id)
    found = await over(real, id_)
    assert (found.state.value, found.reason) == ("rolled_back", "It was stopped.")
    assert await revisions(real) == [2, 2]


@dataclass
class Mortal:
    """The store, behind which the steward ends after the write number `at`."""

    store: Any
    at: int
    done: int = 0
    dead: bool = False
    watched: tuple[str, ...] = field(
        default=("carry_on", "move_copies_on", "save_status", "add_failures")
    )

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.store, name)
        return self._watch(found) if name in self.watched else found

    def _watch(self, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def watched(*given: Any, **named: Any) -> Any:
            if self.dead:
                raise Died
            answer = await call(*given, **named)
            self.done += 1
            if self.done == self.at:
                self.dead = True
                raise Died
            return answer

        return watched


async def played(folder: Path, fate: Fate, dies_after_write: int = 0) -> tuple[Any, int, int]:
    """A broken version, whatever befalls the steward; what is left, and how many actions and
    writes that were. One tenant: what happens to others meanwhile is tested as a function."""
    async with real_world(folder) as real:
        await fleet(real, "a")
        real.world.engine.dies_with(image_id(NEW))
        id_ = await begin(real, NEW)
        mortal = Mortal(real.store, dies_after_write)
        real.world.store = mortal
        real.world.fate = fate
        real.world.new_loop()
        try:
            await over(real, id_)
        except Died:
            await real.world.loop.settle(cancel=True)
            real.world.fate, mortal.at, mortal.dead = Fate(), 0, False
            real.world.new_loop()
        found = await over(real, id_)
        await real.world.converge()
        left = {
            "state": found.state.value,
            "members": [m.state.value for m in found.members],
            "data": await data(real, "a"),
            "revisions": await revisions(real),
            "phase": (await real.status("a")).phase,
            "copies": [copy.state for copy in (await real.store.desired()).copies],
        }
        return left, fate.done, mortal.done


EXPECTED = {
    "state": "rolled_back",
    "members": ["rolled_back"],
    "data": [OLD],
    "revisions": [1],
    "phase": "ready",
    "copies": ["kept"],
}


@pytest.mark.parametrize("kind", ["dies", "twice", "loses"])
async def test_any_action_may_be_the_last(
    tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Whichever action of a roll-out that fails the steward ends at, repeats or hears no answer
    of: everybody is back, with their disk."""
    caplog.set_level(logging.CRITICAL, "stateroom")
    left, actions, _ = await played(_folder(tmp_path, "whole"), Fate())
    assert left == EXPECTED
    for at in range(1, actions + 1):
        found, _, _ = await played(_folder(tmp_path, f"{at}"), Fate(at, kind))
        assert found == EXPECTED, f"{kind} at action {at}"


async def test_any_write_may_be_the_last(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The same for what is written down."""
    caplog.set_level(logging.CRITICAL, "stateroom")
    _, _, writes = await played(_folder(tmp_path, "whole"), Fate())
    assert writes > 5
    for at in range(1, writes + 1):
        found, _, _ = await played(_folder(tmp_path, f"{at}"), Fate(), at)
        assert found == EXPECTED, f"after write {at}"


def _folder(parent: Path, name: str) -> Path:
    folder = parent / name
    folder.mkdir()
    return folder

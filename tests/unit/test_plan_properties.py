"""What holds of every plan, whatever was wished and whatever was found on the machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import example, given, settings
from hypothesis import strategies as st

from stateroom.domain import actions as a
from stateroom.domain.backoff import growth_streak
from stateroom.domain.growth import KEEP_FREE_MB
from stateroom.domain.instances import is_current, is_healthy
from stateroom.domain.inventory import Condition, Inventory, State
from stateroom.domain.moments import AHEAD
from stateroom.domain.plan import Plan, plan
from stateroom.domain.plan_checkpoint import to_copy, to_put_back
from stateroom.domain.plan_orphans import ORPHAN_GRACE
from stateroom.domain.plan_text import render
from stateroom.domain.routes import Door
from stateroom.domain.runtime import AGENT, Volume
from stateroom.domain.status import statuses
from stateroom.domain.views import views
from stateroom.domain.wish import Checkpoint, Intent, Wish
from tests.generated import NOW, ORPHANS, ROLES, Drawn, Luck, luck, worlds
from tests.generated import cabin as numbered

OFTEN = settings(max_examples=300, deadline=None)
UP = (State.RUNNING, State.PAUSED)


def planned(world: Drawn, boots: int = 2, copies: int = 1) -> Plan:
    return plan(
        NOW, world.wishes, world.inventory, world.in_flight, boots, {"demo": "1"},
        copies_at_once=copies,
    )  # fmt: skip


def of(world: Drawn, cabin: str) -> Wish:
    return next(w for w in world.wishes if w.cabin.id == cabin)


def names(world: Drawn, cabin: str, role: str) -> set[str]:
    """Of every instance in this role, there or wished for."""
    wish = of(world, cabin)
    specs = (*wish.services, *([wish.spec] if wish.spec else []))
    wished = {spec.name for spec in specs if spec.role == role}
    there = (i for i in world.inventory.instances if i.cabin == cabin)
    return wished | {i.name for i in there if i.role == role}


def is_open(inventory: Inventory, cabin: str) -> bool | None:
    if inventory.routes is None:
        return None
    return any(r.cabin == cabin and r.door is Door.OPEN for r in inventory.routes.routes)


@OFTEN
@given(worlds())
def test_nothing_that_may_serve_is_stopped(world: Drawn) -> None:
    """An agent is stopped only after the edge was seen not to route to it; and the table that
    is published with the plan does not open a door behind which one is about to end. A service
    has no door: callers speak with the agent alone."""
    made = planned(world)
    for cabin, todo in made.cabins.items():
        agents = names(world, cabin, AGENT)
        if any(isinstance(step, a.Stop) and step.name in agents for step in todo):
            assert is_open(world.inventory, cabin) is False
            if made.publish is not None:
                doors = [r.door for r in made.publish.table.routes if r.cabin == cabin]
                assert Door.OPEN not in doors


@OFTEN
@given(worlds())
@example(Luck(3835).world(3))  # a service of a former shape is up while the door is being closed
def test_nothing_starts_without_its_foundation(world: Drawn) -> None:
    """Before a start, in the same list or as observed: firewall, namespace, its disks, content; and
    never while another instance in the same role could write to its disk."""
    for cabin, todo in planned(world).cabins.items():
        place = world.inventory.places.get(cabin)
        wish = of(world, cabin)
        holder = place is not None and bool(place.holder)
        disks = {*place.disks} if place is not None else set()
        specs = {s.name: s for s in (wish.spec, *wish.services) if s is not None}
        content = cabin in world.inventory.content
        up = {i.name for i in world.inventory.instances if i.cabin == cabin and i.state in UP}
        there = {i.name for i in world.inventory.instances if i.cabin == cabin}
        for step in todo:
            match step:
                case a.Prepare(_, volumes):
                    holder = True
                    disks |= {volume.name for volume in volumes}
                case a.Configure(_, _):
                    content = True
                case a.Create(spec):
                    assert holder and {m.volume for m in spec.shape.mounts} <= disks
                    there.add(spec.name)
                case a.Stop(name, _):
                    up.discard(name)
                case a.Remove(name):
                    assert name not in up
                    there.discard(name)
                case a.Start(name):
                    assert world.inventory.firewall
                    assert wish.intent is Intent.RUN and not wish.blocked
                    assert holder and content and name in there
                    assert {m.volume for m in specs[name].shape.mounts} <= disks
                    (role,) = (r for r in ROLES if name in names(world, cabin, r))
                    assert not (up & names(world, cabin, role)) - {name}, "two writers"
                case _:
                    pass


@OFTEN
@given(worlds())
def test_data_goes_last_and_only_where_it_was_asked_for(world: Drawn) -> None:
    """Erasing is the last action of a cabin that is to be erased, after all else of it went."""
    for cabin, todo in planned(world).cabins.items():
        for at, step in enumerate(todo):
            if isinstance(step, a.EraseData):
                assert of(world, cabin).intent is Intent.ERASE
                assert at == len(todo) - 1
                left = {i.name for i in world.inventory.instances if i.cabin == cabin}
                assert left <= {s.name for s in todo if isinstance(s, a.Remove)}


@OFTEN
@given(worlds())
def test_gone_means_that_nothing_is_left(world: Drawn) -> None:
    """A deletion is finished only when no instance, place, content, route or grant is seen."""
    inventory = world.inventory
    for cabin in planned(world).gone:
        wish = of(world, cabin)
        assert wish.intent.leaving
        assert not [i for i in inventory.instances if i.cabin == cabin]
        assert cabin not in inventory.content
        assert is_open(inventory, cabin) is False
        place = inventory.places.get(cabin)
        assert place is None or not (place.network or place.holder or place.disks)
        assert wish.intent is Intent.KEEP or place is None or not place.kept
        if wish.grant is not None:
            assert inventory.grants is not None and wish.grant.key not in inventory.grants


@OFTEN
@given(worlds(), luck())
def test_what_one_wants_changes_nothing_for_another(world: Drawn, other: Luck) -> None:
    """With boots and copies enough for all, each cabin's actions, and each route, depend on its own
    tenant alone."""
    before = planned(world, boots=100, copies=100)
    changed = replace(world, wishes=(other.wish_of(1), *world.wishes[1:]))
    after = planned(changed, boots=100, copies=100)
    mine = world.wishes[0].cabin.id
    for wish in world.wishes[1:]:
        cabin = wish.cabin.id
        assert before.cabins.get(cabin) == after.cabins.get(cabin)
        assert [w for w in before.waiting if w.cabin == cabin] == [
            w for w in after.waiting if w.cabin == cabin
        ]
        if before.publish is not None and after.publish is not None:
            assert [r for r in before.publish.table.routes if r.cabin == cabin] == [
                r for r in after.publish.table.routes if r.cabin == cabin
            ]
    assert mine not in {w.cabin.id for w in world.wishes[1:]}


@OFTEN
@given(worlds(most=5), st.integers(0, 3))
def test_no_more_boot_at_once_than_may(world: Drawn, boots: int) -> None:
    """Starts that are planned, doors that are closed for a start, and work in flight together."""
    calm = replace(world, in_flight=frozenset())
    made = planned(calm, boots)
    paused = {i.name for i in world.inventory.instances if i.state is State.PAUSED}
    starts = sum(
        any(
            isinstance(step, a.Start) and step.name in names(world, c, AGENT) - paused
            for step in todo
        )
        for c, todo in made.cabins.items()
    )
    assert starts <= boots


@OFTEN
@given(worlds())
def test_a_door_that_serves_is_closed_only_for_a_reason(world: Drawn) -> None:
    """Who is open, healthy and wished for stays open, unless what runs has to begin anew and
    could begin at once."""
    made = planned(world)
    if made.publish is None or world.inventory.routes is None:
        return
    doors = {r.cabin: r.door for r in made.publish.table.routes}
    waits = {w.cabin: w.code for w in made.waiting}
    for wish in world.wishes:
        cabin = wish.cabin.id
        running = [
            i
            for i in world.inventory.instances
            if i.cabin == cabin and i.state is State.RUNNING and is_healthy(i, world.inventory)
        ]
        if wish.intent is Intent.RUN and is_open(world.inventory, cabin) and running:
            assert doors[cabin] is Door.OPEN or waits.get(cabin) == "route"


@OFTEN
@given(worlds())
def test_the_same_world_has_the_same_plan(world: Drawn) -> None:
    """The plan is a function, of values and not of the order in which they were read."""
    first = planned(world)
    assert planned(world) == first
    turned = replace(
        world.inventory,
        places=dict(reversed(list(world.inventory.places.items()))),
        content=dict(reversed(list(world.inventory.content.items()))),
    )
    backwards = replace(world, wishes=world.wishes[::-1], inventory=turned)
    again = planned(backwards)
    assert again.cabins == first.cabins and list(again.cabins) == list(first.cabins)
    assert again.publish == first.publish and again.waiting == first.waiting


@OFTEN
@given(worlds())
def test_every_world_has_a_status_and_a_text(world: Drawn) -> None:
    """Each tenant has one phase and a sentence where it is not well; nothing raises. Ready means
    an open door that was seen, a healthy runtime and the last generation."""
    made = planned(world)
    found = statuses(NOW, world.wishes, views(NOW, world.wishes, world.inventory), made)
    assert render(made, {}, world.inventory.routes).endswith("\n")
    assert found.keys() == {w.tenant for w in world.wishes}
    for wish in world.wishes:
        status = found[wish.tenant]
        assert status.reason or status.phase.value == "ready"
        assert 0 <= status.applied_generation <= max(wish.generation, 3)
        if status.phase.value == "ready":
            current = [i for i in world.inventory.instances if i.cabin == wish.cabin.id]
            assert all(is_current(i, wish, world.inventory) for i in current)
            assert {i.role for i in current} == {AGENT, *(s.role for s in wish.services)}
            assert all(
                i.state is State.RUNNING and i.condition in (Condition.UNASKED, Condition.HEALTHY)
                for i in current if i.role != AGENT
            )  # fmt: skip
            (agent,) = (i for i in current if i.role == AGENT)
            assert is_healthy(agent, world.inventory)
            assert status.applied_generation == wish.generation
            assert is_open(world.inventory, wish.cabin.id)
            assert world.inventory.content[wish.cabin.id].version == wish.content


@OFTEN
@given(worlds())
def test_work_in_flight_is_left_alone(world: Drawn) -> None:
    """Nothing is planned for a cabin that is being worked on, and its door does not open."""
    made = planned(world)
    for cabin in world.in_flight:
        assert cabin not in made.cabins and cabin not in made.gone
        if made.publish is not None and not is_open(world.inventory, cabin):
            assert Door.OPEN not in [
                r.door for r in made.publish.table.routes if r.cabin == cabin
            ]


@OFTEN
@given(worlds(), luck())
def test_an_orphan_is_taken_away_and_nothing_else_of_it(world: Drawn, chance: Luck) -> None:
    """Of a cabin that nobody wishes for, nothing is touched before the youngest part of it is old
    enough, nothing while its door was seen open, and data never."""
    world, others = chance.with_orphans(world)
    made = plan(NOW, world.wishes, world.inventory, world.in_flight, 2, {"demo": "1"}, others)
    inventory = world.inventory
    for number in ORPHANS:
        orphan = numbered(number).id
        todo = made.cabins.get(orphan, ())
        assert orphan not in made.gone
        assert {type(step) for step in todo} <= {a.Stop, a.Remove, a.Release}
        if not todo:
            continue
        ages = [i.created_at for i in inventory.instances if i.cabin == orphan]
        ages += [p.created_at for c, p in inventory.places.items() if c == orphan]
        ages += [c.written_at for o, c in inventory.content.items() if o == orphan]
        assert NOW - max(ages) >= ORPHAN_GRACE
        assert is_open(inventory, orphan) is False
        assert {i.name for i in inventory.instances if i.cabin == orphan} == {
            step.name for step in todo if isinstance(step, a.Remove)
        }


@OFTEN
@given(worlds(), luck())
def test_orphans_change_nothing_for_anybody(world: Drawn, chance: Luck) -> None:
    """What is planned for those who are wished for is the same with orphans beside them, whatever
    the orphans are and however their removal fails."""
    before = planned(world)
    among, others = chance.with_orphans(world)
    after = plan(NOW, among.wishes, among.inventory, among.in_flight, 2, {"demo": "1"}, others)
    mine = {w.cabin.id for w in world.wishes}
    assert before.cabins == {c: todo for c, todo in after.cabins.items() if c in mine}
    assert list(before.waiting) == [w for w in after.waiting if w.cabin in mine]
    assert before.gone == after.gone and before.providers == after.providers
    if after.publish is not None and before.publish is not None:
        assert after.publish.table == before.publish.table


@OFTEN
@given(worlds(), luck())
def test_nobody_is_an_orphan_where_nobody_can_say(world: Drawn, chance: Luck) -> None:
    """Where the known cabins are not given, or the store knows none at all, all are left alone: an
    empty store is more likely the wrong one."""
    among, others = chance.with_orphans(world)
    made = planned(among)
    assert not {numbered(number).id for number in ORPHANS} & {*made.cabins}
    empty = replace(others, kept=frozenset())
    assert plan(NOW, (), among.inventory, frozenset(), 2, {"demo": "1"}, empty).cabins == {}


@OFTEN
@given(worlds(), luck())
def test_a_clock_that_was_set_back_makes_nobody_begin_anew(world: Drawn, chance: Luck) -> None:
    """What was asked for by the clock from before is as if it had not been, be it a restart or a
    new environment."""
    later = NOW + chance.of([AHEAD + 1, 3600.0, 1e9])
    wishes = tuple(replace(w, restart_at=0.0) for w in world.wishes)
    content = {
        c: replace(its, environment_at=0.0, services=dict.fromkeys(its.services, 0.0))
        for c, its in world.inventory.content.items()
    }
    ahead = {
        c: replace(its, environment_at=later, services=dict.fromkeys(its.services, later))
        for c, its in content.items()
    }
    never = replace(world, wishes=wishes, inventory=replace(world.inventory, content=content))
    to_come = replace(
        world,
        wishes=tuple(replace(w, restart_at=later) for w in wishes),
        inventory=replace(world.inventory, content=ahead),
    )
    assert planned(to_come) == planned(never)


@OFTEN
@given(worlds())
def test_a_disk_grows_only_where_it_can(world: Drawn) -> None:
    """Nothing mounts it then, the host has the room, it did not fail lately, and what comes after
    it is there to start what was stopped for it."""
    made = planned(world)
    for cabin_id, todo in made.cabins.items():
        wish, room = of(world, cabin_id), world.inventory.room_mb
        for at, step in enumerate(todo):
            if not isinstance(step, a.Grow):
                continue
            assert room is None or room >= 1024 * len(step.volumes) + KEEP_FREE_MB
            assert growth_streak(wish, NOW).until <= NOW
            (owner,) = {AGENT if v.name == "data" else "db" for v in step.volumes}
            standing = [i for i in world.inventory.instances
                        if i.cabin == cabin_id and i.role == owner]  # fmt: skip
            up = {i.name for i in standing if i.state in UP}
            assert up <= {before.name for before in todo[:at] if isinstance(before, a.Stop)}
            place = world.inventory.places.get(cabin_id)
            rewritten = to_copy(wish, place) or to_put_back(wish, place)
            current = [i for i in standing if is_current(i, wish, world.inventory)]
            # A stale one ends anyway, and every one of a cabin whose disks are rewritten, whether
            # or not another may start at this moment.
            if not rewritten and any(i.name in up for i in current):
                starts = {later.name for later in todo[at:] if isinstance(later, a.Start)}
                assert starts & names(world, cabin_id, owner)


@OFTEN
@given(worlds())
def test_a_disk_that_cannot_grow_changes_nothing_else(world: Drawn) -> None:
    """Without room on the host, everything is done as if the disks that are there were as large
    as wished."""
    full = replace(world, inventory=replace(world.inventory, room_mb=0))
    content = replace(full, wishes=tuple(fitting(w, world.inventory) for w in world.wishes))
    stuck, easy = planned(full), planned(content)
    for step in (s for todo in stuck.cabins.values() for s in todo):
        assert not isinstance(step, a.Grow)
    assert {c: told(todo) for c, todo in stuck.cabins.items()} == {
        c: told(todo) for c, todo in easy.cabins.items()
    }
    assert stuck.publish == easy.publish
    assert [w for w in stuck.waiting if w.code != "disk"] == list(easy.waiting)


def fitting(wish: Wish, inventory: Inventory) -> Wish:
    place = inventory.places.get(wish.cabin.id)
    there = {**place.kept, **place.disks} if place else {}
    volumes = (replace(v, size_mb=there.get(v.name, v.size_mb)) for v in wish.volumes)
    return replace(wish, volumes=tuple(volumes))


def told(todo: Sequence[a.CabinAction]) -> list[object]:
    """Of preparing, only that it happens: it changes no size."""
    return [a.Prepare if isinstance(step, a.Prepare) else step for step in todo]


@OFTEN
@given(worlds())
def test_disks_are_rewritten_while_nothing_is_up(world: Drawn) -> None:
    """Copied or put back only once everything of the cabin is stopped, of disks that are there by
    then; what has to be put back is put back first; nothing starts before that, or before a copy
    was seen."""
    made = planned(world)
    for cabin_id, todo in made.cabins.items():
        wish = of(world, cabin_id)
        place = world.inventory.places.get(cabin_id)
        up = {i.name for i in world.inventory.instances if i.cabin == cabin_id and i.state in UP}
        disks = {*place.disks, *place.kept} if place else set()
        to_do = bool(to_copy(wish, place))
        for at, step in enumerate(todo):
            if isinstance(step, a.Stop):
                up.discard(step.name)
            if isinstance(step, a.Prepare):
                disks |= {volume.name for volume in step.volumes}
            if isinstance(step, a.CopyDisk | a.PutBack):
                assert not up
            if isinstance(step, a.CopyDisk):
                assert set(step.volumes) <= disks and step.name == wish.checkpoint.make
                assert not any(isinstance(later, a.PutBack | a.Start) for later in todo[at:])
            if isinstance(step, a.Start):
                assert not to_do
                before = {type(earlier) for earlier in todo[:at]}
                assert not to_put_back(wish, place) or a.PutBack in before


@OFTEN
@given(worlds(most=5))
def test_one_disk_is_copied_at_a_time(world: Drawn) -> None:
    """Among those that are being copied and those that begin to be; and nothing is stopped only
    to stand in line for it."""
    made = planned(world)
    copying = {c for c in world.in_flight if copied(world, c)}
    begins = {c for c, todo in made.cabins.items() if any(isinstance(s, a.CopyDisk) for s in todo)}
    assert len(begins) <= max(0, 1 - len(copying))
    for cabin in made.cabins.keys() - begins:
        if of(world, cabin).intent is Intent.RUN and copied(world, cabin):
            assert not any(isinstance(step, a.Stop) for step in made.cabins[cabin])


@OFTEN
@given(worlds(most=4), luck())
def test_a_disk_that_is_being_copied_holds_up_no_boot(world: Drawn, other: Luck) -> None:
    """It may take an hour: meanwhile others boot as if that cabin were not there."""
    drawn = other.wish_of(9)
    volumes = drawn.volumes or (Volume("data", "/data", 1024),)
    wish = replace(drawn, volumes=volumes, checkpoint=Checkpoint(make="c9"))
    busy = replace(
        world, wishes=(*world.wishes, wish), in_flight=world.in_flight | {wish.cabin.id}
    )
    beside = plan(NOW, busy.wishes, busy.inventory, busy.in_flight, 1, copies_at_once=2)
    alone = plan(NOW, world.wishes, world.inventory, world.in_flight, 1, copies_at_once=1)
    assert beside.cabins == alone.cabins
    assert [w for w in beside.waiting if w.cabin != wish.cabin.id] == list(alone.waiting)


def copied(world: Drawn, cabin: str) -> tuple[str, ...]:
    return to_copy(of(world, cabin), world.inventory.places.get(cabin))


@OFTEN
@given(worlds())
def test_a_copy_goes_only_if_it_is_asked_for(world: Drawn) -> None:
    """And only one that is there."""
    made = planned(world)
    for cabin_id, todo in made.cabins.items():
        for step in todo:
            if isinstance(step, a.DropCopy):
                assert step.name in of(world, cabin_id).checkpoint.drop
                there = world.inventory.places[cabin_id].copies
                assert any(copy.name == step.name for copy in there)

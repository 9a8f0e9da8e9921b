"""Whatever operators, tenants and the machine do, in whatever order: the world settles, and what
may never happen does not (`World.breaches`)."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from hypothesis import given, settings

from stateroom.domain.inventory import State
from stateroom.domain.plan_text import render
from stateroom.domain.runtime import AGENT
from stateroom.domain.wish import Intent
from tests.generated import Luck, luck
from tests.world import World
from tests.world_script import Script

SLUGS = ("acme", "globex", "initech")
TENANT = (
    "set {} prompt=One.", "set {} prompt=Two.", "set {} model=demo-2", "limit {} cpu=2",
    "limit {} disk_mb=4096", "limit {} requests_per_minute=9", "secret {} CRM_API_KEY",
    "secret {} OTHER file", "secret {} DB_PASSWORD",
    "restart {}", "restart {} safe", "suspend {}", "resume {}",
    "delete {} keep", "delete {} erase",
)  # fmt: skip
BEFALLS = (
    "crash {}", "oom {}", "hang {}", "pause {}", "lose-holder {}", "stranger {}",
    "fail prepare {}", "fail start {}", "fail create {}", "fail configure {}", "fail stop {}",
    "fail grow {}", "fail release {}",
    "crash {} 1 db", "crash {} 137 db", "pause {} db", "unwell {} db", "well {} db",
)  # fmt: skip
MACHINE = (
    "deploy 2026.9.7", "deploy 2026.9.6", "serve", "serve size_mb=512", "serve image=database:2",
    "serve mode=other", "serve memory_mb=512", "serve-no-more", "provider ours", "lose-content",
    "reboot", "firewall away", "firewall back", "edge away", "edge back", "broker away",
    "broker back", "room 100", "room plenty", "orphan deadbeef", "wait 5", "wait 100", "wait 400",
)  # fmt: skip


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """The loop says a lot about these worlds, and capturing it costs more than they do."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


async def lived(chance: Luck) -> Script:
    """A world after some trouble, not yet settled."""
    script = Script(World(boots_at_once=chance.between(1, 3)))
    gone: set[str] = set()
    for slug in SLUGS[: chance.between(1, 3)]:
        await script.run(f"create {slug}")
    for _ in range(chance.between(2, 10)):
        for _ in range(chance.between(0, 3)):
            await script.world.turn()
            script.world.now += chance.of([0.0, 0.1, 2.0, 60.0])
        await _one(script, chance, gone)
    return script


async def _one(script: Script, chance: Luck, gone: set[str]) -> None:
    here = [t.slug for t in script.world.rows.tenants.values() if t.slug not in gone]
    kind = chance.between(0, 9)
    if kind >= 7 or not here:
        await script.run(chance.of(MACHINE))
    elif kind >= 4:
        await _befall(script, chance.of(BEFALLS), chance.of(here))
    else:
        line = chance.of(TENANT).format(slug := chance.of(here))
        await script.run(line)
        if line.startswith("delete"):
            gone.add(slug)


async def _befall(script: Script, line: str, slug: str) -> None:
    """Where it can: only what runs can crash."""
    role = "db" if line.endswith(" db") else AGENT
    mine = [
        i
        for i in script.world.engine._instances.values()
        if i.cabin == script.cabins[slug] and i.role == role
    ]
    runs = any(i.state is State.RUNNING for i in mine)
    verb = line.partition(" ")[0]
    if verb in ("crash", "oom", "pause", "stranger") and not (runs and len(mine) == 1):
        return
    if line.startswith("lose-holder") and script.cabins[slug] not in script.world.engine._places:
        return
    await script.run(line.format(slug))


@settings(max_examples=120, deadline=None)
@given(luck())
async def test_everything_settles_and_nothing_is_broken(chance: Luck) -> None:
    """After any trouble, once it is over: every tenant that is wanted is ready, who was deleted
    is gone, and the plan is empty. On the way no rule was broken."""
    script = await lived(chance)
    world = script.world
    await script.run("heal")
    look = await world.converge()
    world.assert_unbroken()
    assert look.plan.empty and {w.code for w in look.plan.waiting} <= {"orphan"}
    for wish in look.wishes:
        phase = look.statuses[wish.tenant].phase.value
        assert phase == ("ready" if wish.intent is Intent.RUN else "suspended")
    assert {t.deleting for t in world.rows.tenants.values()} <= {""}
    living = {record.id for record in world.rows.cabins.values()} | set(world.rows.resting)
    left = world.engine._places
    assert set(left) <= living | {"deadbeef"}
    # Where the store knows nobody at all, nothing is an orphan.
    assert "deadbeef" not in left or not left["deadbeef"].network or not living
    assert {g.cabin for g in world.grants.grants.values()} <= living


@settings(max_examples=60, deadline=None)
@given(luck())
async def test_plans_hold_no_secret(chance: Luck) -> None:
    """Neither in words nor as values: what was opened for the executor is nowhere in a plan."""
    script = await lived(chance)
    await script.run("heal\ncreate last\nsecret last CRM_API_KEY\nprovider ours\nsettle")
    world = script.world
    look = world.loop.last
    told = "".join(map(repr, [*world.trace, look, world.rows.failures, world.rows.status]))
    told += "".join(render(look.plan, {}, look.inventory.routes))
    opened = dict(world.engine.contents[world.cabin_of("last")].files)
    assert opened["secrets/CRM_API_KEY"] == b"value of CRM_API_KEY"
    assert world.grants.providers["ours"].key == "real key of ours"
    broker_key = opened["env"].partition(b"STATEROOM_BROKER_KEY=")[2].partition(b"\0")[0]
    for secret in ("value of CRM_API_KEY", "real key of ours", broker_key.decode()):
        assert secret and secret not in told


@settings(max_examples=60, deadline=None)
@given(luck())
async def test_a_failure_is_noticed_once(chance: Luck) -> None:
    """However often a pass looks, and though the steward forgets everything, one end of a runtime
    is one failure."""
    script = await lived(chance)
    await script.run("heal\ncreate last\nsettle\nwait 60\nsettle\ncrash last\nturn\nturn")
    world = script.world
    cabin = world.cabin_of("last")
    before = [f for f in world.rows.failures.values() if f.cabin == cabin]
    world.new_loop()
    await script.run("turn\nturn\nsettle")
    after = [f for f in world.rows.failures.values() if f.cabin == cabin]
    assert [f.kind for f in before] == ["exit"] and after == before


@settings(max_examples=60, deadline=None)
@given(luck())
async def test_what_was_applied_stays_applied(chance: Luck) -> None:
    """The applied generation that people read never falls, whatever is restarted, dies or is
    changed meanwhile, and is the last one in the end."""
    script = await lived(chance)
    rows, gone = script.world.rows, set[str]()
    gone |= {t.slug for t in rows.tenants.values() if t.deleting}
    applied: dict[str, int] = {}
    for _ in range(chance.between(2, 8)):
        await _one(script, chance, gone)
        for _ in range(4):
            await script.world.turn()
            script.world.now += chance.of([0.0, 0.1, 2.0, 60.0])
            now = {tenant: record.applied_generation for tenant, record in rows.status.items()}
            assert all(now[tenant] >= applied[tenant] for tenant in now.keys() & applied.keys())
            applied = now
    await script.run("heal")
    await script.world.converge()
    assert all(rows.status[t.id].applied_generation == t.generation for t in rows.tenants.values())


async def test_who_is_gone_is_forgotten() -> None:
    """Keys of providers and parsed revisions stay in memory as long as somebody uses them."""
    script = Script(World())
    await script.run("create acme\nprovider ours\nsettle")
    world = script.world
    assert world.loop._providers.named("ours") is not None
    del world.rows.providers["ours"]
    before = set(world.loop._compiler._parsed)
    world.rows.revisions = {}
    await world.turn()
    assert world.loop._providers.named("ours") is None
    assert before and world.loop._compiler._parsed == {}

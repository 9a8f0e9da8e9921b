"""A world for the loop: the real loop, compiler and executor over the fakes, with a clock that
only tests move. One `turn` is one pass and the work that it dispatched.

What may never happen is watched while it turns (`_Watched`): a runtime that starts without its
foundation, a serving one that is stopped, data that is erased unasked. A breach is kept in
`breaches`, because the loop, as it should, survives exceptions.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from stateroom.broker.fake import MemoryGrants
from stateroom.broker.grants import Grant, Provider
from stateroom.domain import actions as a
from stateroom.domain.cabin import Installation
from stateroom.domain.inventory import Condition, Health, Inventory, State
from stateroom.domain.moments import latest_placed
from stateroom.domain.routes import Door
from stateroom.domain.runtime import AGENT
from stateroom.edge.fake import FakeEdge
from stateroom.edge.tokens import Signer, make_keys
from stateroom.engines.fake import FakeEngine
from stateroom.errors import Retryable
from stateroom.settings import Settings
from stateroom.steward.collect import Sources
from stateroom.steward.execute import Executor
from stateroom.steward.keys import StewardKeys
from stateroom.steward.last_words import LastWords
from stateroom.steward.look import Look
from stateroom.steward.loop import Loop, Store
from stateroom.steward.prober import Prober, Target
from stateroom.steward.providers import Providers
from stateroom.steward.roll_outs import RollOuts
from stateroom.steward.wishes import Compiler
from stateroom.store.records import FailureRecord
from stateroom.store.sealing import Opener, Sealer, new_keypair
from tests.builders import drawn
from tests.world_store import MemoryStore

START = 1_000_000.0
INSTALLATION = Installation("3f")


@dataclass(frozen=True, slots=True)
class Keyring:
    steward: StewardKeys
    sealer: Sealer


@cache
def keyring() -> Keyring:
    """Made once: keys cost more than everything else in a world."""
    private, public = new_keypair()
    keys = StewardKeys(Opener(private), Signer(make_keys()[0]), b"digest key of the tests")
    return Keyring(keys, Sealer(public))


def settings(home: Path = Path("/nowhere")) -> Settings:
    return Settings(home=home)


def document(version: str = "2026.9.6", *, required: bool = False, **agent: Any) -> dict[str, Any]:
    """A blueprint in which a tenant can differ in everything that one may."""
    crm = {"name": "CRM_API_KEY", "as": "env", "required": required}
    return drawn(
        {"id": "voice", "kind": "prompt",
         "options": {"text": {"per_tenant": "prompt", "default": "Help ${tenant.name}."}}},
        {"id": "crm", "kind": "secret", "options": crm},
        agent={"version": version, **agent},
        brain={"provider": {"per_tenant": "provider", "default": "demo"},
               "model": {"per_tenant": "model", "default": "demo-1"}},
    )  # fmt: skip


def served(
    image: str = "database:1", size_mb: int = 256, mode: str = "plain", memory_mb: int = 256
) -> dict[str, Any]:
    """The same with a service beside the agent, which has a disk, a variable and a secret of its
    own."""
    drawing = document()
    options = {
        "image": image, "port": 5432, "health": "port", "user": 1, "memory_mb": memory_mb,
        "cpu": 0.5, "pids": 100,
    }  # fmt: skip
    drawing["blocks"] += [
        {"id": "db", "kind": "service", "options": options},
        {"id": "rows", "kind": "volume", "options": {"path": "/rows", "size_mb": size_mb}},
        {"id": "mode", "kind": "variables", "options": {"values": {"MODE": mode}}},
        {"id": "login", "kind": "secret", "options": {"name": "DB_PASSWORD", "as": "env"}},
    ]
    drawing["links"] += [["agent", "db"], ["db", "rows"], ["db", "mode"], ["db", "login"]]
    return drawing


def pinned(version: str, *services: str) -> dict[str, Any]:
    """services: the references of their images."""
    agents = {f"openclaw:{version}": ["openclaw", "gateway", "run"]}
    commands = agents | {reference: ["serve"] for reference in services}
    return {
        reference: {
            "id": f"sha256:{hashlib.sha256(reference.encode()).hexdigest()}", "command": command
        }
        for reference, command in commands.items()
    }  # fmt: skip


TAKES = 1.2
"""Seconds from a write until the runtime acts on it."""


def _nothing() -> None:
    """Nobody wants to be told: a turn is the test's to begin."""


class FakeProber(Prober):
    """Finds what the engine's fake says, about those it was told to watch. news: a verdict that
    no pass has read yet. refuses: cabins that go on as they are, whatever is written."""

    def __init__(self, engine: FakeEngine, clock: Callable[[], float]) -> None:
        super().__init__(_nothing, clock)
        self._engine = engine
        self._targets: frozenset[Target] = frozenset()
        self.news = False
        self.refuses: set[str] = set()
        self._acts_on: dict[Target, str] = {}
        self._since: dict[Target, tuple[bool, float]] = {}

    def watch(self, targets: Iterable[Target]) -> None:
        before, self._targets = self._targets, frozenset(targets)
        self.news = bool(self._targets - before)

    def health(self) -> Mapping[str, Health]:
        found = {}
        for target in self._targets:
            healthy = self._engine.answers(target.name)
            known = self._since.get(target)
            if known is None or known[0] is not healthy:
                known = self._since[target] = (healthy, self._clock())
            acts_on = self._content_of(target, healthy)
            found[target.name] = Health(*known, "", target.started_at, acts_on)
        return found

    def _content_of(self, target: Target, healthy: bool) -> str:
        """Read at its start, or as long ago as a change takes."""
        cabin = target.name.split("-")[1]
        lies = self._engine._applied.get(cabin)
        began = max(target.started_at, self._clock() - TAKES)
        takes = healthy and cabin not in self.refuses
        if takes and lies is not None and lies.written_at <= began:
            self._acts_on[target] = lies.version.mark
        return self._acts_on.get(target, "")


class FragileGrants(MemoryGrants):
    """away: its folder can be neither read nor written."""

    def __init__(self) -> None:
        super().__init__()
        self.away = False

    def _answer(self) -> None:
        if self.away:
            raise Retryable("the grants' folder cannot be used")

    async def read(self) -> Mapping[str, str]:
        self._answer()
        return await super().read()

    async def put(self, key_sha: str, grant: Grant) -> None:
        self._answer()
        await super().put(key_sha, grant)

    async def remove(self, key_sha: str) -> None:
        self._answer()
        await super().remove(key_sha)

    async def read_providers(self) -> Mapping[str, str]:
        self._answer()
        return await super().read_providers()

    async def put_provider(self, name: str, provider: Provider) -> None:
        self._answer()
        await super().put_provider(name, provider)


class Died(BaseException):
    """The steward's process ended here. No Exception: nothing of the steward may catch it."""


@dataclass
class Fate:
    """What befalls the steward at the action number `at` (from 1): it `dies` after it, does it
    `twice`, or does it and `loses` the answer."""

    at: int = 0
    kind: str = "none"
    done: int = 0
    dead: bool = False

    def begin(self) -> bool:
        """Whether this is the fatal action."""
        if self.dead:
            raise Died
        self.done += 1
        return self.done == self.at


@dataclass(frozen=True, slots=True)
class _Watched(Executor):
    """The real executor, watched."""

    world: World = field(kw_only=True)

    async def perform(self, action: a.Action) -> None:
        fate = self.world.fate
        fatal = fate.begin()
        self.world.trace.append(action)
        self.world.check_before(action)
        try:
            await Executor.perform(self, action)
            if fatal and fate.kind == "twice":
                await Executor.perform(self, action)
        except AssertionError as error:
            self.world.breaches.append(f"{action}: {error}")
            raise
        if fatal and fate.kind == "dies":
            fate.dead = True
            raise Died
        if fatal and fate.kind == "loses":
            raise Retryable("the answer was lost")


class World:
    """now: the clock. firewall: what the guard says. Everything else as its fake documents.
    store: rows in memory, or a real store for integration tests. before_turn: called then."""

    def __init__(self, store: Any = None, boots_at_once: int = 2) -> None:
        self.now = START
        self.engine = FakeEngine(INSTALLATION, self.clock)
        self.edge = FakeEdge()
        self.grants = FragileGrants()
        self.prober = FakeProber(self.engine, self.clock)
        self.rows = MemoryStore(keyring().sealer, self.clock)
        self.store: Store = store if store is not None else self.rows
        self.boots_at_once = boots_at_once
        self.fate = Fate()
        self.trace: list[a.Action] = []
        self.breaches: list[str] = []
        self.before_turn: Callable[[], None] = _nothing
        self.loop = self.new_loop()
        if store is None:
            self.rows.revise(document(), pinned("2026.9.6"))

    def __getstate__(self) -> dict[str, Any]:
        """Who watches one world does not watch its copies."""
        return self.__dict__ | {"before_turn": _nothing}

    def clock(self) -> float:
        return self.now

    @property
    def firewall(self) -> bool:
        return self.engine.firewall

    @firewall.setter
    def firewall(self, there: bool) -> None:
        self.engine.firewall = there

    def _is_protected(self) -> bool:
        return self.engine.firewall

    def new_loop(self) -> Loop:
        """A steward that has just started and remembers nothing."""
        keys = keyring().steward
        compiler, providers = Compiler(INSTALLATION, settings(), keys), Providers(keys)
        self.prober = FakeProber(self.engine, self.clock)
        sources = Sources(
            self.engine, self.edge, self.grants, self._is_protected, self.prober.health
        )
        executor = _Watched(
            self.engine, self.edge, self.grants, self.store,  # type: ignore[arg-type]
            compiler, providers, keys, sources.firewall, self.clock, world=self,
        )  # fmt: skip
        self.loop = Loop(
            self.store, sources, executor, compiler, providers, self.prober,
            roll_outs=self.roll_outs(),
            boots_at_once=self.boots_at_once, clock=self.clock,
        )  # fmt: skip
        return self.loop

    def roll_outs(self) -> RollOuts:
        store: Any = self.store
        return RollOuts(store, LastWords(self.engine, store, keyring().steward), self.clock)

    async def turn(self) -> Look:
        """One pass and all the work of it. Raises Died where fate says so."""
        self.before_turn()
        look = await self.loop.one_pass()
        await self.loop.settle()
        if self.fate.dead:
            raise Died
        self.check_look(look)
        return look

    async def converge(self, limit: int = 200) -> Look:
        """Turns until nothing is left to be done, moving the clock to each next moment."""
        for _ in range(limit):
            look = await self.turn()
            if not look.plan.empty or self.prober.news or look.news:
                self.now += 0.1
            elif (moment := next_moment(look)) > 0:
                self.now = moment
            else:
                return look
        raise AssertionError(f"does not settle: {look.plan} {look.statuses}")

    def cabin_of(self, slug: str) -> str:
        return self.rows.cabins[self.rows.named(slug).id].id

    def instance_of(self, slug: str, role: str = AGENT) -> str:
        cabin = self.cabin_of(slug)
        return next(
            name
            for name, instance in self.engine._instances.items()
            if instance.cabin == cabin and instance.role == role
        )

    # What may never happen.

    def check_before(self, action: a.Action) -> None:
        """Just before the executor does it."""
        match action:
            case a.Start(name):
                instance = self.engine._instances.get(name)
                if instance is not None and instance.cabin not in self.engine._applied:
                    self.breaches.append(f"{name} starts without content")
                if not self.firewall:
                    self.breaches.append(f"{name} starts without the firewall")
            case a.Stop(name, _) if self.engine.answers(name) and self._is_open(name):
                self.breaches.append(f"{name} serves and is stopped")
            case a.EraseData(cabin) if not self._may_erase(cabin):
                self.breaches.append(f"the data of {cabin} is erased unasked")
            case _:
                pass

    def _is_open(self, name: str) -> bool:
        """Callers come to the agent alone."""
        instance = self.engine._instances[name]
        return instance.role == AGENT and any(
            r.cabin == instance.cabin and r.door is Door.OPEN for r in self.edge.table.routes
        )

    def _may_erase(self, cabin: str) -> bool:
        if any(i.cabin == cabin for i in self.engine._instances.values()):
            return False
        if self.store is not self.rows:
            return True
        for tenant_id, record in self.rows.cabins.items():
            if record.id == cabin:
                return self.rows.tenants[tenant_id].deleting == "erase"
        return cabin in self.rows.resting and self.rows.resting[cabin].state == "erased"

    def check_look(self, look: Look) -> None:
        """A tenant that is called ready is served, by what it last asked for."""
        for wish in look.wishes:
            status = look.statuses.get(wish.tenant)
            if status is not None and status.phase.value == "ready":
                self.breaches += [f"{wish.slug} is no ready: {w}" for w in not_ready(look, wish)]

    def assert_unbroken(self) -> None:
        assert not self.breaches, self.breaches


def next_moment(look: Look) -> float:
    """The first moment at which time alone changes something, 0 for none."""
    moments = [look.plan.look_again, *(s.settles_at for s in look.statuses.values())]
    # The prober wakes the loop.
    moments += [lies.written_at + TAKES for lies in look.inventory.content.values()]
    return min((m for m in moments if m > look.at), default=0.0)


def not_ready(look: Look, wish: Any) -> Sequence[str]:
    """Why a wish is not fulfilled, said from the inventory alone."""
    inventory: Inventory = look.inventory
    routes = inventory.routes.routes if inventory.routes else ()
    content = inventory.content.get(wish.cabin.id)
    mine = [i for i in inventory.instances if i.cabin == wish.cabin.id]
    found = []
    if not any(r.cabin == wish.cabin.id and r.door is Door.OPEN for r in routes):
        found.append("its door is not open")
    if content is None or content.version != wish.content:
        found.append("its content is another")
    wanted = {wish.spec.name, *(spec.name for spec in wish.services)}
    if {i.name for i in mine} != wanted or any(i.state is not State.RUNNING for i in mine):
        found.append(f"its instances are {mine}")
        return found
    agent = next(i for i in mine if i.role == AGENT)
    if not (h := inventory.health.get(agent.name)) or not h.healthy:
        found.append("it is not healthy")
    elif content and agent.started_at < latest_placed(
        look.at, wish.restart_at, content.environment_at
    ):
        found.append("it began before its environment")
    found += [
        f"{i.role} is {i.condition}, or began before its environment"
        for i in mine
        if i.role != AGENT and content
        and (
            i.condition is not Condition.HEALTHY
            or i.started_at
            < latest_placed(look.at, wish.restart_at, content.services.get(i.role, 0.0))
        )
    ]
    if (inventory.grants or {}).get(wish.grant.key) != wish.grant.digest:
        found.append("its grant is another")
    return found


async def until(true: Callable[[], bool | Awaitable[bool]]) -> None:
    """Waits for a fact; how long it takes is nobody's claim."""
    async with asyncio.timeout(20):
        while True:
            found = true()
            if found if isinstance(found, bool) else await found:
                return
            await asyncio.sleep(0.005)


def failed(cabin: str, at: float, lived: float = 1.0, kind: str = "exit") -> FailureRecord:
    return FailureRecord(cabin, at, at - lived, kind, "it ended (exit 1)")

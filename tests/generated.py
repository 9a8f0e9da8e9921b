"""Drawn worlds: any wishes beside any inventory, also ones that no loop of ours leads to, for what
must hold of plan, routes and status whatever somebody did to the machine.

Hypothesis draws a number and the world follows from it: a hundred times faster than drawing each
field, and volume finds more here than small examples do. A world that fails is named by its
number: `Luck(number).world()`.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from hypothesis import strategies as st

from stateroom.domain.cabin import Cabin, Installation
from stateroom.domain.content import ContentVersion
from stateroom.domain.inventory import (
    AppliedContent,
    Condition,
    CopyKind,
    DiskCopy,
    Health,
    Instance,
    Inventory,
    Place,
    State,
)
from stateroom.domain.plan_orphans import Others
from stateroom.domain.routes import Door, Route, RouteTable
from stateroom.domain.runtime import (
    AGENT,
    HealthCheck,
    Mount,
    Resources,
    RuntimeSpec,
    Shape,
    Volume,
)
from stateroom.domain.wish import BrokerGrant, Checkpoint, Doorway, Failure, Intent, Wish

NOW = 10_000.0
INSTALLATION = Installation("3f")
SMALL, LARGE = Resources(1.0, 1024, 256), Resources(2.0, 2048, 256)
SHAPES = tuple(Shape(f"sha256:{x}", ("run",), mounts=(Mount("data", "/data"),)) for x in "ab")
DATABASES = tuple(Shape(f"sha256:d{x}", ("run",), mounts=(Mount("rows", "/rows"),)) for x in "ab")
CACHES = tuple(Shape(f"sha256:c{x}", ("run",)) for x in "ab")
ROLES = {AGENT: SHAPES, "db": DATABASES, "cache": CACHES}
"""What may run in a cabin: the agent, a service with a disk and a health check, one with
neither."""
CONTENTS = tuple(ContentVersion(n, f"digest {n}", f"env {n // 2}") for n in (1, 2, 3))
ORPHANS = (91, 92, 93)
TIMES = (0.0, NOW - 5000, NOW - 300, NOW - 100, NOW - 60, NOW - 10, NOW - 1, NOW)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Drawn:
    wishes: tuple[Wish, ...]
    inventory: Inventory
    in_flight: frozenset[str]


def cabin(number: int) -> Cabin:
    return Cabin(INSTALLATION, f"{number:08x}", number, number)


def spec_of(number: int, role: str, shape: Shape, resources: Resources = SMALL) -> RuntimeSpec:
    user = list(ROLES).index(role)
    health = HealthCheck(port=5432) if role == "db" else None
    return RuntimeSpec(cabin(number), role, shape, resources, user=user, health=health)


class Luck:
    """Everything that follows from one number."""

    def __init__(self, number: int) -> None:
        self._random = random.Random(number)

    def of(self, choices: Iterable[T]) -> T:
        return self._random.choice(tuple(choices))

    def between(self, least: int, most: int) -> int:
        return self._random.randint(least, most)

    def some(self, choices: Sequence[T]) -> list[T]:
        return self._random.sample(choices, self.between(0, len(choices)))

    def failures(self) -> tuple[Failure, ...]:
        found = []
        for _ in range(self.between(0, 7)):
            at, lived = self.of(TIMES), self.of([0.0, 1.0, 240.0, 400.0])
            kind = self.of(["exit", "boot", "action", "grow"])
            after = self.of([0.0, 0.0, 30.0, 1e9])
            role = self.of([AGENT, AGENT, "db"]) if kind == "exit" else AGENT
            found.append(Failure(at, at - lived, kind, "x", after, role))
        return tuple(found)

    def wish_of(self, number: int) -> Wish:
        place = cabin(number)
        compiled = self.between(0, 9) > 0
        spec = spec_of(number, AGENT, self.of(SHAPES), self.of([SMALL, LARGE]))
        services = self.services_of(number) if compiled else ()
        content = self.of(CONTENTS)
        return Wish(
            cabin=place,
            tenant=f"t{number}",
            slug=f"s{number}",
            intent=self.of([Intent.RUN] * 5 + list(Intent)),
            generation=content.generation,
            revision=1,
            spec=spec if compiled else None,
            services=services,
            volumes=self.volumes_for(services) if compiled else (),
            content=content if compiled else None,
            grant=self.of([None, BrokerGrant(f"key{number}", "g1")]),
            doorway=Doorway(f"s{number}.test", "owner", 60 if compiled else 0, ("TOKEN",)),
            restart_at=self.of(TIMES),
            changed_at=self.of(TIMES),
            failures=self.failures(),
            blocked="" if compiled and self.between(0, 5) else "blocked by something",
            was_ready=self.of((True, False)),
            boot_cpu=self.of([0.0, 2.0]),
            checkpoint=self.checkpoint(),
        )

    def services_of(self, number: int) -> tuple[RuntimeSpec, ...]:
        """Often none."""
        if self.between(0, 1):
            return ()
        roles = sorted(self.some(["db", "cache"]))
        return tuple(
            spec_of(number, role, self.of(ROLES[role]), self.of([SMALL, LARGE])) for role in roles
        )

    def volumes_for(self, services: Iterable[RuntimeSpec]) -> tuple[Volume, ...]:
        found = [Volume("data", "/data", self.of([1024, 2048]))]
        if any(service.role == "db" for service in services):
            found.append(Volume("rows", "/rows", self.of([1024, 2048]), 1))
        return tuple(found)

    def checkpoint(self) -> Checkpoint:
        """Mostly none."""
        if self.between(0, 2):
            return Checkpoint()
        return Checkpoint(
            make=self.of(["", "c1"]), back=self.of(["", "", "c2"]),
            drop=frozenset(self.some(["c3", "c4"])),
        )  # fmt: skip

    def copies(self) -> frozenset[DiskCopy]:
        if self.between(0, 2):
            return frozenset()
        names = self.some(["c1", "c2", "c3", "c5"])
        return frozenset(
            DiskCopy(disk, name, self.of(CopyKind))
            for name in names
            for disk in self.of([("data",), ("data",), ("data", "rows"), ("rows",)])
        )

    def instances_of(self, number: int) -> tuple[Instance, ...]:
        """The agent's, and often those of services, wished for or not."""
        roles = [AGENT] if self.between(0, 1) else list(ROLES)
        return tuple(found for role in roles for found in self.instances_as(number, role))

    def instances_as(self, number: int, role: str) -> tuple[Instance, ...]:
        """At most one of them alive: two writers are a world that must never come to be."""
        found, alive = [], 0
        for shape in self.some(ROLES[role]):
            state = self.of(State)
            if state in (State.RUNNING, State.PAUSED):
                alive += 1
                state = state if alive == 1 else State.EXITED
            started = self.of(TIMES)
            found.append(
                Instance(
                    spec_of(number, role, shape).name,
                    cabin(number).id,
                    role,
                    state,
                    self.of([SMALL, LARGE]),
                    started,
                    started + 1 if state is State.EXITED else 0.0,
                    self.of([0, 1, 78, 137]),
                    self.of((True, False)),
                    self.of(["store", "store", "store", "old"]),
                    self.of(["holder", "holder", "holder", "old"]),
                    condition=self.condition(role, state),
                )
            )
        return tuple(found)

    def condition(self, role: str, state: State) -> Condition:
        """Only what runs is asked, and only where there is something to ask."""
        if role != "db" or state is not State.RUNNING:
            return Condition.UNASKED
        return self.of([Condition.STARTING, Condition.HEALTHY, Condition.UNHEALTHY])

    def world(self, most: int = 3) -> Drawn:
        wishes: list[Wish] = []
        instances: list[Instance] = []
        places, content, health, grants, routes = {}, {}, {}, {}, []
        for number in range(1, self.between(1, most) + 1):
            wish = self.wish_of(number)
            wishes.append(wish)
            mine = self.instances_of(number)
            instances += mine
            cabin_id = wish.cabin.id
            if self.between(0, 4):
                names = self.of([("data",), ("data", "rows")])
                disk = {name: self.of([1024, 2048]) for name in names}
                attached, kept = self.of([(disk, {}), ({}, disk), ({}, {})])
                holder = self.of(["holder", "holder", ""])
                places[cabin_id] = Place(
                    cabin_id, self.of((True, False)), holder, attached, kept,
                    copies=self.copies(),
                )  # fmt: skip
            if self.between(0, 4):
                version = self.of(CONTENTS)
                written, agents, dbs = (self.of(TIMES) for _ in range(3))
                content[cabin_id] = AppliedContent(version, written, agents, services={"db": dbs})
            mark = content[cabin_id].version.mark if cabin_id in content else ""
            for instance in (i for i in mine if i.role == AGENT):
                if self.of((True, False)):
                    start = self.of([instance.started_at, NOW])
                    healthy = self.of((True, False))
                    acts_on = self.of(["", mark, mark])
                    health[instance.name] = Health(healthy, self.of(TIMES), "", start, acts_on)
            if self.of((True, False)):
                grants[f"key{number}"] = self.of(["g1", "g2"])
            if self.between(0, 4):
                routes.append(
                    Route(
                        f"s{number}.test", wish.tenant, cabin_id, "owner",
                        str(wish.cabin.address), 18789, self.of(Door), 60, ("TOKEN",),
                    )
                )  # fmt: skip
        inventory = Inventory(
            places=places,
            instances=tuple(instances),
            content=content,
            content_store=self.of(["store", "store", ""]),
            health=health,
            routes=self.of([RouteTable.of(routes), RouteTable.of(routes), None]),
            grants=self.of([grants, grants, None]),
            providers=self.of([{}, {"demo": "1"}, None]),
            firewall=self.of([True, True, True, False]),
            room_mb=self.of([None, None, 0, 10_000]),
        )
        busy = frozenset(w.cabin.id for w in wishes if self.between(0, 6) == 0)
        return Drawn(tuple(wishes), inventory, busy)

    def with_orphans(self, world: Drawn) -> tuple[Drawn, Others]:
        """The same world, and parts of cabins that are in no wish, some of them known as kept.
        Each part was made at a time of its own."""
        inventory, kept, failures = world.inventory, set(), {}
        places, content = dict(inventory.places), dict(inventory.content)
        instances, routes = list(inventory.instances), []
        for number in ORPHANS[: self.between(1, len(ORPHANS))]:
            orphan = cabin(number).id
            if self.between(0, 2):
                disks = self.of([({"data": 1024}, {}), ({}, {"data": 1024}), ({}, {})])
                there, holder = self.of((True, False)), self.of(["holder", ""])
                made = self.of(TIMES) if there or holder else 0.0
                places[orphan] = Place(orphan, there, holder, *disks, created_at=made)
            if self.between(0, 2):
                content[orphan] = AppliedContent(self.of(CONTENTS), self.of(TIMES), 0.0)
            if self.between(0, 2):
                instances += [
                    replace(i, created_at=self.of(TIMES)) for i in self.instances_of(number)
                ]
            if self.between(0, 2) == 0:
                kept.add(orphan)
            if self.between(0, 2) == 0:
                failures[orphan] = self.failures()
            if inventory.routes is not None and self.between(0, 3) == 0:
                routes.append(
                    Route(
                        f"s{number}.test", f"t{number}", orphan, "owner",
                        str(cabin(number).address), 18789, self.of(Door), 60, ("TOKEN",),
                    )
                )  # fmt: skip
        table = inventory.routes
        if table is not None:
            table = RouteTable.of([*table.routes, *routes])
        wider = replace(
            inventory, places=places, content=content, instances=tuple(instances), routes=table
        )
        return replace(world, inventory=wider), Others(frozenset(kept), failures)


def luck() -> st.SearchStrategy[Luck]:
    return st.integers(0, 2**32 - 1).map(Luck)


def worlds(most: int = 3) -> st.SearchStrategy[Drawn]:
    return st.integers(0, 2**32 - 1).map(lambda number: Luck(number).world(most))

"""The world behind the fake engine: what is there, what tests do to it, what cannot be.

Tests program it: `fail` makes a verb fail, `crash` ends an instance, `reboot` does to the world
what a reboot does, `never_answers` is for the prober beside it. It refuses impossible worlds
with AssertionError (`_consistent`), so that no test of a planner passes by assuming one.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from stateroom.domain.cabin import Installation
from stateroom.domain.content import Content
from stateroom.domain.inventory import AppliedContent, Condition, Instance, Place, State
from stateroom.domain.runtime import AGENT, RuntimeSpec
from stateroom.engines.base import EngineEvent, Usage
from stateroom.errors import Clash, EngineError, Retryable

ALIVE = (State.RUNNING, State.PAUSED)


@dataclass
class _Failure:
    verb: str
    cabin: str
    error: EngineError
    times: int


@dataclass
class Log:
    lines: list[str] = field(default_factory=list)
    more: asyncio.Event = field(default_factory=asyncio.Event)


class FakeWorld:
    """firewall: what the guard would say; starting anything without it is refused.
    trace: every verb that was called, with the cabin or the instance it was called for.
    contents: what was written last, by cabin. images: reference -> command of those here.
    room_mb: MiB that disks can grow by, all together; None: without end. data: by cabin and
    volume, the image of each start that could write to it; a copy is "VOLUME.NAME"."""

    def __init__(self, installation: Installation, clock: Callable[[], float] = time.time) -> None:
        self.installation = installation
        self.firewall = True
        self.trace: list[tuple[str, str]] = []
        self.contents: dict[str, Content] = {}
        self.usages: dict[str, Usage] = {}
        self.images: dict[str, tuple[str, ...]] = {}
        self.room_mb: int | None = None
        self.data: dict[tuple[str, str], tuple[str, ...]] = {}
        self._clock = clock
        self._places: dict[str, Place] = {}
        self._instances: dict[str, Instance] = {}
        self._specs: dict[str, RuntimeSpec] = {}
        self._applied: dict[str, AppliedContent] = {}
        self._store = "store-1"
        self._counted: Counter[str] = Counter()
        self._failures: list[_Failure] = []
        self._dies_at_start: dict[str, int] = {}
        self._deadly: dict[str, int] = {}
        self._silent: set[str] = set()
        self._unwell: set[tuple[str, str]] = set()
        self._logs: dict[str, Log] = {}
        self._listeners: list[asyncio.Queue[EngineEvent]] = []

    def fail(self, verb: str, cabin: str, error: EngineError, times: int = 1) -> None:
        """The next `times` calls of `verb` for `cabin` ("" for any) do nothing and raise."""
        self._failures.append(_Failure(verb, cabin, error, times))

    def crash(self, name: str, exit_code: int = 1, *, oom: bool = False) -> None:
        """An instance that runs ends by itself."""
        instance = self._instances[name]
        assert instance.state in ALIVE, f"{name} does not run"
        self._end(instance, exit_code, oom=oom)

    def dies_at_start(self, cabin: str, exit_code: int = 1) -> None:
        """From now on every start in this cabin ends at once; `recovers` takes it back."""
        self._dies_at_start[cabin] = exit_code

    def dies_with(self, image: str, exit_code: int = 1) -> None:
        """From now on whatever is started from this image ends at once, saying so."""
        self._deadly[image] = exit_code

    def never_answers(self, cabin: str) -> None:
        """Its instances run and never get healthy, until `recovers`."""
        self._silent.add(cabin)

    def recovers(self, cabin: str) -> None:
        self._dies_at_start.pop(cabin, None)
        self._silent.discard(cabin)
        for _, role in [unwell for unwell in self._unwell if unwell[0] == cabin]:
            self.is_unwell(cabin, role, unwell=False)

    def is_unwell(self, cabin: str, role: str, *, unwell: bool = True) -> None:
        """What asking a service finds from now on, where it has a health check."""
        (self._unwell.add if unwell else self._unwell.discard)((cabin, role))
        for found in self._of(cabin):
            if found.role == role and found.state is State.RUNNING:
                self._put(replace(found, condition=self._condition(found)))

    def runs(self, name: str) -> bool:
        found = self._instances.get(name)
        return found is not None and found.state is State.RUNNING

    def answers(self, name: str) -> bool:
        """What a prober would find."""
        return self.runs(name) and self._instances[name].cabin not in self._silent

    def pause(self, name: str) -> None:
        found = self._instances[name]
        assert found.state is State.RUNNING, f"{name} does not run"
        self._put(replace(found, state=State.PAUSED))

    def lose_holder(self, cabin: str) -> None:
        self._place(replace(self._places[cabin], holder=""))

    def lose_content_store(self) -> None:
        """The content holder and the steward both went: the next tmpfs is another, empty one."""
        self._store = f"store-{self._next('store')}"
        self._applied.clear()
        self.contents.clear()

    def detach(self, cabin: str) -> None:
        """The disks are there, and attached to nothing."""
        place = self._places[cabin]
        self._place(replace(place, disks={}, kept={**place.kept, **place.disks}))

    def reboot(self) -> None:
        for found in list(self._instances.values()):
            if found.state in ALIVE:
                self._end(found, 137)
        for cabin in list(self._places):
            self.lose_holder(cabin)
            self.detach(cabin)
        self.lose_content_store()

    def fill_disk(self, cabin: str, *, full: bool = True) -> None:
        """Until it is prepared with more room, or somebody deletes something (full=False)."""
        place = self._places[cabin]
        self._places[cabin] = replace(place, full=frozenset(place.disks) if full else frozenset())

    def say(self, cabin: str, line: str, role: str = AGENT) -> None:
        log = self._logs.setdefault(cabin if role == AGENT else f"{cabin}.{role}", Log())
        log.lines.append(line)
        log.more.set()

    # Its rules.

    def _called(self, verb: str, subject: str) -> None:
        """subject: a cabin's id or an instance's name."""
        if verb != "observe":
            self.trace.append((verb, subject))
        cabin = subject.split("-")[1] if "-" in subject else subject
        for failure in self._failures:
            if failure.times > 0 and failure.verb == verb and failure.cabin in ("", cabin):
                failure.times -= 1
                raise failure.error

    def _must_match(self, found: Instance) -> None:
        place = self._places.get(found.cabin, Place(found.cabin))
        if found.holder != place.holder:
            raise Clash(f"{found.name} joined a holder that is gone; remove it")
        if found.content_store != self._store:
            raise Clash(f"{found.name} sees a content store that is gone; remove it")

    def _must_have_disks(self, found: Instance) -> None:
        place = self._places.get(found.cabin, Place(found.cabin))
        if any(m.volume not in place.disks for m in self._specs[found.name].shape.mounts):
            raise Retryable(f"{found.name}: its disk is not attached; prepare the cabin")

    def _condition(self, found: Instance) -> Condition:
        if self._specs[found.name].health is None:
            return Condition.UNASKED
        unwell = (found.cabin, found.role) in self._unwell
        return Condition.UNHEALTHY if unwell else Condition.HEALTHY

    def _service_moments(self, cabin: str, content: Content, now: float) -> dict[str, float]:
        """When each service's environment was last changed, once this content is written."""
        written = self.contents.get(cabin)
        before = dict(written.services) if written is not None else {}
        known = self._applied[cabin].services if cabin in self._applied else {}
        return {
            role: known.get(role, now)
            if role in before and before[role].version.environment == its.version.environment
            else now
            for role, its in content.services
        }

    def _volumes_in_use(self, cabin: str) -> set[str]:
        return {
            mount.volume
            for name, found in self._instances.items()
            if found.cabin == cabin and found.state in ALIVE
            for mount in self._specs[name].shape.mounts
        }

    def _must_rest(self, cabin: str, volumes: Sequence[str]) -> None:
        if self._volumes_in_use(cabin).intersection(volumes):
            raise Retryable(f"a disk of {cabin} is in use", after=10)

    def _take_room(self, cabin: str, needed_mb: int) -> None:
        if self.room_mb is None:
            return
        if needed_mb > self.room_mb:
            raise Retryable(f"the disks of {cabin}: the host's disk is full", after=60)
        self.room_mb -= needed_mb

    def _writes(self, instance: Instance) -> None:
        shape = self._specs[instance.name].shape
        for mount in shape.mounts:
            key = (instance.cabin, mount.volume)
            self.data[key] = (*self.data.get(key, ()), shape.image)

    def _forget_data(self, cabin: str) -> None:
        self.data = {key: found for key, found in self.data.items() if key[0] != cabin}

    def _put(self, instance: Instance) -> None:
        before = self._instances.get(instance.name)
        self._instances[instance.name] = instance
        self._consistent(instance, starts=before is None or before.state not in ALIVE)

    def _consistent(self, instance: Instance, *, starts: bool) -> None:
        """Worlds that no real engine may be in."""
        place = self._places.get(instance.cabin)
        assert place is not None and place.network, f"{instance.name} has no place"
        if instance.state not in ALIVE or not starts:
            return
        assert self.firewall, f"{instance.name} runs without the firewall"
        assert place.holder == instance.holder, f"{instance.name} runs in no namespace"
        mine = {mount.volume for mount in self._specs[instance.name].shape.mounts}
        for other in self._of(instance.cabin):
            if other.name == instance.name or other.state not in ALIVE:
                continue
            shared = mine & {mount.volume for mount in self._specs[other.name].shape.mounts}
            assert not shared, f"two writers on {shared}: {instance.name} and {other.name}"

    def _of(self, cabin: str) -> list[Instance]:
        return [found for found in self._instances.values() if found.cabin == cabin]

    def _place(self, place: Place) -> None:
        self._places[place.cabin] = place

    def _end(self, found: Instance, exit_code: int, *, oom: bool = False) -> None:
        ended = replace(
            found,
            state=State.EXITED,
            finished_at=self._clock(),
            exit_code=exit_code,
            oom_killed=oom,
            condition=Condition.UNASKED,
        )
        self._put(ended)
        self._tell("die", found.cabin)

    def _forget(self, name: str) -> None:
        self._instances.pop(name, None)
        self._specs.pop(name, None)

    def _tell(self, kind: str, cabin: str) -> None:
        for queue in self._listeners:
            queue.put_nowait(EngineEvent(kind, cabin))

    def _next(self, what: str) -> int:
        self._counted[what] += 1
        return self._counted[what] + (1 if what == "store" else 0)

"""An engine in memory, with the same contract as the real one and no delays.

Tests program it: `fail` makes a verb fail, `crash` ends an instance, `reboot` does to the world
what a reboot does, `never_answers` is for the prober beside it. It refuses impossible worlds
with AssertionError (`_consistent`), so that no test of a planner passes by assuming one.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace

from stateroom.domain.cabin import Cabin, Installation
from stateroom.domain.compile import PinnedImage
from stateroom.domain.content import Content
from stateroom.domain.inventory import AppliedContent, Instance, Place, State
from stateroom.domain.runtime import Resources, RuntimeSpec, Volume, stable_digest
from stateroom.engines.base import EngineEvent, EngineView, Usage
from stateroom.errors import Clash, EngineError, Permanent, Retryable

ALIVE = (State.RUNNING, State.PAUSED)


@dataclass
class _Failure:
    verb: str
    cabin: str
    error: EngineError
    times: int


@dataclass
class _Log:
    lines: list[str] = field(default_factory=list)
    more: asyncio.Event = field(default_factory=asyncio.Event)


class FakeEngine:
    """firewall: what the guard would say; starting anything without it is refused.
    trace: every verb that was called, with the cabin or the instance it was called for.
    contents: what was written last, by cabin. images: reference -> command of those here."""

    def __init__(self, installation: Installation, clock: Callable[[], float] = time.time) -> None:
        self.installation = installation
        self.firewall = True
        self.trace: list[tuple[str, str]] = []
        self.contents: dict[str, Content] = {}
        self.usages: dict[str, Usage] = {}
        self.images: dict[str, tuple[str, ...]] = {}
        self._clock = clock
        self._places: dict[str, Place] = {}
        self._instances: dict[str, Instance] = {}
        self._specs: dict[str, RuntimeSpec] = {}
        self._applied: dict[str, AppliedContent] = {}
        self._store = "store-1"
        self._counted: Counter[str] = Counter()
        self._failures: list[_Failure] = []
        self._dies_at_start: dict[str, int] = {}
        self._silent: set[str] = set()
        self._logs: dict[str, _Log] = {}
        self._listeners: list[asyncio.Queue[EngineEvent]] = []

    # What tests program.

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

    def never_answers(self, cabin: str) -> None:
        """Its instances run and never get healthy, until `recovers`."""
        self._silent.add(cabin)

    def recovers(self, cabin: str) -> None:
        self._dies_at_start.pop(cabin, None)
        self._silent.discard(cabin)

    def answers(self, name: str) -> bool:
        """What a prober would find."""
        found = self._instances.get(name)
        return bool(found and found.state is State.RUNNING and found.cabin not in self._silent)

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

    def say(self, cabin: str, line: str) -> None:
        log = self._logs.setdefault(cabin, _Log())
        log.lines.append(line)
        log.more.set()

    # The verbs.

    async def observe(self) -> EngineView:
        self._called("observe", "")
        return EngineView(
            dict(self._places), tuple(self._instances.values()), dict(self._applied), self._store
        )

    async def events(self) -> AsyncIterator[EngineEvent]:
        queue: asyncio.Queue[EngineEvent] = asyncio.Queue()
        self._listeners.append(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._listeners.remove(queue)

    async def prepare(self, cabin: Cabin, volumes: tuple[Volume, ...]) -> None:
        self._called("prepare", cabin.id)
        before = self._places.get(cabin.id, Place(cabin.id))
        there = {**before.kept, **before.disks}
        wanted = {v.name: max(v.size_mb, there.get(v.name, 0)) for v in volumes}
        growing = [name for name, size in wanted.items() if size > before.disks.get(name, size)]
        used = self._volumes_in_use(cabin.id)
        disks = {**before.disks, **wanted} | {n: before.disks[n] for n in growing if n in used}
        self._place(
            Place(
                cabin=cabin.id,
                network=True,
                holder=before.holder or f"holder-{self._next('holder')}",
                disks=disks,
                kept={name: size for name, size in before.kept.items() if name not in disks},
            )
        )
        if used.intersection(growing):
            raise Retryable(f"prepare {cabin.id}: a disk is in use and cannot grow now", after=10)

    async def create(self, spec: RuntimeSpec) -> None:
        cabin = spec.cabin.id
        self._called("create", cabin)
        place = self._places.get(cabin, Place(cabin))
        if not place.holder or any(m.volume not in place.disks for m in spec.shape.mounts):
            raise Retryable(f"create {spec.name}: its cabin is not prepared")
        if (found := self._instances.get(spec.name)) is not None:
            self._must_match(found)
            return
        self._specs[spec.name] = spec
        self._put(
            Instance(
                name=spec.name,
                cabin=cabin,
                role=spec.role,
                state=State.CREATED,
                resources=spec.resources,
                content_store=self._store,
                holder=place.holder,
            )
        )

    async def start(self, name: str) -> None:
        self._called("start", name)
        if (found := self._instances.get(name)) is None:
            raise Retryable(f"start {name}: it is not there")
        if found.state is State.RUNNING:
            return
        if found.state is not State.PAUSED:
            self._must_match(found)
            self._must_have_disks(found)
        running = replace(found, state=State.RUNNING)
        if found.state is not State.PAUSED:
            running = replace(running, started_at=self._clock())
        self._put(running)
        self._tell("start", found.cabin)
        if found.cabin in self._dies_at_start:
            self._end(running, self._dies_at_start[found.cabin])

    async def stop(self, name: str, seconds: int) -> None:
        self._called("stop", name)
        found = self._instances.get(name)
        if found is not None and found.state in ALIVE:
            self._end(found, 143)

    async def remove(self, name: str) -> None:
        self._called("remove", name)
        found = self._instances.get(name)
        if found is None:
            return
        if found.state in ALIVE:
            raise Clash(f"remove {name}: it runs; stop it first")
        self._forget(name)
        self._tell("destroy", found.cabin)

    async def configure(self, cabin: str, content: Content) -> None:
        self._called("configure", cabin)
        for name, _ in content.files:
            if name.startswith("/") or ".." in name.split("/") or not name:
                raise Permanent(f"content: {name!r} is no path inside a cabin's content folder")
        before = self._applied.get(cabin)
        if before is not None and before.version == content.version:
            return
        now = self._clock()
        same = before is not None and before.version.environment == content.version.environment
        at = before.environment_at if before is not None and same else now
        self._applied[cabin] = AppliedContent(content.version, now, at)
        self.contents[cabin] = content

    async def release(self, cabin: str) -> None:
        self._called("release", cabin)
        for name in [n for n, found in self._instances.items() if found.cabin == cabin]:
            self._forget(name)
        self._applied.pop(cabin, None)
        self.contents.pop(cabin, None)
        self._logs.pop(cabin, None)
        if (place := self._places.pop(cabin, None)) is not None:
            kept = {**place.kept, **place.disks}
            if kept:
                self._place(Place(cabin, kept=kept))

    async def erase_data(self, cabin: str) -> None:
        self._called("erase_data", cabin)
        left = [name for name, found in self._instances.items() if found.cabin == cabin]
        if left:
            raise Clash(f"erase the data of cabin {cabin}: {left[0]} is left")
        self._logs.pop(cabin, None)
        if (place := self._places.pop(cabin, None)) is not None and (place.network or place.holder):
            self._place(replace(place, disks={}, kept={}))

    async def resize(self, name: str, resources: Resources) -> None:
        self._called("resize", name)
        if (found := self._instances.get(name)) is None:
            raise Retryable(f"resize {name}: it is not there")
        self._put(replace(found, resources=resources))

    async def logs(self, cabin: str, *, tail: int, follow: bool) -> AsyncIterator[str]:
        log = self._logs.setdefault(cabin, _Log())
        seen = len(log.lines)
        for line in deque(log.lines, maxlen=tail):
            yield line
        while follow:
            log.more.clear()
            while seen < len(log.lines):
                seen += 1
                yield log.lines[seen - 1]
            await log.more.wait()

    async def usage(self, cabin: str) -> Usage:
        alive = any(f.cabin == cabin and f.state in ALIVE for f in self._instances.values())
        return self.usages.get(cabin, Usage(0.1, 256.0, 10.0)) if alive else Usage(0.0, 0.0, 0.0)

    async def pin(self, reference: str) -> PinnedImage:
        self._called("pin", "")
        if reference not in self.images:
            raise Permanent(f"the image {reference} is not on this machine")
        return PinnedImage(reference, f"sha256:{stable_digest(reference)}", self.images[reference])

    # The world and its rules.

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

    def _volumes_in_use(self, cabin: str) -> set[str]:
        return {
            mount.volume
            for name, found in self._instances.items()
            if found.cabin == cabin and found.state in ALIVE
            for mount in self._specs[name].shape.mounts
        }

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

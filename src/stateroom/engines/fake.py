"""An engine in memory, with the same contract as the real one and no delays."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import replace

from stateroom.domain.cabin import Cabin
from stateroom.domain.compile import PinnedImage
from stateroom.domain.content import Content
from stateroom.domain.inventory import (
    AppliedContent,
    CopyKind,
    DiskCopy,
    Instance,
    Place,
    State,
)
from stateroom.domain.runtime import AGENT, Resources, RuntimeSpec, Volume, stable_digest
from stateroom.engines.base import NO_USAGE, EngineEvent, EngineView, Usage
from stateroom.engines.fake_world import ALIVE, FakeWorld, Log
from stateroom.errors import Absent, Clash, Permanent, Retryable


class FakeEngine(FakeWorld):
    """The verbs. What a test does to the world, and the world's rules: see `FakeWorld`."""

    async def observe(self) -> EngineView:
        self._called("observe", "")
        return EngineView(
            dict(self._places),
            tuple(self._instances.values()),
            dict(self._applied),
            self._store,
            self.room_mb,
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
        disks = {**before.disks, **{v.name: there.get(v.name, v.size_mb) for v in volumes}}
        complete = before.network and before.holder
        self._place(
            Place(
                cabin=cabin.id,
                network=True,
                holder=before.holder or f"holder-{self._next('holder')}",
                disks=disks,
                kept={name: size for name, size in before.kept.items() if name not in disks},
                copies=before.copies,
                created_at=before.created_at if complete else self._clock(),
            )
        )

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
                created_at=self._clock(),
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
        running = replace(found, state=State.RUNNING, condition=self._condition(found))
        if found.state is not State.PAUSED:
            self._writes(found)
            running = replace(running, started_at=self._clock())
        self._put(running)
        self._tell("start", found.cabin)
        if found.role == AGENT and found.cabin in self._dies_at_start:
            self._end(running, self._dies_at_start[found.cabin])
        elif (image := self._specs[name].shape.image) in self._deadly:
            self.say(found.cabin, f"cannot start: exit {self._deadly[image]}", found.role)
            self._end(running, self._deadly[image])

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
        for role, _ in content.services:
            if role == AGENT or not re.fullmatch(r"[a-z0-9_-]+", role):
                raise Permanent(f"content: {role!r} is no service's role")
        before = self._applied.get(cabin)
        if before is not None and before.version == content.version:
            return
        now = self._clock()
        services = self._service_moments(cabin, content, now)
        same = before is not None and before.version.environment == content.version.environment
        at = before.environment_at if before is not None and same else now
        self._applied[cabin] = AppliedContent(content.version, now, at, services=services)
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
            if kept or place.copies:
                self._place(Place(cabin, kept=kept, copies=place.copies))

    async def erase_data(self, cabin: str) -> None:
        self._called("erase_data", cabin)
        left = [name for name, found in self._instances.items() if found.cabin == cabin]
        if left:
            raise Clash(f"erase the data of cabin {cabin}: {left[0]} is left")
        self._logs.pop(cabin, None)
        if (place := self._places.pop(cabin, None)) is not None and (place.network or place.holder):
            self._place(replace(place, disks={}, kept={}, copies=frozenset()))
        self._forget_data(cabin)

    async def copy(self, cabin: Cabin, volumes: tuple[str, ...], name: str) -> None:
        self._called("copy", cabin.id)
        if not re.fullmatch(r"[a-z0-9]{1,32}", name):
            raise Permanent(f"{name!r} is no name for a copy")
        place = self._places.get(cabin.id, Place(cabin.id))
        sizes = {**place.kept, **place.disks}
        if any(volume not in sizes for volume in volumes):
            raise Retryable(f"copy the disks of {cabin.id}: one is not there")
        self._must_rest(cabin.id, volumes)
        there = {c.volume for c in place.copies if c.name == name and c.kind is CopyKind.WHOLE}
        missing = [volume for volume in volumes if volume not in there]
        self._take_room(cabin.id, sum(sizes[volume] for volume in missing))
        for volume in missing:
            self.data[cabin.id, f"{volume}.{name}"] = self.data.get((cabin.id, volume), ())
        made = {DiskCopy(volume, name, CopyKind.WHOLE) for volume in missing}
        half = {DiskCopy(volume, name, CopyKind.HALF) for volume in missing}
        self._place(replace(place, copies=(place.copies - half) | made))

    async def put_back(self, cabin: Cabin, volumes: tuple[str, ...], name: str) -> None:
        self._called("put_back", cabin.id)
        self._must_rest(cabin.id, volumes)
        for volume in volumes:
            place = self._places[cabin.id]
            half = DiskCopy(volume, name, CopyKind.HALF)
            whole = DiskCopy(volume, name, CopyKind.WHOLE)
            copies = place.copies - {half, whole}
            if whole in place.copies:
                before = self.data.pop((cabin.id, f"{volume}.{name}"), ())
                since = self.data.get((cabin.id, volume), ())
                if before != since:
                    self.data[cabin.id, volume] = before
                    self.data[cabin.id, f"{volume}.{name}"] = since
                    copies |= {DiskCopy(volume, name, CopyKind.ASIDE)}
            self._place(replace(place, copies=copies))

    async def drop_copy(self, cabin: str, name: str) -> None:
        self._called("drop_copy", cabin)
        if (place := self._places.get(cabin)) is None:
            return
        for copy in place.copies:
            if copy.name == name:
                self.data.pop((cabin, f"{copy.volume}.{name}"), None)
        left = replace(place, copies=frozenset(c for c in place.copies if c.name != name))
        if left == Place(cabin):
            del self._places[cabin]
        else:
            self._place(left)

    async def resize(self, name: str, resources: Resources) -> None:
        self._called("resize", name)
        if (found := self._instances.get(name)) is None:
            raise Retryable(f"resize {name}: it is not there")
        self._put(replace(found, resources=resources))

    async def grow(self, cabin: Cabin, volumes: tuple[Volume, ...]) -> None:
        self._called("grow", cabin.id)
        disks = self._places.get(cabin.id, Place(cabin.id)).disks
        if any(v.name not in disks for v in volumes):
            raise Retryable(f"grow {cabin.id}: a disk is not attached; prepare the cabin")
        growing = {v.name: v.size_mb for v in volumes if v.size_mb > disks[v.name]}
        if self._volumes_in_use(cabin.id).intersection(growing):
            raise Retryable(f"grow {cabin.id}: a disk is in use", after=10)
        self._take_room(cabin.id, sum(size - disks[name] for name, size in growing.items()))
        self._place(replace(self._places[cabin.id], disks={**disks, **growing}))

    async def logs(
        self, cabin: str, role: str = AGENT, *, tail: int, follow: bool
    ) -> AsyncIterator[str]:
        log = self._logs.setdefault(cabin if role == AGENT else f"{cabin}.{role}", Log())
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
        return self.usages.get(cabin, Usage(0.1, 256.0, 10.0, 11)) if alive else NO_USAGE

    async def pin(self, reference: str) -> PinnedImage:
        self._called("pin", "")
        if reference not in self.images:
            raise Absent(f"the image {reference} is not on this machine")
        if not self.images[reference]:
            raise Permanent(f"the image {reference} names no program to run")
        return PinnedImage(reference, f"sha256:{stable_digest(reference)}", self.images[reference])

"""A cabin's disks, changed: what needs root is done by `disks.sh` in a short-lived container of
our own image. What is there is seen without it (`docker_disk_files`).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
import time
from collections.abc import Callable
from importlib.resources import files

from aiodocker import Docker
from aiodocker.exceptions import DockerError

from stateroom.domain.cabin import Cabin, Installation
from stateroom.domain.runtime import Volume
from stateroom.engines import docker_objects as objects
from stateroom.engines.docker_calls import absent, ask, calling
from stateroom.engines.docker_disk_files import DiskFiles, DiskState
from stateroom.errors import EngineError, Permanent, Retryable

log = logging.getLogger(__name__)

IN_USE, NO_SPACE, DAMAGED = 10, 11, 12
HELPER_SECONDS = 120.0
"""How long a pass waits for a helper. One that takes longer is not ended for it: the next pass
finds it at work, or done."""
HELPERS_AT_ONCE = 2
"""The disk below is one. After a reboot a thousand cabins ask for theirs, and none may lose its
time by standing in line: it begins when it is its turn."""

COPY_SECONDS = 3600.0
"""A copy takes as long as its disk is full. They are made one by one, and apart from the other
helpers, so that nobody's start stands in line behind one."""
COPY_NAME = re.compile(r"[a-z0-9]{1,32}")


class Disks:
    """The verbs. `images` is how this process sees what the helper does on the host."""

    def __init__(
        self,
        docker: Docker,
        installation: Installation,
        places: objects.Places,
        images: DiskFiles,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._docker = docker
        self._installation = installation
        self._places = places
        self._files = images
        self._clock = clock
        self._gate = asyncio.Semaphore(HELPERS_AT_ONCE)
        self._copying = asyncio.Semaphore(1)
        self._script = "".join(
            files("stateroom.engines").joinpath(name).read_text()
            for name in ("disk_copies.sh", "disks.sh")
        )

    def look(self) -> DiskState:
        return self._files.look()

    def serves(self, name: str) -> bool:
        return self._files.serves(name)

    async def prepare(self, cabin: Cabin, volumes: tuple[Volume, ...]) -> None:
        """All there and attached, each with its Docker volume."""
        attached = self.look().attached.get(cabin.id, {})
        missing = [v for v in volumes if v.name not in attached]
        if missing:
            arguments = ["prepare"]
            for volume in missing:
                name = objects.disk_name(cabin.name, volume.name)
                arguments += [name, str(cabin.uid + volume.user), str(volume.size_mb)]
            await self._help(cabin.id, cabin.name, arguments)
        for volume in volumes:
            async with calling(f"make the volume of disk {volume.name} of cabin {cabin.id}"):
                body = objects.volume_body(cabin, volume.name)
                await ask(self._docker, "volumes/create", "POST", body=body)

    async def grow(self, cabin: Cabin, volumes: tuple[Volume, ...]) -> None:
        there = self.look().kept.get(cabin.id, {})
        arguments = ["grow"]
        for volume in volumes:
            if volume.name not in there:
                raise Retryable(f"grow {cabin.id}: its disk {volume.name} is not there")
            if there[volume.name] < volume.size_mb:
                name = objects.disk_name(cabin.name, volume.name)
                arguments += [name, str(volume.size_mb)]
        if len(arguments) > 1:
            await self._help(cabin.id, cabin.name, arguments)

    async def copy(self, cabin: Cabin, volumes: tuple[str, ...], name: str) -> None:
        there = self.look().kept.get(cabin.id, {})
        if missing := [volume for volume in volumes if volume not in there]:
            raise Retryable(f"copy {cabin.id}: its disk {missing[0]} is not there")
        async with self._copying:
            await self._rewrite("copy", cabin, volumes, name, within=COPY_SECONDS)

    async def put_back(self, cabin: Cabin, volumes: tuple[str, ...], name: str) -> None:
        await self._rewrite("put-back", cabin, volumes, name, within=HELPER_SECONDS)

    async def drop_copy(self, cabin: str, name: str) -> None:
        arguments = ["drop", self._name(cabin), _a_copy(name)]
        if any(copy.name == name for copy in self.look().copies.get(cabin, ())):
            await self._help(cabin, self._name(cabin), arguments)

    async def _rewrite(
        self, verb: str, cabin: Cabin, volumes: tuple[str, ...], name: str, *, within: float
    ) -> None:
        disks = [objects.disk_name(cabin.name, volume) for volume in volumes]
        if disks:
            arguments = [verb, _a_copy(name), *disks]
            await self._help(cabin.id, cabin.name, arguments, within=within)

    async def sweep(self) -> int:
        """Helpers that ended and that nobody waits for any more, and disks that one of them was
        killed in the middle of making. How many that were."""
        # A younger one may be waited for: within its deadline `_help` reads its answer.
        before = self._clock() - 2 * HELPER_SECONDS
        return await self._sweep_helpers(before) + await self._sweep_half_made(before)

    async def _sweep_half_made(self, before: float) -> int:
        swept = 0
        for cabin in self._files.half_made(before):
            try:
                await self._help(cabin, self._name(cabin), ["sweep", self._name(cabin)])
            except EngineError as error:  # somebody works on it: then it is not left behind
                log.info("a half-made disk of cabin %s stays: %s", cabin, error)
            else:
                swept += 1
        return swept

    async def _sweep_helpers(self, before: float) -> int:
        filters = json.dumps({
            "label": [*objects.ours(self._installation), f"{objects.ROLE}={objects.HELPER_ROLE}"],
            "status": ["created", "exited", "dead"],
        })
        swept = 0
        async with calling("sweep helpers"):
            for left in await self._docker.containers.list(all=True, filters=filters):
                if left["Created"] < before:
                    await _drop(left.id, self._docker)
                    swept += 1
        return swept

    async def detach(self, cabin: str) -> None:
        await self._remove_volumes(cabin)
        if cabin in self.look().nodes:
            await self._help(cabin, self._name(cabin), ["detach", self._name(cabin)])

    async def erase(self, cabin: str) -> None:
        await self._remove_volumes(cabin)
        if cabin in self.look().nodes or self._files.has_any(cabin):
            await self._help(cabin, self._name(cabin), ["erase", self._name(cabin)])

    async def volumes(self) -> dict[str, str]:
        """Docker's volumes of this installation: name -> where each is mounted on the host."""
        async with calling("list volumes"):
            filters = json.dumps({"label": objects.ours(self._installation)})
            listing = await ask(self._docker, "volumes", params={"filters": filters})
        return {entry["Name"]: entry["Mountpoint"] for entry in listing["Volumes"] or []}

    async def _remove_volumes(self, cabin: str) -> None:
        own = [name for name in await self.volumes() if name.startswith(f"{self._name(cabin)}-")]
        for name in own:
            async with calling(f"remove the volume {name}"):
                await remove_volume(self._docker, name)

    def _name(self, cabin: str) -> str:
        return f"{self._installation.prefix}-{cabin}"

    async def _help(
        self,
        cabin: str,
        cabin_name: str,
        arguments: list[str],
        *,
        within: float = HELPER_SECONDS,
    ) -> None:
        """One run of the script. Its container's name is the lock against a second one, and who
        stops waiting for it leaves it at work: ended in the middle, it would leave its disk so."""
        what = f"{arguments[0]} the disks of cabin {cabin}"
        body = objects.helper_body(self._installation, cabin, self._places, self._script, arguments)
        gate = self._gate if within <= HELPER_SECONDS else contextlib.nullcontext()
        async with gate, calling(what, within=within):
            name = objects.helper_name(cabin_name)
            await self._sweep(name)
            helper = await self._docker.containers.create(body, name=name)
            try:
                await helper.start()
                ended = await helper.wait()
                code = int(ended["StatusCode"])
                said = "" if code == 0 else "".join(await helper.log(stderr=True))
            finally:
                await _drop(helper.id, self._docker)
        if code:
            raise _failure(code, f"{what}: {_one_line(said)}")

    async def _sweep(self, name: str) -> None:
        """A helper that an earlier steward left behind: done ones go, a working one is waited
        for by the next pass."""
        filters = json.dumps({"name": [f"^/{name}$"], "label": objects.ours(self._installation)})
        for left in await self._docker.containers.list(all=True, filters=filters):
            if left["State"] in ("running", "paused", "restarting"):
                raise Retryable(f"{name} is still at work", after=2)
            await _drop(left.id, self._docker)


async def remove_volume(docker: Docker, name: str) -> None:
    """Absent is fine."""
    try:
        await ask(docker, f"volumes/{name}", "DELETE")
    except DockerError as error:
        if not absent(error):
            raise


async def _drop(container: str, docker: Docker) -> None:
    """One that works stays: Docker refuses (409), and it is not asked to insist."""
    try:
        await docker.containers.container(container).delete()
    except DockerError as error:
        if not absent(error) and error.status != 409:
            log.warning("a helper stays behind: %s", error.message)


def _a_copy(name: str) -> str:
    """It becomes part of a path."""
    if not COPY_NAME.fullmatch(name):
        raise Permanent(f"{name!r} is no name for a copy")
    return name


def _one_line(said: str) -> str:
    """Its beginning and its end, fit for a log and a status: e2fsck may repeat a tenant's file
    names, and say a lot."""
    words = " ".join(said.split())
    short = words if len(words) <= 500 else f"{words[:250]} ... {words[-250:]}"
    return "".join(c if c.isprintable() else "?" for c in short)


def _failure(code: int, message: str) -> EngineError:
    kinds: dict[int, Callable[[], EngineError]] = {
        IN_USE: lambda: Retryable(message, after=10),
        NO_SPACE: lambda: Retryable(f"{message}. Free space on the host's disk", after=60),
        DAMAGED: lambda: Permanent(message),
    }
    return kinds.get(code, lambda: Retryable(message, after=5))()

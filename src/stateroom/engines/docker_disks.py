"""A cabin's disks: looked at through files, changed by a helper.

Looking is cheap and asks nobody: the images lie in `home/disks`, the nodes in /dev/stateroom,
and /sys/block says which file the loop behind a node serves. A node whose loop serves another
file than its own counts as no disk at all, so nothing starts on it.

Changing needs root, so it is done by `disks.sh` in a short-lived container of our own image.
"""

from __future__ import annotations

import json
import logging
import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from aiodocker import Docker
from aiodocker.exceptions import DockerError

from stateroom.domain.cabin import Cabin, Installation
from stateroom.domain.runtime import Volume
from stateroom.engines import docker_objects as objects
from stateroom.engines.docker_calls import absent, ask, calling
from stateroom.errors import EngineError, Permanent, Retryable

log = logging.getLogger(__name__)

LOOP_MAJOR = 7
IN_USE, NO_SPACE, DAMAGED = 10, 11, 12
HELPER_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class DiskState:
    """cabin -> volume -> size in MiB. attached: the node's loop serves the disk's own file.
    kept: every disk that is there. nodes: cabins with any node, right or wrong."""

    attached: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    kept: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    nodes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class DiskFiles:
    """Where disks are seen: `images` is home/disks; the other two are settable for tests."""

    installation: Installation
    images: Path
    nodes: Path = Path(objects.NODES)
    loops: Path = Path("/sys/block")

    def look(self) -> DiskState:
        """Raises Retryable where the folder of images cannot be read: no disk seen would be
        taken for no disk there."""
        try:
            sizes = self._sizes()
        except OSError as error:
            raise Retryable(f"disks: {self.images} cannot be read: {error}", after=5) from error
        nodes = self._nodes()
        attached: dict[str, dict[str, int]] = {}
        kept: dict[str, dict[str, int]] = {}
        for name, size in sizes.items():
            if (parts := self._parts(name)) is None:
                continue
            cabin, volume = parts
            kept.setdefault(cabin, {})[volume] = size
            if name in nodes and self.serves(name):
                attached.setdefault(cabin, {})[volume] = size
        seen = (self._parts(name) for name in nodes)
        return DiskState(attached, kept, frozenset(parts[0] for parts in seen if parts))

    def serves(self, name: str) -> bool:
        """Whether the node called `name` leads to the image called `name`."""
        try:
            node = (self.nodes / name).stat()
            if not stat.S_ISBLK(node.st_mode) or os.major(node.st_rdev) != LOOP_MAJOR:
                return False
            loop = self.loops / f"loop{os.minor(node.st_rdev)}" / "loop" / "backing_file"
            backing = loop.read_text().rstrip("\n")
        except OSError:
            return False
        # A deleted file shows as "NAME.img (deleted)", and so does not match either.
        return backing.rpartition("/")[2] == f"{name}.img"

    def _sizes(self) -> dict[str, int]:
        with os.scandir(self.images) as entries:
            return {
                entry.name.removesuffix(".img"): entry.stat().st_size // objects.MIB
                for entry in entries
                if entry.name.endswith(".img")
            }

    def _nodes(self) -> frozenset[str]:
        try:
            return frozenset(os.listdir(self.nodes))  # noqa: PTH208  names are all it takes
        except FileNotFoundError:
            return frozenset()

    def _parts(self, name: str) -> tuple[str, str] | None:
        prefix, _, rest = name.partition("-")
        cabin, _, volume = rest.partition("-")
        if prefix != self.installation.prefix or not cabin or not volume:
            return None
        return cabin, volume


class Disks:
    """The verbs. `images` is how this process sees what the helper does on the host."""

    def __init__(
        self, docker: Docker, installation: Installation, places: objects.Places, images: DiskFiles
    ) -> None:
        self._docker = docker
        self._installation = installation
        self._places = places
        self._files = images
        self._script = files("stateroom.engines").joinpath("disks.sh").read_text()

    def look(self) -> DiskState:
        return self._files.look()

    def serves(self, name: str) -> bool:
        return self._files.serves(name)

    async def prepare(self, cabin: Cabin, volumes: tuple[Volume, ...]) -> None:
        """All there and attached, each with its Docker volume."""
        attached = self.look().attached.get(cabin.id, {})
        missing = [v for v in volumes if attached.get(v.name, 0) < v.size_mb]
        if missing:
            arguments = ["prepare"]
            for volume in missing:
                name = objects.disk_name(cabin.name, volume.name)
                arguments += [name, str(cabin.uid), str(volume.size_mb)]
            await self._help(cabin.id, cabin.name, arguments)
        for volume in volumes:
            async with calling(f"make the volume of disk {volume.name} of cabin {cabin.id}"):
                body = objects.volume_body(cabin, volume.name)
                await ask(self._docker, "volumes/create", "POST", body=body)

    async def detach(self, cabin: str) -> None:
        await self._remove_volumes(cabin)
        if cabin in self.look().nodes:
            await self._help(cabin, self._name(cabin), ["detach", self._name(cabin)])

    async def erase(self, cabin: str) -> None:
        await self._remove_volumes(cabin)
        state = self.look()
        if cabin in state.nodes or cabin in state.kept:
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

    async def _help(self, cabin: str, cabin_name: str, arguments: list[str]) -> None:
        """One run of the script. Its container's name is the lock against a second one."""
        what = f"{arguments[0]} the disks of cabin {cabin}"
        body = objects.helper_body(self._installation, cabin, self._places, self._script, arguments)
        async with calling(what, within=HELPER_SECONDS):
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
            raise _failure(code, f"{what}: {said.strip()[-500:]}")

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
    try:
        await docker.containers.container(container).delete(force=True)
    except DockerError as error:
        if not absent(error) and error.status != 409:
            log.warning("a helper stays behind: %s", error.message)


def _failure(code: int, message: str) -> EngineError:
    kinds: dict[int, Callable[[], EngineError]] = {
        IN_USE: lambda: Retryable(message, after=10),
        NO_SPACE: lambda: Retryable(f"{message}. Free space on the host's disk", after=60),
        DAMAGED: lambda: Permanent(message),
    }
    return kinds.get(code, lambda: Retryable(message, after=5))()

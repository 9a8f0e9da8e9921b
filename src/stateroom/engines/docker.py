"""The Docker engine: the verbs, each a handful of calls. What is asked of Docker stands in
`docker_objects`, what it answers is read in `docker_reading`; disks, content, logs, events and
measuring have a file each.

Two callers at once for one cabin take turns; cabins do not wait for each other.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from weakref import WeakValueDictionary

from aiodocker import Docker

from stateroom.domain.cabin import CABIN_ID, Cabin, Installation
from stateroom.domain.compile import PinnedImage
from stateroom.domain.content import Content
from stateroom.domain.runtime import AGENT, Resources, RuntimeSpec, Volume
from stateroom.engines import docker_objects as objects
from stateroom.engines import docker_reading as reading
from stateroom.engines.base import EngineEvent, EngineView, Usage
from stateroom.engines.docker_calls import ask, calling, containers, inspect
from stateroom.engines.docker_content import ContentStore
from stateroom.engines.docker_disk_files import DiskFiles
from stateroom.engines.docker_disks import Disks
from stateroom.engines.docker_events import events
from stateroom.engines.docker_images import must_cover, pin
from stateroom.engines.docker_logs import KeptLogs, LogReader
from stateroom.engines.docker_observe import Observer, is_instance
from stateroom.engines.docker_space import Found, Space
from stateroom.engines.docker_usage import measure
from stateroom.errors import Clash, EngineError, Permanent, Retryable

log = logging.getLogger(__name__)


class DockerEngine:
    """Engine, Resizes, Copies, Logs, Measures, Images and Sweeps on one Docker.

    content_root:  where this process sees the content tmpfs; it writes there
    content_mount: the same on the host: what cabins bind from
    home:          the installation's home, the same path here and on the host; disks/ is read
                   here and written by the helper, logs/ is written here
    helper_image:  id of our own image, for holders and helpers
    entrypoint:    path on the host of the static cabin-init
    listening:     another client of the same Docker, for what may last for hours (events,
                   followed logs): a client has a hundred connections and then waits for one
    """

    def __init__(
        self,
        docker: Docker,
        installation: Installation,
        *,
        content_root: Path,
        content_mount: str,
        home: Path,
        helper_image: str,
        entrypoint: str,
        clock: Callable[[], float] = time.time,
        listening: Docker | None = None,
    ) -> None:
        self._docker = docker
        self._listening = listening or docker
        self._installation = installation
        self._places = objects.Places(
            content_mount=content_mount,
            entrypoint=entrypoint,
            image=helper_image,
            disks=str(home / "disks"),
        )
        self._content = ContentStore(content_root, clock)
        self._disks = Disks(
            docker, installation, self._places, DiskFiles(installation, home / "disks"), clock
        )
        self._space = Space(docker, installation, self._places)
        self._kept_logs = KeptLogs(home / "logs")
        self._logs = LogReader(docker, installation, self._kept_logs, self._listening)
        self._observer = Observer(docker, installation, self._disks, self._content, clock)
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def observe(self) -> EngineView:
        return await self._observer.observe()

    async def events(self) -> AsyncIterator[EngineEvent]:
        async for container, event in events(self._listening, self._installation):
            self._observer.forget(container)
            yield event

    async def prepare(self, cabin: Cabin, volumes: tuple[Volume, ...]) -> None:
        async with self._turn(cabin.id):
            self._content.make_folder(cabin.id)
            # Both end before the next call for this cabin may begin, also when one has failed.
            ended = await asyncio.gather(
                self._have_space(cabin),
                self._disks.prepare(cabin, volumes),
                return_exceptions=True,
            )
            for error in ended:
                if error is not None:
                    raise error

    async def _have_space(self, cabin: Cabin) -> None:
        await self._space.have_network(cabin)
        await self._space.have_holder(cabin)

    async def create(self, spec: RuntimeSpec) -> None:
        async with self._turn(spec.cabin.id):
            store = self._content_store(spec.name)
            holder = await self._space.holder(spec.cabin.name)
            if not holder:
                raise Retryable(f"create {spec.name}: its cabin is not prepared: no holder runs")
            self._must_serve(
                spec.name,
                [objects.disk_name(spec.cabin.name, m.volume) for m in spec.shape.mounts],
            )
            self._content.make_folder(spec.cabin.id, spec.role)
            async with calling(f"create {spec.name}"):
                if (found := await inspect(self._docker, spec.name)) is not None:
                    self._space.must_be_ours(spec.name, found)
                    _must_match(spec.name, found, holder, store)
                    return
                await must_cover(self._docker, spec)
                body = objects.instance_body(spec, self._places, holder=holder, content=store)
                await self._space.make(body, spec.name)

    async def start(self, name: str) -> None:
        async with self._turn_of(name):
            found = await self._find(name)
            if found is None:
                raise Retryable(f"start {name}: it is not there")
            status = found["State"]["Status"]
            if status == "running":
                return
            if status == "paused":
                async with calling(f"wake {name}"):
                    await self._docker.containers.container(found["Id"]).unpause()
                return
            _must_match(
                name, found, await self._space.holder(_cabin_name(name)), self._content_store(name)
            )
            self._must_serve(name, [m["Name"] for m in found["Mounts"] if m["Type"] == "volume"])
            async with calling(f"start {name}", within=60):
                await self._docker.containers.container(found["Id"]).start()
            self._observer.forget(found["Id"])

    async def stop(self, name: str, seconds: int) -> None:
        async with self._turn_of(name):
            found = await self._find(name)
            if found is None or found["State"]["Status"] in ("created", "exited", "dead"):
                return
            container = self._docker.containers.container(found["Id"])
            async with calling(f"stop {name}", within=seconds + 30):
                if found["State"]["Status"] == "paused":
                    await container.unpause()
                await container.stop(t=seconds)
            self._observer.forget(found["Id"])

    async def remove(self, name: str) -> None:
        async with self._turn_of(name):
            found = await self._find(name)
            if found is None:
                return
            if found["State"]["Status"] in ("running", "paused"):
                raise Clash(f"remove {name}: it runs; stop it first")
            await self._keep_logs(found)
            async with calling(f"remove {name}"):
                await self._delete(found["Id"])

    async def configure(self, cabin: str, content: Content) -> None:
        async with self._turn(cabin):
            self._content.write(cabin, content)

    async def resize(self, name: str, resources: Resources) -> None:
        async with self._turn_of(name):
            found = await self._find(name)
            if found is None:
                raise Retryable(f"resize {name}: it is not there")
            async with calling(f"resize {name}"):
                await ask(
                    self._docker,
                    f"containers/{found['Id']}/update",
                    "POST",
                    body=objects.limits(resources),
                )
            self._observer.forget(found["Id"])

    async def grow(self, cabin: Cabin, volumes: tuple[Volume, ...]) -> None:
        async with self._turn(cabin.id):
            await self._disks.grow(cabin, volumes)

    async def copy(self, cabin: Cabin, volumes: tuple[str, ...], name: str) -> None:
        async with self._turn(cabin.id):
            await self._disks.copy(cabin, volumes, name)

    async def put_back(self, cabin: Cabin, volumes: tuple[str, ...], name: str) -> None:
        async with self._turn(cabin.id):
            await self._disks.put_back(cabin, volumes, name)

    async def drop_copy(self, cabin: str, name: str) -> None:
        async with self._turn(cabin):
            await self._disks.drop_copy(cabin, name)

    async def sweep(self) -> int:
        return await self._disks.sweep()

    async def release(self, cabin: str) -> None:
        name = f"{self._installation.prefix}-{cabin}"
        async with self._turn(cabin):
            async with calling(f"release cabin {cabin}", within=60):
                for entry in await self._of_cabin(cabin):
                    if reading.label(entry, objects.ROLE) != objects.HELPER_ROLE:
                        await self._delete(entry["Id"], force=True)
                await self._space.delete_network(name)
            await self._disks.detach(cabin)
            self._content.remove(cabin)
            self._kept_logs.erase(cabin)

    async def erase_data(self, cabin: str) -> None:
        async with self._turn(cabin):
            async with calling(f"erase the data of cabin {cabin}"):
                left = [e for e in await self._of_cabin(cabin) if is_instance(e)]
            if left:
                raise Clash(f"erase the data of cabin {cabin}: {reading.name_of(left[0])} is left")
            await self._disks.erase(cabin)
            self._kept_logs.erase(cabin)

    def logs(
        self, cabin: str, role: str = AGENT, *, tail: int, follow: bool
    ) -> AsyncIterator[str]:
        _must_be_an_id(cabin)
        return self._logs.read(cabin, role, tail=tail, follow=follow)

    async def usage(self, cabin: str) -> Usage:
        _must_be_an_id(cabin)
        async with calling(f"measure cabin {cabin}"):
            running = [
                entry["Id"]
                for entry in await self._of_cabin(cabin)
                if is_instance(entry) and entry["State"] == "running"
            ]
            volumes = await self._disks.volumes() if running else {}
            prefix = f"{self._installation.prefix}-{cabin}-"
            mounts = [where for name, where in volumes.items() if name.startswith(prefix)]
            return await measure(self._docker, running, mounts)

    async def pin(self, reference: str) -> PinnedImage:
        return await pin(self._docker, reference)

    # What the verbs are made of.

    def _turn(self, cabin: str) -> asyncio.Lock:
        _must_be_an_id(cabin)
        return self._turns.setdefault(cabin, asyncio.Lock())

    def _turn_of(self, name: str) -> asyncio.Lock:
        return self._turn(_cabin_name(name).partition("-")[2])

    async def _of_cabin(self, cabin: str) -> list[Found]:
        labels = [*objects.ours(self._installation), f"{objects.CABIN}={cabin}"]
        return await containers(self._docker, labels)

    async def _find(self, name: str) -> Found | None:
        """The instance of that name; somebody else's counts as absent."""
        async with calling(f"look at {name}"):
            found = await inspect(self._docker, name)
        if found is None or found["Name"] != f"/{name}" or not self._space.is_ours(found):
            return None
        return found

    def _content_store(self, name: str) -> str:
        store = self._content.identity()
        if not store:
            raise Retryable(f"{name}: the content store is not mounted", after=2)
        return store

    def _must_serve(self, name: str, disks: list[str]) -> None:
        for disk in disks:
            if not disk.startswith(f"{_cabin_name(name)}-"):
                raise Permanent(f"{name}: it has a volume that is no disk of its cabin; remove it")
            if not self._disks.serves(disk):
                raise Retryable(f"{name}: its disk {disk} is not attached; prepare the cabin")

    async def _delete(self, container: str, *, force: bool = False) -> None:
        self._observer.forget(container)
        await self._space.delete(container, force=force)

    async def _keep_logs(self, found: Found) -> None:
        """Losing a log is better than keeping a container that cannot be removed."""
        try:
            await self._logs.keep(found)
        except (EngineError, OSError) as error:
            log.warning("the last logs of %s are lost: %s", found["Name"], error)


def _must_be_an_id(cabin: str) -> None:
    """Folders and filters are named after it, and the row that it comes from is not ours alone."""
    if not CABIN_ID.fullmatch(cabin):
        raise Permanent(f"{cabin!r} is no cabin's id; nothing is done for it")


def _cabin_name(name: str) -> str:
    """``st3f-1a2b3c4d`` of ``st3f-1a2b3c4d-agent-0f0f0f0f``."""
    return "-".join(name.split("-")[:2])


def _must_match(name: str, found: Found, holder: str, store: str) -> None:
    """A container cannot be moved to another namespace or another content tmpfs."""
    if reading.label(found["Config"], objects.HOLDER) != holder or not holder:
        raise Clash(f"{name} joined a holder that is gone; remove it and create it again")
    if reading.label(found["Config"], objects.CONTENT) != store:
        raise Clash(f"{name} sees a content store that is gone; remove it and create it again")

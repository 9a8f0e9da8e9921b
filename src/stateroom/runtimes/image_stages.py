"""Building an image in stages, with nothing but an engine: no registry and no builder.

A stage is a base system out of Debian's packages, or a script that ran in a container of the
stage before, committed. It is found again by the digest of everything that went into it, which
its label holds, so what did not change is never built twice, and every stage below a change is
kept. Why not a Dockerfile: a build needs this host's certificates, proxy and registry keys, and
the builder that every engine has can only copy such files into a layer, where they stay. Here
they lie in a volume that is removed with the container.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import secrets
import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiodocker import Docker, DockerError
from aiodocker.containers import DockerContainer
from aiohttp import ClientTimeout

from stateroom.runtimes.image_container import Files, Setup, build_container
from stateroom.runtimes.image_inputs import ImageError
from stateroom.runtimes.image_programs import Programs

STAGE_LABEL = "stateroom.image.stage"
INPUTS_LABEL = "stateroom.image.inputs"

# Build containers are known by their names: a label would become the image's, and then every
# container of that image would look like one of them.
_NAME = "stateroom-build-"
_STEP_SECONDS = 1200.0
_UNLIMITED = ClientTimeout(total=None)

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of an image. inputs: digest of all that it is made of, itself and below."""

    name: str
    title: str
    inputs: str
    build: Callable[[Workshop, Stage, str], Awaitable[str]]

    @property
    def labels(self) -> dict[str, str]:
        return {STAGE_LABEL: self.name, INPUTS_LABEL: self.inputs}


@dataclass(slots=True)
class Workshop:
    """Where one family of images ("openclaw", "stateroom") is built: engine, voice, and the
    programs of the host that help."""

    docker: Docker
    family: str
    say: Say
    programs: Programs = field(default_factory=Programs)

    async def obtain(self, stages: Sequence[Stage]) -> str:
        """The id of the last stage's image; builds what is missing."""
        if there := await self._find(stages[-1]):
            return there
        async with self._alone(stages[-1].title):
            return await self._build_missing(stages)

    async def _build_missing(self, stages: Sequence[Stage]) -> str:
        begun, image, missing = time.monotonic(), "", list(stages)
        for index in reversed(range(len(stages))):
            if there := await self._find(stages[index]):
                image, missing = there, list(stages[index + 1 :])
                break
        for stage in missing:
            image = await self._step(stage, image)
        if len(missing) > 1:
            self.say(f"{stages[-1].title}: built in {time.monotonic() - begun:.0f} s in all")
        return image

    async def _find(self, stage: Stage) -> str | None:
        labels = [f"{name}={value}" for name, value in stage.labels.items()]
        found = await self.docker.images.list(filters={"label": labels}, all=True)
        return str(found[0]["Id"]) if found else None

    async def _step(self, stage: Stage, base: str) -> str:
        self.say(f"{stage.title} …")
        self.programs.tail.clear()
        begun = time.monotonic()
        try:
            async with asyncio.timeout(_STEP_SECONDS):
                image = await stage.build(self, stage, base)
        except (ImageError, DockerError, OSError, TimeoutError) as error:
            raise self._failed(stage, error, time.monotonic() - begun) from error
        self.say(f"{stage.title}: {time.monotonic() - begun:.1f} s")
        return image

    def _failed(self, stage: Stage, error: Exception, seconds: float) -> ImageError:
        reason = f"no end after {seconds:.0f} s" if isinstance(error, TimeoutError) else str(error)
        lines = [f"{stage.title} failed after {seconds:.0f} s: {reason}"]
        lines += [f"  | {line}" for line in self.programs.tail]
        lines.append(
            "What was built so far is kept: running the same command again goes on from there. "
            "If something could not be reached: the build uses this shell's HTTPS_PROXY and "
            "NO_PROXY, its certificates (SSL_CERT_FILE, NODE_EXTRA_CA_CERTS) and the registries "
            "that npm, pip and apt are set to on this host."
        )
        return ImageError("\n".join(lines))

    @asynccontextmanager
    async def _alone(self, title: str) -> AsyncIterator[None]:
        """Of two who need the same image one builds and the other then finds it."""
        path = Path(tempfile.gettempdir()) / f"stateroom-{os.getuid()}-{self.family}.lock"
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            waiting = False
            while not _try_lock(lock):
                if not waiting:
                    self.say(f"{title}: another process is building it; waiting …")
                waiting = True
                await asyncio.sleep(0.5)
            await self._sweep()
            yield
        finally:
            os.close(lock)

    @property
    def _names(self) -> str:
        """How the names of this user's containers of this family begin: another user's may be
        building."""
        return f"{_NAME}{self.family}-{os.getuid()}-"

    async def _sweep(self) -> None:
        """Containers that a killed build left behind."""
        filters = json.dumps({"name": [f"^/?{self._names}"]})
        for left in await self.docker.containers.list(all=True, filters=filters):
            with suppress(DockerError):
                await left.delete(force=True, v=True)

    # -- the two ways to make a stage -----------------------------------------------------

    async def import_system(self, stage: Stage, command: Sequence[str]) -> str:
        """The root file system that a command writes to its standard output, as an image."""
        broken: list[ImageError] = []

        async def archive() -> AsyncGenerator[bytes, None]:
            try:
                async with aclosing(self.programs.output_of(command)) as blocks:
                    async for block in blocks:
                        yield block
            except ImageError as error:
                broken.append(error)  # else it is told as a lost connection to the engine
                raise

        try:
            async with aclosing(archive()) as blocks:
                return await self._import(stage, blocks)
        except DockerError as error:
            if broken:
                raise broken[0] from error
            raise

    async def _import(self, stage: Stage, archive: AsyncIterator[bytes]) -> str:
        changes = [_label(name, value) for name, value in stage.labels.items()]
        async with self.docker._query(  # aiodocker has no word for this call
            "images/create",
            "POST",
            params={"fromSrc": "-", "changes": "\n".join(changes)},
            data=archive,
            headers={"Content-Type": "application/x-tar"},
            timeout=_UNLIMITED,
        ) as response:
            answer = json.loads((await response.text()).strip().splitlines()[-1])
        if "status" not in answer:
            raise ImageError(str(answer.get("error", "the engine did not name the image")))
        return str(answer["status"])

    async def run(
        self,
        stage: Stage,
        base: str,
        command: Sequence[str],
        *,
        into_image: Files | None = None,
        into_volume: Files | None = None,
        setup: Setup | None = None,
        changes: Sequence[str] = (),
    ) -> str:
        """Runs a command in a container of `base` and keeps the result as the stage's image.
        `into_volume`: files under /build, which are gone afterwards."""
        container = await self.docker.containers.create(
            build_container(base, command, setup or Setup()),
            name=f"{self._names}{secrets.token_hex(4)}",
        )
        try:
            for files, place in ((into_image, "/"), (into_volume, "/build")):
                if files:
                    with files.archive() as archive:
                        await container.put_archive(place, archive)  # type: ignore[no-untyped-call]
            await container.start()
            await self._follow(container)
            code = (await container.wait())["StatusCode"]
            if code:
                raise ImageError(f"its script ended with exit code {code}")
            return await self._commit(stage, container, changes)
        finally:
            await asyncio.shield(container.delete(force=True, v=True))

    async def _follow(self, container: DockerContainer) -> None:
        lines: Any = container.log(stdout=True, stderr=True, follow=True)  # closed on a cancel
        async with aclosing(lines) as texts:
            async for text in texts:
                self.programs.tail.extend(text.splitlines())

    async def _commit(
        self, stage: Stage, container: DockerContainer, changes: Sequence[str]
    ) -> str:
        labels = [_label(name, value) for name, value in stage.labels.items()]
        answer = await container.commit(changes=[*labels, *changes], pause=False)
        return str(answer["Id"])


def _try_lock(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _label(name: str, value: str) -> str:
    return f"LABEL {name}={json.dumps(value)}"

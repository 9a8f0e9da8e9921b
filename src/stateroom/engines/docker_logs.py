"""Logs of a cabin's agent, or of one of its services, as one stream, though containers come and go.

Each container has its own log at Docker, which dies with it. So the last of it is kept when an
instance is removed: a few bounded files in `home/logs/<cabin>`, each named by when its
container was made and by its id, so that keeping one twice keeps it once. Those of a service lie
in a folder of its own in there.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections import deque
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from aiodocker import Docker
from aiodocker.exceptions import DockerError

from stateroom.domain.cabin import Installation
from stateroom.domain.runtime import AGENT
from stateroom.engines import docker_objects as objects
from stateroom.engines import docker_reading as reading
from stateroom.engines.docker_calls import absent, calling, containers, frames, translate
from stateroom.engines.log_lines import LogLines
from stateroom.errors import Retryable
from stateroom.files import replace_file

KEEP_BYTES = 256 * 1024
KEEP_LINES = 4_000
KEEP_FILES = 4
LONGEST_TAIL = 10_000
MOST_BYTES = 8 * 1024 * 1024
LOOK_AGAIN = 1.0
"""Seconds between two looks for the next container, while following."""


@dataclass(frozen=True, slots=True)
class KeptLogs:
    """The files. folder: ``home/logs``."""

    folder: Path

    def keep(self, cabin: str, role: str, made: int, container: str, lines: list[str]) -> None:
        """The last KEEP_BYTES of `lines`, whole lines; the oldest file beyond KEEP_FILES goes.
        made: when the container was, in microseconds since the epoch."""
        own = self._own(cabin, role)
        own.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = own / f"{made:020d}-{container[:12]}.log"
        kept = "".join(f"{line}\n" for line in _last_bytes(lines))
        replace_file(path, kept.encode(), 0o600, durable=False)
        for old in self._files(own)[:-KEEP_FILES]:
            old.unlink(missing_ok=True)

    def read(self, cabin: str, role: str, without: set[str]) -> Iterator[str]:
        """Lines, oldest first. without: containers (12 digits of the id) that still exist."""
        for path in self._files(self._own(cabin, role)):
            if path.stem.partition("-")[2] not in without:
                # At newlines alone: whatever else ends a line for Python is a tenant's own text,
                # and what came behind it would stand where a line has its time.
                yield from path.read_bytes().decode(errors="replace").split("\n")[:-1]

    def erase(self, cabin: str) -> None:
        shutil.rmtree(self.folder / cabin, ignore_errors=True)

    def _own(self, cabin: str, role: str) -> Path:
        folder = self.folder / cabin
        return folder if role == AGENT else folder / role

    def _files(self, own: Path) -> list[Path]:
        try:
            names = sorted(os.listdir(own))  # noqa: PTH208  names sort by age
        except OSError:
            return []
        return [own / name for name in names if name.endswith(".log")]


class LogReader:
    """listening: the client that follows."""

    def __init__(
        self, docker: Docker, installation: Installation, kept: KeptLogs, listening: Docker
    ) -> None:
        self._docker = docker
        self._listening = listening
        self._installation = installation
        self._kept = kept

    async def keep(self, inspected: dict[str, Any]) -> None:
        """What an instance that is about to be removed said last."""
        labels = inspected["Config"]
        lines = await self._lines(inspected["Id"], KEEP_LINES)
        cabin, role = reading.label(labels, objects.CABIN), reading.label(labels, objects.ROLE)
        made = int(reading.seconds(inspected["Created"]) * 1_000_000)
        self._kept.keep(cabin, role, made, inspected["Id"], lines)

    async def read(
        self, cabin: str, role: str, *, tail: int, follow: bool
    ) -> AsyncIterator[str]:
        tail = max(0, min(tail, LONGEST_TAIL))
        instances = await self._instances(cabin, role)
        present = {one["Id"][:12] for one in instances}
        last: deque[str] = deque(self._kept.read(cabin, role, present), maxlen=tail)
        seen: dict[str, str] = {}
        for one in instances:
            lines = await self._lines(one["Id"], max(tail, 1))
            # With no tail the last line is still read: to know where following begins.
            seen[one["Id"]] = _time_of(lines[-1]) if lines else ""
            last.extend(lines)
        for line in last:
            yield line
        while follow:
            for one in await self._instances(cabin, role):
                async for line in self._follow(one["Id"], seen.get(one["Id"], "")):
                    seen[one["Id"]] = _time_of(line)
                    yield line
            await asyncio.sleep(LOOK_AGAIN)

    async def _instances(self, cabin: str, role: str) -> list[dict[str, Any]]:
        """The cabin's containers in this role, oldest first."""
        labels = [
            *objects.ours(self._installation),
            f"{objects.CABIN}={cabin}",
            f"{objects.ROLE}={role}",
        ]
        async with calling(f"list the instances of cabin {cabin}"):
            return sorted(
                await containers(self._docker, labels), key=lambda entry: entry["Created"]
            )

    async def _lines(self, container: str, tail: int) -> list[str]:
        """The last lines, of which the long ones are cut, and all together MOST_BYTES at most."""
        pieces: deque[bytes] = deque()
        size = 0
        async with calling(f"read the log of {container[:12]}"):
            try:
                async for piece in self._said(self._docker, container, tail=tail):
                    pieces.append(piece)
                    size += len(piece)
                    while size > MOST_BYTES:
                        size -= len(pieces.popleft())
            except DockerError as error:
                if absent(error):
                    return []
                raise
        split = LogLines()
        return [line for piece in pieces for line in split.add(piece)]

    async def _follow(self, container: str, after: str) -> AsyncIterator[str]:
        """Lines later than `after` until the container ends; one that does not run ends soon.
        No deadline: a log may be silent for hours."""
        split = LogLines()
        since = f"{reading.seconds(after):.6f}"
        try:
            said = self._said(self._listening, container, follow=True, since=since)
            async for piece in said:
                for line in split.add(piece):
                    # `since` includes what was read already.
                    if _time_of(line) > after:
                        yield line
        except DockerError as error:
            if not absent(error):
                raise translate(f"follow the log of {container[:12]}", error) from error
        except aiohttp.ClientError as error:
            raise Retryable("the log's connection to Docker broke", after=1) from error

    def _said(self, docker: Docker, container: str, **options: Any) -> AsyncIterator[bytes]:
        options |= {"stdout": True, "stderr": True, "timestamps": True}
        return frames(docker, f"containers/{container}/logs", options)


def _time_of(line: str) -> str:
    return line.partition(" ")[0]


def _last_bytes(lines: list[str]) -> list[str]:
    size = 0
    for count, line in enumerate(reversed(lines)):
        size += len(line.encode()) + 1
        if size > KEEP_BYTES:
            return lines[len(lines) - count :]
    return lines

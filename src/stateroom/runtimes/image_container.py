"""What a build container is given: how it runs, and the files that are put into it."""

from __future__ import annotations

import io
import tarfile
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any


@dataclass(frozen=True, slots=True)
class Setup:
    """How a build container runs. environment: becomes the image's, so only what that needs
    anyway. capabilities: the engine's usual ones, or none. scratch: paths left out of the image."""

    network: str = "none"
    environment: Mapping[str, str] = field(default_factory=dict)
    capabilities: bool = False
    scratch: Sequence[str] = ()


def build_container(base: str, command: Sequence[str], setup: Setup) -> dict[str, Any]:
    """The volume is anonymous, so that it goes with the container, and not part of the image."""
    limits: dict[str, Any] = {
        "NetworkMode": setup.network,
        "SecurityOpt": ["no-new-privileges"],
        "Mounts": [{"Type": "volume", "Target": "/build"}],
        "Tmpfs": dict.fromkeys(setup.scratch, ""),
    }
    if not setup.capabilities:
        limits["CapDrop"] = ["ALL"]
    return {
        "Image": base,
        "Cmd": ["sh", "-c", 'exec "$@" 2>&1', "sh", *command],  # one stream keeps its order
        "User": "0:0",
        "Env": [f"{name}={value}" for name, value in setup.environment.items()],
        "HostConfig": limits,
    }


class Files:
    """Files for a container; all owned by root."""

    def __init__(self) -> None:
        self._contents: list[tuple[str, bytes, int]] = []
        self._trees: list[tuple[str, Path]] = []

    def add(self, name: str, data: bytes | str, mode: int = 0o644) -> Files:
        content = data.encode() if isinstance(data, str) else data
        self._contents.append((name, content, mode))
        return self

    def add_tree(self, name: str, path: Path) -> Files:
        """A folder or file of the host, which must be there until the container has it."""
        self._trees.append((name, path))
        return self

    @contextmanager
    def archive(self) -> Iterator[IO[bytes]]:
        with tempfile.TemporaryFile(prefix="stateroom-") as file:
            with tarfile.open(fileobj=file, mode="w") as tar:
                for name, folder in self._trees:
                    tar.add(folder, name, filter=_as_root)
                for name, content, mode in self._contents:
                    entry = tarfile.TarInfo(name)
                    entry.size, entry.mode, entry.mtime = len(content), mode, int(time.time())
                    tar.addfile(entry, io.BytesIO(content))
            file.seek(0)
            yield file


def _as_root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    entry.mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
    return entry

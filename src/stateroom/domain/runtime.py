"""RuntimeSpec: what one container of a cabin is, complete, nothing left to decide.

Four parts, by what a change of them costs:
  shape      image, command, user, mounts, fixed environment: a new container
  storage    volumes: they only grow
  resources  CPU, memory, pids: changed in place
  content    config files, prompt, secrets, variables: written in place (see content.py)
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache

from stateroom.domain.cabin import Cabin

AGENT = "agent"


def in_hundredths(cpu: float) -> float:
    return round(float(cpu), 2)


@dataclass(frozen=True, slots=True)
class Resources:
    """cpu in cores, memory in MiB, pids as a count of processes and threads.

    Cores count in hundredths: every engine can set those and tell them back, and with finer
    ones what is wished would differ for ever from what is seen."""

    cpu: float
    memory_mb: int
    pids: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "cpu", in_hundredths(self.cpu))


@dataclass(frozen=True, slots=True)
class Volume:
    """A disk of the cabin's own with a hard quota. `name` is unique in the cabin ("data")."""

    name: str
    path: str
    size_mb: int


@dataclass(frozen=True, slots=True)
class Mount:
    """Where a volume of the cabin appears in this container."""

    volume: str
    path: str


TMP = (("/tmp", 256),)


@dataclass(frozen=True, slots=True)
class Shape:
    """image: an image *id* (never a tag). command: argv of the program itself; our entry point
    is put in front by the engine. environment: the same for every tenant of the revision.
    tmpfs: path and size in MiB. runtime: an OCI runtime by name, "" for the engine's default."""

    image: str
    command: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()
    mounts: tuple[Mount, ...] = ()
    tmpfs: tuple[tuple[str, int], ...] = TMP
    runtime: str = ""

    @property
    def digest(self) -> str:
        return _shape_digest(self)


@lru_cache(maxsize=1024)
def _shape_digest(shape: Shape) -> str:
    """Remembered: every cabin of a revision has the same shape, and each pass asks of each."""
    return stable_digest(asdict(shape))


@dataclass(frozen=True)
class RuntimeSpec:
    cabin: Cabin
    role: str
    shape: Shape
    resources: Resources
    stop_seconds: int = 20

    @cached_property
    def name(self) -> str:
        """Cabin, role and shape: an instance of another shape has another name."""
        return f"{self.cabin.name}-{self.role}-{self.shape.digest[:8]}"


def stable_digest(value: object) -> str:
    """SHA-256 (hex) of a JSON-able value, independent of key order."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()

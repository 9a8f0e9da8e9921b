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
    """A disk of the cabin's own with a hard quota. `name` is unique in the cabin ("data").
    user: whose it is, as in `RuntimeSpec`."""

    name: str
    path: str
    size_mb: int
    user: int = 0


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


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """How a service is asked whether it is well: a connection to `port` of the cabin's own
    loopback address, or `command` run inside that ends with 0. Exactly one of them."""

    port: int = 0
    command: tuple[str, ...] = ()


@dataclass(frozen=True)
class RuntimeSpec:
    """role: "agent", or the id of a service's block. user: it runs under the cabin's uid plus
    this. health: None where running is all that can be asked for (the agent has a way of its
    own, see `steward/prober`)."""

    cabin: Cabin
    role: str
    shape: Shape
    resources: Resources
    stop_seconds: int = 20
    user: int = 0
    health: HealthCheck | None = None

    @cached_property
    def name(self) -> str:
        """Cabin, role, and all that only a new container can change: an instance of another
        shape, user or health check has another name."""
        return f"{self.cabin.name}-{self.role}-{self._fixed_digest[:8]}"

    @property
    def _fixed_digest(self) -> str:
        if not self.user and self.health is None:
            return self.shape.digest
        health = asdict(self.health) if self.health else None
        return stable_digest([self.shape.digest, self.user, health])


def stable_digest(value: object) -> str:
    """SHA-256 (hex) of a JSON-able value, independent of key order."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()

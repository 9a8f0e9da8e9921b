"""Inventory: what engine, edge, broker and guard say exists now. It may be stale.

Times are seconds since the epoch, UTC. A mapping is keyed by the cabin's id unless said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from stateroom.domain.content import ContentVersion
from stateroom.domain.routes import RouteTable
from stateroom.domain.runtime import AGENT, Resources


class Condition(StrEnum):
    """What the engine finds by asking a service as its health check says."""

    UNASKED = ""  # it has no health check, or does not run
    STARTING = "starting"  # it has not answered yet, and may take its time
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"


class State(StrEnum):
    """What the engine says of an instance."""

    CREATED = "created"  # exists, never started
    RUNNING = "running"
    PAUSED = "paused"
    EXITED = "exited"
    BROKEN = "broken"  # the engine itself cannot use it (dead, removing)


@dataclass(frozen=True, slots=True)
class Instance:
    """One container. exit_code, oom_killed and finished_at speak of its last end.
    content_store: which content tmpfs it sees (another one than today's: it is stale).
    holder: the id of the namespace holder that it joined (another than today's: it is stale).
    created_at: when the engine made it. condition: of a service; the agent is
    asked by the prober."""

    name: str
    cabin: str
    role: str
    state: State
    resources: Resources
    started_at: float = 0.0
    finished_at: float = 0.0
    exit_code: int = 0
    oom_killed: bool = False
    content_store: str = ""
    holder: str = ""
    created_at: float = 0.0
    condition: Condition = Condition.UNASKED


class Installed(StrEnum):
    """UNTOLD: nobody has said anything: the entry point has not seen it yet, or is one that does
    not tell, or the engine cannot hear it."""

    YES = "yes"
    NO = "no"
    UNTOLD = "untold"


@dataclass(frozen=True, slots=True)
class AppliedContent:
    """What lies in a cabin's content folder. environment_at: when its environment part was
    last changed; an instance started before that runs with an old environment. installed: what
    the entry point says of that part of it which belongs into /data. services: the same moment
    of each service's own environment, by role."""

    version: ContentVersion
    written_at: float
    environment_at: float
    installed: Installed = Installed.YES
    services: Mapping[str, float] = field(default_factory=dict)

    def environment_of(self, role: str) -> float:
        """0 for a service that nothing was ever written for."""
        return self.environment_at if role == AGENT else self.services.get(role, 0.0)


class CopyKind(StrEnum):
    HALF = "half"  # being made, or its making was cut short
    WHOLE = "whole"
    ASIDE = "aside"  # the disk was put back from it; what was written since lies in its place


@dataclass(frozen=True, slots=True)
class DiskCopy:
    """A copy of one volume's disk, by the name that it was given."""

    volume: str
    name: str
    kind: CopyKind


@dataclass(frozen=True, slots=True)
class Place:
    """The cabin itself: its holder and its disks. holder: "" while there is none running.
    disks: name -> size in MiB of each one that is attached and mountable; `kept` of those that
    exist only as data at rest, `full` of those that take nothing any more. created_at: when
    the engine made the youngest of network and holder, 0 where there is neither."""

    cabin: str
    network: bool = False
    holder: str = ""
    disks: Mapping[str, int] = field(default_factory=dict)
    kept: Mapping[str, int] = field(default_factory=dict)
    created_at: float = 0.0
    full: frozenset[str] = frozenset()
    copies: frozenset[DiskCopy] = frozenset()


@dataclass(frozen=True, slots=True)
class Health:
    """The prober's last answer for an instance that runs. since: of this verdict. started_at:
    of the start that it speaks of; it says nothing of an instance that began anew since.
    content: the mark of the content that it says it acts on, "" while it has not said."""

    healthy: bool
    since: float
    detail: str = ""
    started_at: float = 0.0
    content: str = ""


@dataclass(frozen=True, slots=True)
class Inventory:
    """places, instances: everything of this installation, also what nobody wants any more.
    health: by instance name. routes: what the edge has, None where it does not answer.
    grants: broker key's SHA-256 -> digest of the grant, None where it cannot be read.
    providers: name -> digest of what the broker knows of a provider, None likewise.
    content_store: the id of today's content tmpfs, "" while there is none.
    firewall: the guard says, not long ago, that its table is in place.
    room_mb: MiB that are free on the host's disk where the cabins' disks lie, None: unknown."""

    places: Mapping[str, Place] = field(default_factory=dict)
    instances: tuple[Instance, ...] = ()
    content: Mapping[str, AppliedContent] = field(default_factory=dict)
    content_store: str = ""
    health: Mapping[str, Health] = field(default_factory=dict)
    routes: RouteTable | None = None
    grants: Mapping[str, str] | None = None
    providers: Mapping[str, str] | None = None
    firewall: bool = False
    room_mb: int | None = None

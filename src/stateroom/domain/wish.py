"""A wish: what one cabin should be at this moment, compiled, with nothing left to decide.

The planner compares wishes with the inventory. A wish holds no secret and no handle of an
engine object; the same wish planned twice gives the same plan.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from stateroom.domain.cabin import Cabin
from stateroom.domain.content import ContentVersion
from stateroom.domain.runtime import AGENT, RuntimeSpec, Volume


class Intent(StrEnum):
    RUN = "run"
    SUSPEND = "suspend"  # stopped, everything kept in place
    KEEP = "keep"  # deleted, the disk stays
    ERASE = "erase"  # deleted, the disk goes

    @property
    def leaving(self) -> bool:
        return self in (Intent.KEEP, Intent.ERASE)


@dataclass(frozen=True, slots=True)
class Failure:
    """at, began_at: when it failed and when what failed had begun, so the difference is how
    long it lived. kind: "exit" | "boot" | "action" | "grow". detail: a sentence without secrets.
    retry_after: seconds that trying again is useless for, as whoever failed said; 0: not said.
    role: of what ended by itself; the rest is the cabin's."""

    at: float
    began_at: float
    kind: str
    detail: str
    retry_after: float = 0.0
    role: str = AGENT


@dataclass(frozen=True, slots=True)
class Doorway:
    """The tenant's share of the edge's table, without the address and whether it is open.
    requests_per_minute: 0 while nobody can say; what the edge has stays in force then."""

    host: str
    user: str
    requests_per_minute: int
    tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BrokerGrant:
    """key: SHA-256 (hex) of the cabin's broker key; digest: of what it is good for."""

    key: str
    digest: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Copies of the cabin's disks, by name. make: lies beside each disk before anything starts.
    back: nothing starts before the disks were put back from it. drop: go."""

    make: str = ""
    back: str = ""
    drop: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Wish:
    """One cabin's. compiled parts are None where `blocked` says why there are none yet.

    restart_at: a restart asked for at that time (0: never); an instance started before it is
    restarted. changed_at: when the tenant was last changed; older failures no longer count. Where
    they lie in the future (see moments) both are taken for never.
    was_ready: it has answered, and nobody put it away since; such cabins boot first.
    boot_cpu: cores that it may use while it boots, where its own limit is lower.
    passing: what `blocked` says goes away by itself; else somebody has to act.
    services: what runs beside the agent; volumes: all of the cabin's.
    """

    cabin: Cabin
    tenant: str
    slug: str
    intent: Intent
    generation: int
    revision: int
    spec: RuntimeSpec | None = None
    volumes: tuple[Volume, ...] = ()
    content: ContentVersion | None = None
    grant: BrokerGrant | None = None
    doorway: Doorway | None = None
    restart_at: float = 0.0
    changed_at: float = 0.0
    safe_mode: bool = False
    failures: tuple[Failure, ...] = ()
    blocked: str = ""
    passing: bool = False
    was_ready: bool = False
    boot_cpu: float = 0.0
    checkpoint: Checkpoint = Checkpoint()
    services: tuple[RuntimeSpec, ...] = ()

    def with_failures(self, more: tuple[Failure, ...]) -> Wish:
        return replace(self, failures=(*self.failures, *more))

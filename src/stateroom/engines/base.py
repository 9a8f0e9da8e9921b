"""The engine's seam: what turns one action of a plan into calls.

The contract, tested by one suite (tests/contract) against every engine:

* idempotent: doing it again changes nothing; what is absent counts as removed
* sees and touches only what carries this installation's id
* keeps no state of its own: names and labels on the engine are the only memory
* every call has a deadline
* raises only `EngineError`: Retryable, Permanent or Clash
* no call is retried inside: the next pass is the retry
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from stateroom.domain.cabin import Cabin
from stateroom.domain.compile import PinnedImage
from stateroom.domain.content import Content
from stateroom.domain.inventory import AppliedContent, Instance, Place
from stateroom.domain.runtime import AGENT, Resources, RuntimeSpec, Volume


@dataclass(frozen=True, slots=True)
class EngineEvent:
    """A hint to look, never the truth. kind is for logs only ("die", "start", "lost")."""

    kind: str
    cabin: str


@dataclass(frozen=True, slots=True)
class EngineView:
    """The engine's share of the Inventory. room_mb: None where the engine cannot say."""

    places: Mapping[str, Place]
    instances: tuple[Instance, ...]
    content: Mapping[str, AppliedContent]
    content_store: str
    room_mb: int | None = None


class Engine(Protocol):
    async def observe(self) -> EngineView:
        """Everything of this installation, in a number of calls that does not grow with cabins
        where the engine allows it."""
        ...

    def events(self) -> AsyncIterator[EngineEvent]:
        """Yields whenever something of this installation changed; yields kind "lost" after it
        had to connect again, since anything may have happened in between. Never ends."""
        ...

    async def prepare(self, cabin: Cabin, volumes: tuple[Volume, ...]) -> None:
        """Namespace, network, disks: there and attached afterwards. Creates what is missing,
        attaches what exists whatever its size, never formats a disk that exists."""
        ...

    async def create(self, spec: RuntimeSpec) -> None:
        """An instance by `spec.name`, not started. The place must be prepared (else Retryable).
        An instance of that name that joined another holder or sees another content store than
        today's: Clash."""
        ...

    async def start(self, name: str) -> None:
        """Runs afterwards. Absent: Retryable."""
        ...

    async def stop(self, name: str, seconds: int) -> None:
        """Asked to end, killed after `seconds`. A paused one is woken first. Absent: fine."""
        ...

    async def remove(self, name: str) -> None:
        """The instance is gone, its last logs are kept (bounded). Never deletes data. Running:
        Clash; stop it first."""
        ...

    async def configure(self, cabin: str, content: Content) -> None:
        """Writes the content so that a reader sees each file old or new, `version` last."""
        ...

    async def release(self, cabin: str) -> None:
        """Everything of the cabin goes but its disks' data: instances, holder, network, content."""
        ...

    async def erase_data(self, cabin: str) -> None:
        """The disks' data is gone for good. Only by an explicit, recorded request. With an
        instance left: Clash."""
        ...


@runtime_checkable
class Resizes(Protocol):
    async def resize(self, name: str, resources: Resources) -> None:
        """New limits for a running or stopped instance, in place."""
        ...

    async def grow(self, cabin: Cabin, volumes: tuple[Volume, ...]) -> None:
        """These disks, which are attached, have at least these sizes afterwards. One in use, or
        without room on the host: Retryable. Whatever fails, each one is attached, at its old
        size or at its new one, and observed with the size that can be used."""
        ...


@runtime_checkable
class Copies(Protocol):
    """Copies of disks, each by a name that is given once, observed in their place. None of it is
    done to a disk that is in use: Retryable."""

    async def copy(self, cabin: Cabin, volumes: tuple[str, ...], name: str) -> None:
        """A copy of each lies beside it afterwards, whole; one that does is not made anew. A
        disk that is not attached is copied as well, one that is not there: Retryable. Without
        room on the host: Retryable, and nothing is left of it."""
        ...

    async def put_back(self, cabin: Cabin, volumes: tuple[str, ...], name: str) -> None:
        """Each disk is what it was when it was copied, and what was written since lies aside,
        under the copy's name. Where nothing was, or where the copy was never finished, the disk
        stays as it is and the copy is gone. Cut short anywhere, each disk is one of the two."""
        ...

    async def drop_copy(self, cabin: str, name: str) -> None:
        """Nothing of that name is left beside the cabin's disks, whole, half or aside. The disks
        themselves are not touched, also while they are in use."""
        ...


@runtime_checkable
class Sweeps(Protocol):
    async def sweep(self) -> int:
        """Takes away what an earlier run of ours left half done and nobody waits for any more,
        and nothing that belongs to a cabin. Answers how many things that were."""
        ...


@runtime_checkable
class Logs(Protocol):
    def logs(
        self, cabin: str, role: str = AGENT, *, tail: int, follow: bool
    ) -> AsyncIterator[str]:
        """Lines (without their newline) of the cabin's agent or of a service, oldest first,
        across re-creations; each begins with its time in RFC 3339."""
        ...


@dataclass(frozen=True, slots=True)
class Usage:
    """cpu_cores: used over the last moments. memory_mb: resident, without page cache.
    disk_mb: used on all of the cabin's disks. pids: processes and threads, as the limit counts."""

    cpu_cores: float
    memory_mb: float
    disk_mb: float
    pids: int


NO_USAGE = Usage(0.0, 0.0, 0.0, 0)


@runtime_checkable
class Measures(Protocol):
    async def usage(self, cabin: str) -> Usage:
        """What the cabin uses now, all of its instances together; zeros when none runs."""
        ...


@runtime_checkable
class Images(Protocol):
    async def pin(self, reference: str) -> PinnedImage:
        """What a reference is on this machine now. Not here, or without a program: Permanent."""
        ...

"""Actions: what a plan is made of. One action is one verb of the engine, edge or broker, and
carries everything that the verb needs: the executor has no choice left."""

from __future__ import annotations

from dataclasses import dataclass

from stateroom.domain.cabin import Cabin
from stateroom.domain.content import ContentVersion
from stateroom.domain.routes import RouteTable
from stateroom.domain.runtime import Resources, RuntimeSpec, Volume


@dataclass(frozen=True, slots=True)
class Prepare:
    cabin: Cabin
    volumes: tuple[Volume, ...]


@dataclass(frozen=True, slots=True)
class Grow:
    """Disks that are there and too small; nothing mounts them. What comes after it does not
    depend on it: a disk that cannot grow is attached at its old size."""

    cabin: Cabin
    volumes: tuple[Volume, ...]


@dataclass(frozen=True, slots=True)
class CopyDisk:
    """A copy of these volumes' disks by this name, beside them; nothing mounts them."""

    cabin: Cabin
    volumes: tuple[str, ...]
    name: str


@dataclass(frozen=True, slots=True)
class PutBack:
    """These disks are what they were when the copy was made. What was written since is kept in
    the copy's place."""

    cabin: Cabin
    volumes: tuple[str, ...]
    name: str


@dataclass(frozen=True, slots=True)
class DropCopy:
    """A copy, or what was kept in its place, goes for good."""

    cabin: str
    name: str


@dataclass(frozen=True, slots=True)
class Configure:
    """The content itself is rendered at the moment of writing: a plan holds no secret."""

    cabin: Cabin
    version: ContentVersion


@dataclass(frozen=True, slots=True)
class Create:
    spec: RuntimeSpec


@dataclass(frozen=True, slots=True)
class Start:
    name: str


@dataclass(frozen=True, slots=True)
class Stop:
    name: str
    seconds: int


@dataclass(frozen=True, slots=True)
class Remove:
    name: str


@dataclass(frozen=True, slots=True)
class Resize:
    name: str
    resources: Resources


@dataclass(frozen=True, slots=True)
class Release:
    cabin: str


@dataclass(frozen=True, slots=True)
class EraseData:
    cabin: str


@dataclass(frozen=True, slots=True)
class Publish:
    """Replace the edge's table, which was at `version` when the plan was made."""

    table: RouteTable
    version: str


@dataclass(frozen=True, slots=True)
class Grant:
    """Let the bearer of a cabin's broker key ask for models. key: its SHA-256 (hex)."""

    cabin: str
    key: str
    digest: str


@dataclass(frozen=True, slots=True)
class Revoke:
    key: str


@dataclass(frozen=True, slots=True)
class PutProvider:
    """Tell the broker of a model provider. The key is opened at the moment of writing."""

    name: str
    digest: str


@dataclass(frozen=True, slots=True)
class DropProvider:
    name: str


CabinAction = (
    Prepare | Grow | Configure | Create | Start | Stop | Remove | Resize | Release | EraseData
    | Grant | Revoke | CopyDisk | PutBack | DropCopy
)
ProviderAction = PutProvider | DropProvider
Action = CabinAction | ProviderAction | Publish

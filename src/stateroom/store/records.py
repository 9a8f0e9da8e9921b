"""Rows as values: what the repository gives and takes. Times are seconds since the epoch, UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stateroom.domain.rollout import Rollout
from stateroom.domain.runtime import AGENT


@dataclass(frozen=True, slots=True)
class RevisionRecord:
    """One immutable revision of a blueprint. document: the blueprint as sent (canonical form,
    no layout). images: what `compile` needs pinned when the revision was made: reference ->
    {"id": image id, "command": [argv]}. not_here: the steward looked for them, and one is not on
    this machine, or cannot run; then unfit says why, in a clause."""

    id: int
    blueprint: str
    number: int
    document: Mapping[str, Any]
    layout: Mapping[str, Any]
    digest: str
    created_at: float
    images: Mapping[str, Any] = field(default_factory=dict)
    not_here: bool = False
    unfit: str = ""


@dataclass(frozen=True, slots=True)
class BlueprintRecord:
    """A blueprint by name. deployed: the revision that was last deployed to everybody, 0 for
    none yet. newest: its newest revision."""

    name: str
    deployed: int
    created_at: float
    newest: RevisionRecord


@dataclass(frozen=True, slots=True)
class TenantRecord:
    """One tenant. revision: the one it should run. deleting: "" | "keep" | "erase".
    changed_at: when `generation` last rose. restart_at: a restart asked for at that time, 0 for
    never. limits, values, variables: the tenant's own only, without what is inherited."""

    id: str
    slug: str
    name: str
    blueprint: str
    revision: int
    values: Mapping[str, Any]
    limits: Mapping[str, Any]
    variables: Mapping[str, str]
    suspended: bool
    safe_mode: bool
    restart_at: float
    generation: int
    changed_at: float
    created_at: float
    deleting: str = ""


@dataclass(frozen=True, slots=True)
class CabinRecord:
    """tenant: whose it is, or was for a kept one. state: "assigned" | "kept" | "erased".
    The sealed_* values are sealed boxes that only the steward opens; the hashes are
    SHA-256: of the API token in upper-case hex (as the edge compares), of the broker key in
    lower-case hex. "erased" until the steward says that it is done: see `Desired.erased`."""

    id: str
    number: int
    slot: int
    tenant: str
    state: str
    disk_mb: int
    sealed_token: bytes = field(repr=False)
    token_sha256: str = ""
    sealed_broker_key: bytes = field(repr=False, default=b"")
    broker_key_sha256: str = ""
    created_at: float = 0.0


@dataclass(frozen=True, slots=True)
class SecretRecord:
    """kind: "env" | "file". version: rises with each write. sealed: see store/sealing.py."""

    tenant: str
    name: str
    kind: str
    version: int
    updated_at: float
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ProviderRecord:
    """A model provider. kind: "openai" | "anthropic" | "demo". sealed_key: b"" for none.
    prices: model -> {"input": USD per million tokens, "output": ...}."""

    name: str
    kind: str
    base_url: str
    prices: Mapping[str, Any]
    version: int
    sealed_key: bytes = field(repr=False, default=b"")


@dataclass(frozen=True, slots=True)
class FailureRecord:
    """One thing that went wrong in a cabin. kind: "exit" (an instance ended by itself),
    "action" (an engine call failed), "grow" (a disk could not grow), "boot" (ran, never
    answered). began_at: when what failed had started, so that at - began_at is how long it
    lived. detail: a sentence, no secret. retry_after: seconds that trying again is useless for,
    as the engine said; 0 where it did not. role: of what ended, "agent" or a service's."""

    cabin: str
    at: float
    began_at: float
    kind: str
    detail: str
    retry_after: float = 0.0
    role: str = AGENT


@dataclass(frozen=True, slots=True)
class StatusRecord:
    """The kept copy of a computed status: for lists and filters, never an input of the plan.
    seen_generation: the tenant's generation that this was computed from, so that a reader can
    tell the failure of an old generation from one of the change that it waits for. blocked: it
    does not go on before somebody does what `reason` says. reached: how far it is towards what it
    should run, as a number of `domain.status.Reached`."""

    tenant: str
    phase: str
    since: float
    reason: str
    waiting: tuple[str, ...]
    applied_generation: int
    running_revision: int
    seen_generation: int = 0
    blocked: bool = False
    reached: int = 0


@dataclass(frozen=True, slots=True)
class TenantView:
    """A tenant as people are shown it, read in one transaction. status: None before the
    steward has looked for the first time."""

    tenant: TenantRecord
    cabin: CabinRecord
    revision: RevisionRecord
    status: StatusRecord | None


@dataclass(frozen=True, slots=True)
class VolumeRecord:
    """A kept cabin's disk, or what a roll-out that failed left beside one. id: the cabin's, or
    the copy's. tenant, slug: whose it was. used_mb: as measured before it was put away, None where
    nobody could. deployment: of what a roll-out left, "" for a cabin's."""

    id: str
    tenant: str
    slug: str
    size_mb: int
    used_mb: float | None
    kept_since: float
    deployment: str = ""


@dataclass(frozen=True, slots=True)
class CopyRecord:
    """A copy of a cabin's disks. id: also its name beside them. state: see store/copies.py.
    kept_at: since when what was written meanwhile is kept, 0 for not."""

    id: str
    cabin: str
    tenant: str
    deployment: str
    size_mb: int
    state: str
    kept_at: float = 0.0


@dataclass(frozen=True, slots=True)
class DesiredTenant:
    """Everything the steward's pass needs of one tenant, without any sealed value's content."""

    tenant: TenantRecord
    cabin: CabinRecord
    secrets: tuple[SecretRecord, ...]
    failures: tuple[FailureRecord, ...]


@dataclass(frozen=True, slots=True)
class Desired:
    """One consistent reading (one transaction) of everything the plan is made from.
    revisions: by (blueprint, number), those that a tenant refers to. erased: cabins that are
    nobody's and whose data somebody asked to erase; each until `finish_erase`. failures: of
    cabins that are no tenant's, also of such as no row knows, by id. rollouts: that go on."""

    tenants: tuple[DesiredTenant, ...]
    kept: tuple[CabinRecord, ...]
    revisions: Mapping[tuple[str, int], RevisionRecord]
    providers: Mapping[str, ProviderRecord]
    status: Mapping[str, StatusRecord]
    erased: tuple[CabinRecord, ...] = ()
    failures: Mapping[str, tuple[FailureRecord, ...]] = field(default_factory=dict)
    rollouts: tuple[Rollout, ...] = ()
    copies: tuple[CopyRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class EventRecord:
    """id rises. kind: "tenant" | "deployment" | "audit". data: JSON-able, no secret."""

    id: int
    at: float
    kind: str
    tenant: str
    data: Mapping[str, Any]

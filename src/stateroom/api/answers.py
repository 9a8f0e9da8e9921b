"""Shapes of what the public API answers: what the public contract names, for its OpenAPI document.

Times are RFC 3339 in UTC.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

PhaseName = Literal[
    "provisioning",
    "starting",
    "ready",
    "degraded",
    "asleep",
    "waking",
    "suspended",
    "failed",
    "deleting",
]


class ProblemOut(BaseModel):
    pointer: str
    code: str
    detail: str
    hint: str = ""
    block: str | None = None
    link: list[str] | None = None


class ProblemDocument(BaseModel):
    """Every error of the API (application/problem+json)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[ProblemOut] | None = None


class IsolationOut(BaseModel):
    """What `verify` found last; all zero until it ran."""

    passed: int
    total: int
    at: str | None


class StepsOut(BaseModel):
    """Towards what the tenant should run: each comes after the one before."""

    built: bool
    started: bool
    healthy: bool
    routed: bool


class StatusOut(BaseModel):
    """blocked: it does not go on before somebody does what `reason` says."""

    phase: PhaseName
    since: str
    reason: str
    waiting: list[str]
    blocked: bool
    steps: StepsOut
    applied_generation: int
    isolation: IsolationOut


class LimitsOut(BaseModel):
    cpu: float
    memory_mb: int
    pids: int
    disk_mb: int
    requests_per_minute: int


class TenantOut(BaseModel):
    """values and limits: what is in force for the agent; own_*: the tenant's own part of it.
    limits_total: agent and services together. services: their blocks' ids. revision: what runs,
    or will be the first to run. Secrets are never part of it."""

    id: str
    slug: str
    name: str
    blueprint: str
    revision: int
    target_revision: int
    values: dict[str, Any]
    own_values: dict[str, Any]
    limits: LimitsOut
    limits_total: LimitsOut
    own_limits: dict[str, Any]
    services: list[str]
    variables: dict[str, str]
    suspended: bool
    safe_mode: bool
    url: str
    generation: int
    status: StatusOut
    created_at: str


class TenantsOut(BaseModel):
    """next: the cursor of the next page, null at the end. previous: what `before` takes for the
    page before, null at the beginning. total: of all pages."""

    items: list[TenantOut]
    next: str | None
    previous: str | None
    total: int


class AccessOut(BaseModel):
    """open_url: signs one browser in, once, within 60 seconds; null where the steward is away
    after a rotation."""

    url: str
    api_token: str
    open_url: str | None


class SecretOut(BaseModel):
    name: str
    kind: Literal["env", "file"]
    updated_at: str


class SecretsOut(BaseModel):
    items: list[SecretOut]


class EventOut(BaseModel):
    id: int
    at: str
    kind: Literal["tenant", "deployment", "audit"]
    tenant_id: str
    data: dict[str, Any]


class EventsOut(BaseModel):
    items: list[EventOut]


class CheckOut(BaseModel):
    """notices: what is worth knowing although it is not wrong."""

    ok: bool
    problems: list[ProblemOut]
    notices: list[ProblemOut]


class RevisionOut(BaseModel):
    blueprint: str
    revision: int
    digest: str
    created_at: str


class RevisionDocument(RevisionOut):
    document: dict[str, Any]
    layout: dict[str, Any]


class SavedRevision(RevisionDocument):
    """created: whether the document meant something new."""

    created: bool


class RevisionsOut(BaseModel):
    items: list[RevisionOut]


class BlueprintOut(BaseModel):
    """revision: the newest. deployed_revision: the one that was deployed to all last."""

    name: str
    revision: int
    deployed_revision: int | None
    digest: str
    created_at: str


class BlueprintDocument(BlueprintOut):
    document: dict[str, Any]
    layout: dict[str, Any]


class BlueprintsOut(BaseModel):
    items: list[BlueprintOut]


class ChangeOut(BaseModel):
    kind: str
    block: str
    option: str
    before: Any
    after: Any
    text: str


class DiffOut(BaseModel):
    from_: int = Field(serialization_alias="from")
    to: int
    changes: list[ChangeOut]


class DeployedTenant(BaseModel):
    """reason: why it is where it is, or what it waits for. note: what else somebody should know."""

    slug: str
    canary: bool
    state: Literal["pending", "running", "done", "failed", "rolled_back", "superseded", "gone"]
    steps: StepsOut
    since: str
    reason: str
    note: str


class DeploymentOut(BaseModel):
    """previous_revision: what most of its tenants had. state `failed`: all that were moved are
    being put back, or, with `finished_at`, one could not be. reason: what it ended by. log: the
    last lines of the runtime that failed, none where it was not a runtime. counts: how many of all
    its tenants are in each state."""

    id: str
    blueprint: str
    revision: int
    previous_revision: int
    canary: str | None
    stage: Literal["canary", "all"]
    state: Literal["running", "done", "failed", "rolled_back"]
    stopping: bool
    reason: str
    log: list[str]
    counts: dict[str, int]
    tenants: list[DeployedTenant]
    created_at: str
    finished_at: str | None


class DeploymentsOut(BaseModel):
    items: list[DeploymentOut]


class VolumeOut(BaseModel):
    """used_mb: null where nobody measured it. restorable: a new tenant can go on with it, by
    `restore_volume`; what a roll-out left beside a disk can be read on the host alone."""

    id: str
    tenant_id: str
    slug: str
    size_mb: int
    used_mb: float | None
    kept_since: str
    reason: str
    restorable: bool


class VolumesOut(BaseModel):
    items: list[VolumeOut]


class ProviderOut(BaseModel):
    """has_key: whether there is one; it is never answered. built_in: cannot be changed."""

    name: str
    kind: Literal["openai", "anthropic", "demo"]
    base_url: str
    prices: dict[str, Any]
    has_key: bool
    built_in: bool


class ProvidersOut(BaseModel):
    items: list[ProviderOut]

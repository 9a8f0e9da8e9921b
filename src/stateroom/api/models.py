"""Shapes of the public API, for its OpenAPI document and for checking what is sent.

A request's model refuses fields that it does not know; an answer's model is what the public
contract names. Times are RFC 3339 in UTC.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

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


class Sent(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class SecretIn(Sent):
    """A secret's value, and how it reaches the runtime where the blueprint does not say."""

    value: str
    as_: Literal["env", "file"] | None = Field(default=None, alias="as")


class TenantIn(Sent):
    """secrets: NAME -> value, or NAME -> {value, as}. restore_volume: id of a kept volume."""

    slug: str
    blueprint: str
    name: str | None = None
    values: dict[str, Any] = Field(default_factory=dict)
    limits: dict[str, Any] = Field(default_factory=dict)
    variables: dict[str, Any] = Field(default_factory=dict)
    secrets: dict[str, Any] = Field(default_factory=dict)
    restore_volume: str | None = None


class TenantPatch(Sent):
    """A JSON Merge Patch: null puts one value, limit or variable back to what it inherits."""

    name: str | None = None
    values: dict[str, Any] = Field(default_factory=dict)
    limits: dict[str, Any] = Field(default_factory=dict)
    variables: dict[str, Any] = Field(default_factory=dict)
    blueprint: str = ""
    suspended: bool = False


class RestartIn(Sent):
    safe_mode: bool = False


class NothingIn(Sent):
    """An empty object."""


class DeployIn(Sent):
    """revision: the newest unless said. tenants: slugs; all of the blueprint unless said."""

    revision: int | None = Field(default=None, ge=1)
    tenants: list[str] | None = Field(default=None, max_length=10_000)
    canary: str | int | None = None


class PriceIn(Sent):
    """USD for a million tokens."""

    input: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    output: float = Field(default=0.0, ge=0, allow_inf_nan=False)


class ProviderIn(Sent):
    """key: write-only; left out it stays, "" removes it. prices: by model."""

    kind: Literal["openai", "anthropic", "demo"]
    base_url: str = Field(default="", max_length=2048)
    key: str | None = Field(default=None, max_length=8192)
    prices: dict[str, PriceIn] = Field(default_factory=dict, max_length=1000)


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


class StatusOut(BaseModel):
    phase: PhaseName
    since: str
    reason: str
    waiting: list[str]
    applied_generation: int
    isolation: IsolationOut


class LimitsOut(BaseModel):
    cpu: float
    memory_mb: int
    pids: int
    disk_mb: int
    requests_per_minute: int


class TenantOut(BaseModel):
    """values and limits: what is in force; own_*: the tenant's own part of it. revision: what
    runs, or will be the first to run. Secrets are never part of it."""

    id: str
    slug: str
    name: str
    blueprint: str
    revision: int
    target_revision: int
    values: dict[str, Any]
    own_values: dict[str, Any]
    limits: LimitsOut
    own_limits: dict[str, Any]
    variables: dict[str, str]
    suspended: bool
    safe_mode: bool
    url: str
    generation: int
    status: StatusOut
    created_at: str


class TenantsOut(BaseModel):
    """next: the cursor of the next page, null at the end."""

    items: list[TenantOut]
    next: str | None


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


class UsageNow(BaseModel):
    cpu_cores: float
    memory_mb: float
    disk_mb: float


class UsageDay(BaseModel):
    date: str
    requests: int
    input_tokens: int
    output_tokens: int
    cost_usd: float


class UsageOut(BaseModel):
    now: UsageNow
    days: list[UsageDay]


class EventOut(BaseModel):
    id: int
    at: str
    kind: Literal["tenant", "deployment", "audit"]
    tenant_id: str
    data: dict[str, Any]


class EventsOut(BaseModel):
    items: list[EventOut]


class CheckOut(BaseModel):
    ok: bool
    problems: list[ProblemOut]


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
    slug: str
    state: Literal["running", "done", "failed", "superseded", "gone"]
    since: str
    reason: str


class DeploymentOut(BaseModel):
    id: str
    blueprint: str
    revision: int
    canary: str | None
    state: Literal["running", "done", "failed", "rolled_back"]
    tenants: list[DeployedTenant]
    created_at: str


class VolumeOut(BaseModel):
    """used_mb: null where nobody measured it."""

    id: str
    tenant_id: str
    slug: str
    size_mb: int
    used_mb: float | None
    kept_since: str


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


class PlanOut(BaseModel):
    """text: the same for people."""

    text: str
    actions: list[Any]
    waiting: list[Any]


class HealthOut(BaseModel):
    ok: bool


class TenantCounts(BaseModel):
    total: int
    phases: dict[str, int]


class InstallationOut(BaseModel):
    """steward: what it says of itself, null while it is away."""

    version: str
    console_url: str
    tenants: TenantCounts
    steward: dict[str, Any] | None

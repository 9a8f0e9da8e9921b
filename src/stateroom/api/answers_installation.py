"""Shapes of what the installation says of itself.

Times are RFC 3339 in UTC.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from stateroom.api.answers import ProblemOut


class HealthOut(BaseModel):
    ok: bool


class TenantCounts(BaseModel):
    total: int
    phases: dict[str, int]


class HookResult(BaseModel):
    """status: what the receiver answered, 0 for no answer."""

    at: str
    status: int
    detail: str


class WebhookOut(BaseModel):
    """last: the last attempt. waiting: messages that are still to be taken. dead: those that were
    given up."""

    url: str
    events: list[Literal["tenant.ready", "tenant.failed"]]
    has_secret: bool
    last: HookResult | None
    waiting: int
    dead: int


class StewardOut(BaseModel):
    """All of it from the last pass. passed_at: when that was, null before the first. firewall,
    edge, broker: whether that part answered. phases: how many tenants are in each."""

    installation: str
    passed_at: str | None
    phases: dict[str, int]
    firewall: bool
    edge: bool
    broker: bool
    capabilities: dict[str, bool]


class InstallationOut(BaseModel):
    """api_url: where programs on the machine itself reach the API. home: the path of what Stateroom
    keeps on that machine, admin.key and ca.pem among it. tenant_url: a tenant's address, with SLUG
    where its slug stands. steward: what it says of itself, null while it is away. capabilities:
    what there is so far. notices: what somebody should see to."""

    version: str
    console_url: str
    api_url: str
    home: str
    tenant_url: str
    tenants: TenantCounts
    steward: StewardOut | None
    capabilities: dict[str, bool]
    notices: list[ProblemOut]
    webhook: WebhookOut | None

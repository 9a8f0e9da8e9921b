"""Shapes of plans: what would be done, what is waited for, and what a deployment would mean."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel


class PlannedAction(BaseModel):
    """tenant: its slug, null for what is nobody's. cabin: whose, or part: of ours, the edge."""

    tenant: str | None
    cabin: str | None = None
    part: Literal["edge"] | None = None
    action: str


class PlannedWait(BaseModel):
    """code: what is waited for, in a word. until: seconds since 1970, null where nobody knows."""

    tenant: str | None
    cabin: str
    code: str
    reason: str
    until: float | None


class PlanOut(BaseModel):
    """text: the same for people."""

    text: str
    actions: list[PlannedAction]
    waiting: list[PlannedWait]


class TenantAheadOut(BaseModel):
    """effect: the dearest of what would happen to its runtime. canary: it would go first."""

    slug: str
    effect: Literal["none", "created", "in_place", "restarted", "recreated"]
    detail: str
    canary: bool


class PreviewOut(PlanOut):
    tenants: list[TenantAheadOut]

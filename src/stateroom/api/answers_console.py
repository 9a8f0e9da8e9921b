"""Shapes of what the console's own calls answer: sessions, templates, bulk changes, the webhook.

Times are RFC 3339 in UTC.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from stateroom.api.answers import ProblemDocument
from stateroom.api.answers_installation import WebhookOut


class SessionLinkOut(BaseModel):
    """url: signs one browser in, once. code: the part of it that counts."""

    url: str
    code: str
    expires_at: str


class SessionOut(BaseModel):
    expires_at: str


class TemplateOut(BaseModel):
    """document: a whole blueprint. layout: as in blueprints, empty where it has none."""

    name: str
    title: str
    description: str
    document: dict[str, Any]
    layout: dict[str, Any]


class TemplatesOut(BaseModel):
    items: list[TemplateOut]


class BulkItem(BaseModel):
    """generation: the tenant's after it, where it is ok. problem: why not, where it is not."""

    slug: str
    ok: bool
    generation: int | None = None
    problem: ProblemDocument | None = None


class BulkOut(BaseModel):
    items: list[BulkItem]


class WebhookSet(WebhookOut):
    """secret: only where it is new; it is never answered again."""

    secret: str | None = None

"""/health, /status, /plan and /metrics: the installation as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from starlette.responses import PlainTextResponse

from stateroom.api import metrics, webhook
from stateroom.api.answers_installation import HealthOut, InstallationOut
from stateroom.api.answers_plan import PlanOut
from stateroom.api.capabilities import capabilities, notices
from stateroom.api.dependencies import Deps
from stateroom.api.errors import shown
from stateroom.api.keys import Operator
from stateroom.api.present import moment
from stateroom.errors import Away
from stateroom.store.tenant_list import PHASES

router = APIRouter(tags=["installation"])


@router.get("/health", response_model=HealthOut)
async def health() -> Any:
    """Whether the API itself is alive; needs no key."""
    return {"ok": True}


@router.get("/status", response_model=InstallationOut)
async def status(request: Request, deps: Deps, _caller: Operator) -> Any:
    """The installation: tenants by phase, and what the steward says of the other parts."""
    phases = await deps.repository.listing.phases()
    try:
        steward = await deps.steward.status()
    except Away:
        steward = None
    hook = await deps.repository.webhooks.get()
    return {
        "version": request.app.version,
        "console_url": deps.settings.console_url,
        "api_url": deps.settings.api_url,
        "home": str(deps.settings.home),
        "tenant_url": deps.settings.tenant_url("SLUG"),
        "tenants": {"total": sum(phases.values()), "phases": phases},
        "steward": _told(steward),
        "capabilities": capabilities(steward),
        "notices": [shown(notice) for notice in notices(steward, hook)],
        "webhook": webhook.shown(hook),
    }


def _told(steward: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """passed_at: of the last pass, null before the first."""
    if steward is None:
        return None
    at = steward.get("passed_at")
    return {**steward, "passed_at": moment(at) if at else None}


@router.get(
    "/plan",
    response_model=PlanOut,
    response_model_exclude_unset=True,
    responses={200: {"content": {"text/plain": {}}}},
)
async def plan(
    request: Request,
    deps: Deps,
    _caller: Operator,
    tenant: Annotated[str, Query(max_length=200)] = "",
) -> Any:
    """What the next pass would do and what it waits for; as text by `Accept: text/plain`.
    `tenant`: the slug of one."""
    tenant_id = ""
    if tenant:
        tenant_id = (await deps.repository.tenants.get(tenant)).tenant.id
    found = await deps.steward.plan(tenant_id)
    if "text/plain" in request.headers.get("accept", ""):
        return PlainTextResponse(str(found["text"]))
    return found


@router.get("/metrics", response_class=PlainTextResponse)
async def measured(request: Request, deps: Deps, _caller: Operator) -> Response:
    """Prometheus' text format."""
    phases = dict.fromkeys(PHASES, 0) | await deps.repository.listing.phases()
    text = metrics.render(phases, request.app.state.counter.counts)
    return Response(text, media_type=metrics.MEDIA_TYPE)

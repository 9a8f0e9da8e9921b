"""/deployments, and the call that begins one: how tenants are moved to a revision, and how far."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from stateroom.api.answers import DeploymentOut, DeploymentsOut
from stateroom.api.bodies import accepts, model_of
from stateroom.api.dependencies import Deps
from stateroom.api.keys import Operator
from stateroom.api.present import moment, steps
from stateroom.api.sent import DeployIn
from stateroom.domain.canary import share_of
from stateroom.domain.rollout import OPEN, Member, Move
from stateroom.domain.status import Reached
from stateroom.store.deployment_views import DeploymentView
from stateroom.store.deployments import LISTED
from stateroom.store.records import StatusRecord

router = APIRouter(tags=["deployments"])

Members = Annotated[int, Query(ge=0, le=100_000)]


@router.post(
    "/blueprints/{name}/deploy",
    status_code=202,
    response_model=DeploymentOut,
    openapi_extra=accepts(DeployIn, required=False),
)
async def deploy(name: str, request: Request, response: Response, deps: Deps, _: Operator) -> Any:
    """Move tenants to a revision: all of the blueprint, or the named ones; a share first where
    `canary` says so ("10%", or a count). A tenant that does not get ready stops it, and all that
    were moved are put back. One at a time for a blueprint: 409 meanwhile."""
    body = await model_of(request, DeployIn)
    share = share_of(body.canary)
    view = await deps.repository.deployments.deploy(name, body.revision, body.tenants, share)
    deps.steward.signal()
    response.headers["Location"] = f"/api/v1/deployments/{view.rollout.id}"
    return shown(view)


@router.get("/deployments", response_model=DeploymentsOut)
async def list_deployments(
    deps: Deps,
    _caller: Operator,
    blueprint: Annotated[str, Query(max_length=200)] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 20,
    members: Members = LISTED,
) -> Any:
    """Newest first. `members`: of how many tenants each tells, at the most; `counts` is of all."""
    found = await deps.repository.deployments.newest(limit, blueprint, members)
    return {"items": [shown(view) for view in found]}


@router.get("/deployments/{deployment}", response_model=DeploymentOut)
async def deployment(
    deployment: str, deps: Deps, _caller: Operator, members: Members | None = None
) -> Any:
    """How far a deployment is. `members`: of at most so many tenants, those who need somebody's
    eyes before all others; of all of them unless said."""
    return shown(await deps.repository.deployments.get(deployment, members))


@router.post("/deployments/{deployment}/stop", status_code=202, response_model=DeploymentOut)
async def stop(deployment: str, deps: Deps, _caller: Operator) -> Any:
    """Stop it, and put back everybody whom it moved. 409 for one that is over."""
    view = await deps.repository.deployments.stop(deployment)
    deps.steward.signal()
    return shown(view)


def shown(view: DeploymentView) -> dict[str, Any]:
    of = view.rollout
    return {
        "id": of.id,
        "blueprint": of.blueprint,
        "revision": of.revision,
        "previous_revision": of.previous,
        "canary": of.canary or None,
        "stage": of.stage.value,
        "state": of.state.value,
        "stopping": of.stopping and not of.finished_at,
        "reason": of.reason,
        "log": list(of.log),
        "created_at": moment(of.created_at),
        "finished_at": moment(of.finished_at) if of.finished_at else None,
        "counts": {move.value: view.counts.get(move, 0) for move in Move},
        "tenants": [_member(m, view.statuses.get(m.tenant)) for m in of.members],
    }


def _member(member: Member, status: StatusRecord | None) -> dict[str, Any]:
    return {
        "slug": member.slug,
        "canary": member.canary,
        "state": member.state.value,
        "steps": steps(_reached(member, status)),
        "since": moment(member.since),
        "reason": member.reason or _waits_for(member, status),
        "note": member.note,
    }


def _reached(member: Member, status: StatusRecord | None) -> int:
    """Steps towards what it was moved to, or back to. What a status says of an older generation
    says nothing of these."""
    if member.state in (Move.DONE, Move.ROLLED_BACK):
        return Reached.ROUTED
    going = member.generation and (member.state in OPEN or member.back)
    if not going or status is None or status.seen_generation < member.generation:
        return Reached.NOTHING
    return status.reached


def _waits_for(member: Member, status: StatusRecord | None) -> str:
    if member.state is Move.PENDING:
        return "Its turn comes."
    if member.state is not Move.RUNNING or status is None:
        return ""
    if status.seen_generation < member.generation:
        return "The steward has not looked at it yet."
    return status.reason

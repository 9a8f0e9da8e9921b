"""/tenants/bulk: one thing done to many tenants, each for itself.

There is no all-or-nothing: one that cannot be changed says why, and the others are.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from stateroom.api.answers_console import BulkOut
from stateroom.api.bodies import accepts, model_of
from stateroom.api.dependencies import ApiDependencies, Deps
from stateroom.api.errors import document_of
from stateroom.api.keys import Operator
from stateroom.api.sent import BulkIn
from stateroom.errors import Invalid, Problem, StateroomError
from stateroom.store.records import TenantView
from stateroom.store.tenant_change import Change

router = APIRouter(prefix="/tenants", tags=["tenants"])


@router.post(
    "/bulk",
    response_model=BulkOut,
    response_model_exclude_unset=True,
    openapi_extra=accepts(BulkIn),
)
async def change_many(request: Request, deps: Deps, _caller: Operator) -> Any:
    """Restart, suspend, resume or delete up to 500 tenants; each one's result, in their order."""
    body = await model_of(request, BulkIn)
    _check_data(body)
    items = [await _one(slug, body, deps) for slug in dict.fromkeys(body.slugs)]
    deps.steward.signal()
    return {"items": items}


def _check_data(body: BulkIn) -> None:
    if body.action == "delete" and body.data is None:
        detail = "Say what happens to the data: keep or erase; there is no default."
        hint = "keep: the disks stay under GET /volumes. erase: they are gone for good."
        raise Invalid([Problem("/data", "missing", detail, hint)])
    if body.action != "delete" and body.data is not None:
        detail = f"{body.action} does nothing to the data."
        raise Invalid([Problem("/data", "not_for_this", detail, "Leave data out.")])


async def _one(slug: str, body: BulkIn, deps: ApiDependencies) -> dict[str, Any]:
    try:
        after = await _change(slug, body, deps)
    except StateroomError as error:
        return {"slug": slug, "ok": False, "problem": document_of(error)}
    return {"slug": slug, "ok": True, "generation": after.tenant.generation}


async def _change(slug: str, body: BulkIn, deps: ApiDependencies) -> TenantView:
    repository = deps.repository
    match body.action:
        case "restart":
            return await repository.tenants.restart(slug, safe_mode=False)
        case "delete":
            assert body.data is not None
            return await repository.tenants.delete(slug, body.data)
        case "suspend" | "resume":
            wish = Change({"suspended": body.action == "suspend"}, None, by_tenant=False)
            return await repository.changes.change(slug, wish)

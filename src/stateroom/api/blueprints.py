"""/blueprints: check, save, show, compare."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from stateroom.api import present
from stateroom.api.answers import (
    BlueprintDocument,
    BlueprintsOut,
    CheckOut,
    DiffOut,
    RevisionDocument,
    RevisionsOut,
    SavedRevision,
)
from stateroom.api.answers_plan import PreviewOut
from stateroom.api.bodies import document
from stateroom.api.dependencies import Deps
from stateroom.api.errors import shown
from stateroom.api.keys import Operator
from stateroom.api.tenants import if_match
from stateroom.domain.blueprint import check as problems_of
from stateroom.domain.canary import share_of
from stateroom.domain.diff import changes
from stateroom.domain.notices import notices
from stateroom.domain.values import values_schema
from stateroom.errors import Invalid, Problem
from stateroom.store.blueprints import misnamed

router = APIRouter(tags=["blueprints"])

Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
NumberAsked = Annotated[int, Query(ge=1, le=2**31 - 1)]

LARGEST_LAYOUT = 64 * 1024
_ANY_OBJECT = {"type": "object", "additionalProperties": True, "description": "A blueprint."}
"""What may stand in it is told by `check`, with every problem at once."""
_DOCUMENT: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            media: {"schema": _ANY_OBJECT}
            for media in ("application/json", "application/yaml")
        },
    }
}


@router.post(
    "/blueprints/check",
    response_model=CheckOut,
    response_model_exclude_unset=True,
    openapi_extra=_DOCUMENT,
)
async def check(request: Request, _caller: Operator) -> Any:
    """Every problem of a document at once; nothing is saved."""
    sent: object = None
    try:
        sent = await document(request)
        found = problems_of(sent)
    except Invalid as error:
        # The document itself cannot be read: that is a problem of it like any other.
        found = error.problems
    return {
        "ok": not found,
        "problems": [shown(problem) for problem in found],
        "notices": [shown(notice) for notice in notices(sent)],
    }


@router.get("/blueprints", response_model=BlueprintsOut)
async def list_blueprints(deps: Deps, _caller: Operator) -> Any:
    found = await deps.repository.blueprints.all()
    return {"items": [present.blueprint(record) for record in found]}


@router.get("/blueprints/{name}", response_model=BlueprintDocument)
async def show(name: str, response: Response, deps: Deps, _caller: Operator) -> Any:
    """The newest revision with its document and layout."""
    record = await deps.repository.blueprints.get(name)
    response.headers["ETag"] = f'"{record.newest.number}"'
    return present.blueprint_document(record)


@router.put("/blueprints/{name}", response_model=SavedRevision, openapi_extra=_DOCUMENT)
async def save(name: str, request: Request, response: Response, deps: Deps, _: Operator) -> Any:
    """Save a document. A new revision only if the meaning changed; no tenant moves by that."""
    expected = if_match(request)
    sent = await document(request)
    saved = await deps.repository.blueprints.put(name, sent, _layout(sent), expected)
    if saved.created:
        deps.steward.signal()
    response.headers["ETag"] = f'"{saved.revision.number}"'
    return {**present.revision_document(saved.revision), "created": saved.created}


@router.get("/blueprints/{name}/revisions", response_model=RevisionsOut)
async def revisions(name: str, deps: Deps, _caller: Operator) -> Any:
    """Newest first."""
    found = await deps.repository.blueprints.revisions(name)
    return {"items": [present.revision(record) for record in found]}


@router.get("/blueprints/{name}/revisions/{number}", response_model=RevisionDocument)
async def revision(name: str, number: Number, deps: Deps, _caller: Operator) -> Any:
    return present.revision_document(await deps.repository.blueprints.revision(name, number))


@router.get("/blueprints/{name}/diff", response_model=DiffOut)
async def diff(
    name: str,
    deps: Deps,
    _caller: Operator,
    from_: Annotated[NumberAsked, Query(alias="from")],
    to: NumberAsked,
) -> Any:
    """What differs between two revisions, option by option, with a sentence each."""
    repository = deps.repository
    old = repository.blueprint(await repository.blueprints.revision(name, from_))
    new = repository.blueprint(await repository.blueprints.revision(name, to))
    found = [
        {
            "kind": change.kind,
            "block": change.block,
            "option": change.option,
            "before": change.before,
            "after": change.after,
            "text": change.text,
        }
        for change in changes(old, new)
    ]
    return {"from_": from_, "to": to, "changes": found}


@router.get("/blueprints/{name}/schema")
async def schema(
    name: str, deps: Deps, _caller: Operator, revision: NumberAsked | None = None
) -> dict[str, Any]:
    """JSON Schema of a tenant's values: of the revision that a new tenant gets, unless said."""
    repository = deps.repository
    if revision is not None:
        record = await repository.blueprints.revision(name, revision)
    else:
        known = await repository.blueprints.get(name)
        record = known.newest
        if known.deployed:
            record = await repository.blueprints.revision(name, known.deployed)
    return values_schema(repository.blueprint(record))


@router.post(
    "/blueprints/{name}/plan",
    response_model=PreviewOut,
    response_model_exclude_unset=True,
    openapi_extra=_DOCUMENT,
)
async def plan(
    name: str,
    request: Request,
    deps: Deps,
    _caller: Operator,
    canary: Annotated[str, Query(max_length=16)] = "",
    tenants: Annotated[list[str] | None, Query(max_length=10_000)] = None,
) -> Any:
    """The plan that deploying this unsaved document would make, and what it would mean for each
    tenant. `canary`, `tenants` (repeated): as `deploy` takes them."""
    share = share_of(canary)
    sent = await document(request)
    if found := problems_of(sent):
        raise Invalid(found)
    if sent["name"] != name:
        # What could not be saved under this name could not be deployed either.
        raise Invalid([misnamed(name, sent["name"])])
    return await deps.steward.preview(name, sent, tenants, share)


def _layout(sent: object) -> dict[str, Any] | None:
    """Where the boxes stand: nothing to us, but it is kept, so it is bounded. Raises Invalid."""
    layout = sent.get("layout") if isinstance(sent, dict) else None
    if not isinstance(layout, dict):
        return None
    if len(json.dumps(layout)) > LARGEST_LAYOUT:
        detail = f"The layout is longer than {LARGEST_LAYOUT} characters."
        hint = "Send places only, or leave it out."
        raise Invalid([Problem("/layout", "too_large", detail, hint)])
    return layout

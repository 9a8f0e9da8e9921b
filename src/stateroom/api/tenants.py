"""/tenants: create, list, show, change, restart, delete."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import json
from typing import Annotated, Any, NoReturn

from fastapi import APIRouter, Query, Request, Response

from stateroom.api import present
from stateroom.api.answers import PhaseName, TenantOut, TenantsOut
from stateroom.api.bodies import (
    accepts,
    as_model,
    json_object,
    model_of,
)
from stateroom.api.dependencies import ApiDependencies, Deps
from stateroom.api.errors import NotYet
from stateroom.api.keys import CallerOf, Operator, OperatorOf
from stateroom.api.sent import NothingIn, RestartIn, TenantIn, TenantPatch
from stateroom.api.tenant_bodies import more_problems, new_tenant
from stateroom.domain.names import shown
from stateroom.errors import Invalid, Moved, NotFound, Problem
from stateroom.store.idempotency import Once
from stateroom.store.records import TenantView
from stateroom.store.tenant_change import Change
from stateroom.store.tenant_list import Filter

router = APIRouter(prefix="/tenants", tags=["tenants"])

LONGEST_WAIT = 600.0
LOOK_SECONDS = 5.0
"""How often a call that waits looks whether its caller still does: each counts as under way."""


@router.post("", status_code=202, response_model=TenantOut, openapi_extra=accepts(TenantIn))
async def create(request: Request, response: Response, deps: Deps, caller: Operator) -> Any:
    """Create a tenant. With an `Idempotency-Key` the same call is answered the same for 24 h."""
    body = await json_object(request)
    new = await new_tenant(body, deps)
    once = _once(request, body, caller.name, deps)
    created = await deps.repository.creation.create(new, once)
    deps.steward.signal()
    answer = created.answer
    if answer is None:
        assert created.view is not None
        answer = _shown(created.view, deps)
    response.headers["Location"] = f"/api/v1/tenants/{answer['slug']}"
    _tag(response, answer["generation"])
    return answer


@router.get("", response_model=TenantsOut)
async def list_tenants(
    deps: Deps,
    _caller: Operator,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    cursor: Annotated[str, Query(max_length=200)] = "",
    phase: PhaseName | None = None,
    blueprint: Annotated[str, Query(max_length=200)] = "",
    revision: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
    search: Annotated[str, Query(max_length=200)] = "",
    before: Annotated[str, Query(max_length=200)] = "",
) -> Any:
    """Tenants by slug, a page at a time: behind `cursor`, or before the slug `before`. `search`: a
    part of slug or name."""
    if cursor and before:
        detail = "A page lies behind a cursor or before a slug, not both."
        raise Invalid([Problem("/before", "one_of", detail, "Send cursor or before.")])
    wanted = Filter(phase or "", blueprint, revision, search.strip())
    page = await deps.repository.listing.page(limit, wanted, _read_cursor(cursor), before)
    return {
        "items": [_shown(view, deps) for view in page.items],
        "next": _cursor(page.next) if page.next else None,
        "previous": page.previous or None,
        "total": page.total,
    }


@router.get("/{slug}", response_model=TenantOut)
async def show(
    slug: str,
    request: Request,
    response: Response,
    deps: Deps,
    _caller: CallerOf,
    wait: PhaseName | None = None,
    timeout: Annotated[float, Query(ge=0, le=LONGEST_WAIT)] = 60.0,
) -> Any:
    """One tenant. With `wait` as soon as that phase is there, or cannot come by itself, or after
    `timeout` seconds."""
    view = await deps.repository.tenants.get(slug)
    if wait is not None:
        view = await _wait(request, view, wait, timeout, deps)
    _tag(response, view.tenant.generation)
    return _shown(view, deps)


@router.patch(
    "/{slug}", status_code=202, response_model=TenantOut, openapi_extra=accepts(TenantPatch)
)
async def change(
    slug: str, request: Request, response: Response, deps: Deps, caller: CallerOf
) -> Any:
    """Change a tenant by a JSON Merge Patch. `If-Match` with the generation guards it."""
    body = await json_object(request)
    wish = Change(body, if_match(request), by_tenant=not caller.is_operator)
    try:
        as_model(body, TenantPatch)
    except Invalid as error:
        more = await more_problems(slug, wish, error, deps)
        raise Invalid((*error.problems, *more)) from None
    view = await deps.repository.changes.change(slug, wish)
    return _accepted(view, response, deps)


@router.delete("/{slug}", status_code=202, response_model=TenantOut)
async def delete(
    slug: str,
    request: Request,
    response: Response,
    deps: Deps,
    _caller: OperatorOf,
    data: str = "",
) -> Any:
    """Delete a tenant. `data=keep` keeps its disk as a volume, `data=erase` erases it."""
    if data not in ("keep", "erase"):
        detail = "Say what happens to the data: data=keep or data=erase; there is no default."
        hint = "keep: the disk stays under GET /volumes. erase: it is gone for good."
        raise Invalid([Problem("/data", "missing" if not data else "bad_value", detail, hint)])
    view = await deps.repository.tenants.delete(slug, data, if_match(request))
    return _accepted(view, response, deps)


@router.post(
    "/{slug}/restart",
    status_code=202,
    response_model=TenantOut,
    openapi_extra=accepts(RestartIn, required=False),
)
async def restart(
    slug: str, request: Request, response: Response, deps: Deps, _caller: OperatorOf
) -> Any:
    """Restart the runtime; with `safe_mode` beside its state in /data instead of from it."""
    body = await model_of(request, RestartIn)
    view = await deps.repository.tenants.restart(slug, body.safe_mode, if_match(request))
    return _accepted(view, response, deps)


async def _later(slug: str, request: Request, deps: ApiDependencies, why: str) -> NoReturn:
    await model_of(request, NothingIn)
    await deps.repository.tenants.get(slug)
    raise NotYet(why)


_EMPTY = accepts(NothingIn, required=False)


@router.post("/{slug}/sleep", status_code=202, response_model=TenantOut, openapi_extra=_EMPTY)
async def sleep(slug: str, request: Request, deps: Deps, _caller: OperatorOf) -> Any:
    """Comes later: answered with 501."""
    why = "tenants do not sleep yet; `suspended: true` stops one until it is resumed"
    await _later(slug, request, deps, why)


@router.post("/{slug}/wake", status_code=202, response_model=TenantOut, openapi_extra=_EMPTY)
async def wake(slug: str, request: Request, deps: Deps, _caller: OperatorOf) -> Any:
    """Comes later: answered with 501."""
    await _later(slug, request, deps, "tenants do not sleep yet, so there is nothing to wake")


@router.post("/{slug}/verify", status_code=202, response_model=TenantOut, openapi_extra=_EMPTY)
async def verify(slug: str, request: Request, deps: Deps, _caller: OperatorOf) -> Any:
    """Comes later: answered with 501."""
    why = "verifying the isolation from inside a cabin comes with a later version"
    await _later(slug, request, deps, why)


def if_match(request: Request) -> frozenset[int] | None:
    """The numbers in If-Match, of which any may be the current one; None for no such header, or
    `*`. Raises Moved where none of it ever was a number: also for an empty one, whose sender meant
    to be guarded."""
    lines = request.headers.getlist("if-match")
    tags = [tag.strip() for tag in ",".join(lines).split(",")]
    if not lines or tags == ["*"]:
        return None
    digits = [tag.removeprefix("W/").strip('"') for tag in tags]
    known = frozenset(int(d) for d in digits if d.isascii() and d.isdigit() and len(d) <= 12)
    if not known:
        given = shown(", ".join(tags))
        raise Moved(f"If-Match {given} names no generation or revision; send its number")
    return known


def _accepted(view: TenantView, response: Response, deps: ApiDependencies) -> dict[str, Any]:
    deps.steward.signal()
    _tag(response, view.tenant.generation)
    return _shown(view, deps)


def _shown(view: TenantView, deps: ApiDependencies) -> dict[str, Any]:
    blueprint = deps.repository.blueprint(view.revision)
    return present.tenant(view, blueprint, deps.settings)


def _tag(response: Response, generation: int) -> None:
    response.headers["ETag"] = f'"{generation}"'


async def _wait(
    request: Request, view: TenantView, phase: str, seconds: float, deps: ApiDependencies
) -> TenantView:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    slug, first = request.path_params["slug"], view.tenant.id
    while True:
        seen = await deps.watcher.now()
        view = await _still(slug, first, deps)
        if present.has_reached(view, phase) or present.cannot_reach(view, phase):
            return view
        left = deadline - loop.time()
        if left <= 0 or await request.is_disconnected():
            return view
        await deps.watcher.beyond(seen, min(left, LOOK_SECONDS))


async def _still(slug: str, tenant: str, deps: ApiDependencies) -> TenantView:
    """The tenant with this id as it is now. Raises NotFound, also where the slug was given away
    meanwhile: its new tenant is none of the caller's."""
    view = await deps.repository.tenants.get(slug)
    if view.tenant.id != tenant:
        raise NotFound("the tenant that this waited for is gone; its slug is another's now")
    return view


def _once(
    request: Request, body: dict[str, Any], caller: str, deps: ApiDependencies
) -> Once | None:
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not 1 <= len(key) <= 255 or not key.isprintable():
        detail = "An Idempotency-Key has 1 to 255 printable characters."
        raise Invalid([Problem("", "bad_idempotency_key", detail, "Use a UUID.")])
    # The same document is the same request, in whichever order a client's library writes it. Keyed:
    # it may hold secrets, and short ones could be guessed from a bare digest.
    document = json.dumps(body, sort_keys=True).encode()
    digest = hmac.new(deps.digest_key, document, hashlib.sha256).hexdigest()
    return Once(caller, key, digest, lambda view: _shown(view, deps))


def _cursor(slug: str) -> str:
    return base64.urlsafe_b64encode(slug.encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> str:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        detail = "This cursor is none of ours."
        hint = "Send the `next` of the page before."
        raise Invalid([Problem("/cursor", "bad_cursor", detail, hint)]) from None

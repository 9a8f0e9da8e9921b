"""/tenants/SLUG/access and /secrets: what opens doors. Every answer with a secret in it is given
once, is recorded in the audit log, and is kept by nobody."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from stateroom.api import present
from stateroom.api.answers import AccessOut, SecretsOut
from stateroom.api.bodies import accepts, as_model, json_object, model_of
from stateroom.api.dependencies import ApiDependencies, Deps
from stateroom.api.keys import OperatorOf
from stateroom.api.sent import NothingIn, SecretIn
from stateroom.api.tenants import if_match
from stateroom.domain.environment import secret_value_problem
from stateroom.domain.names import environment_problem
from stateroom.domain.pointer import pointer
from stateroom.errors import Away, Invalid
from stateroom.store.records import TenantView
from stateroom.store.sealing import Redacted
from stateroom.store.tenant_create import NewSecret

router = APIRouter(prefix="/tenants/{slug}", tags=["access"])


@router.get("/access", response_model=AccessOut)
async def access(slug: str, deps: Deps, caller: OperatorOf) -> Any:
    """The tenant's API token and a one-time link that signs a browser in. Audited."""
    view = await deps.repository.tenants.get(slug)
    given = await deps.steward.access(view.tenant.id)
    await deps.repository.tenants.note_access(slug, caller.name)
    return _shown(view, given.api_token, given.ticket, deps)


@router.post(
    "/access/rotate",
    response_model=AccessOut,
    openapi_extra=accepts(NothingIn, required=False),
)
async def rotate(slug: str, request: Request, deps: Deps, _caller: OperatorOf) -> Any:
    """Replace the API token; the old one stops working within a second. Audited."""
    await model_of(request, NothingIn)
    view, token = await deps.repository.tenants.rotate(slug, if_match(request))
    deps.steward.signal()
    try:
        ticket: Redacted | None = (await deps.steward.access(view.tenant.id)).ticket
    except Away:
        # The token is replaced already; only the link needs the steward.
        ticket = None
    return _shown(view, token, ticket, deps)


@router.get("/secrets", response_model=SecretsOut)
async def list_secrets(slug: str, deps: Deps, _caller: OperatorOf) -> Any:
    """Names and times; no call ever answers a value."""
    found = await deps.repository.secrets.all(slug)
    return {"items": [present.secret(record) for record in found]}


@router.put("/secrets/{name}", status_code=204, openapi_extra=accepts(SecretIn))
async def set_secret(
    slug: str, name: str, request: Request, deps: Deps, _caller: OperatorOf
) -> Response:
    """Set a secret. `as` counts where the blueprint does not say how it reaches the runtime."""
    sent = await json_object(request)
    try:
        body = as_model(sent, SecretIn)
        if problem := secret_value_problem(name, body.value, "/value"):
            raise Invalid([problem])
    except Invalid as error:
        # Together with what is wrong with its name.
        misnamed = environment_problem(name, pointer("secrets", name))
        raise Invalid((*error.problems, *([misnamed] if misnamed else ()))) from None
    new = NewSecret(Redacted(body.value), body.as_)
    await deps.repository.secrets.set(slug, name, new, if_match(request))
    deps.steward.signal()
    return Response(status_code=204)


@router.delete("/secrets/{name}", status_code=204)
async def unset_secret(
    slug: str, name: str, request: Request, deps: Deps, _caller: OperatorOf
) -> Response:
    """Remove a secret."""
    await json_object(request)
    await deps.repository.secrets.unset(slug, name, if_match(request))
    deps.steward.signal()
    return Response(status_code=204)


def _shown(
    view: TenantView, token: Redacted, ticket: Redacted | None, deps: ApiDependencies
) -> dict[str, Any]:
    url = deps.settings.tenant_url(view.tenant.slug)
    link = None
    if ticket is not None:
        link = f"{url}.stateroom/enter?ticket={ticket.reveal()}"
    return {"url": url, "api_token": token.reveal(), "open_url": link}

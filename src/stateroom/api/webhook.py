"""/webhook: where the operator is told when a tenant becomes ready or fails.

The form is that of Standard Webhooks (docs/howto/webhook.md). The steward sends; here it is only
set.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response

from stateroom.api import present
from stateroom.api.answers_console import WebhookSet
from stateroom.api.answers_installation import WebhookOut
from stateroom.api.bodies import accepts, model_of
from stateroom.api.dependencies import Deps
from stateroom.api.keys import Operator
from stateroom.api.sent import NothingIn, WebhookIn
from stateroom.errors import Invalid, Problem
from stateroom.store.webhook import WebhookRecord

router = APIRouter(prefix="/webhook", tags=["webhook"])


@router.get("", response_model=WebhookOut | None)
async def show(deps: Deps, _caller: Operator) -> Any:
    """The webhook, null where there is none. Its secret is never answered."""
    return shown(await deps.repository.webhooks.get())


@router.put(
    "",
    response_model=WebhookSet,
    response_model_exclude_unset=True,
    openapi_extra=accepts(WebhookIn),
)
async def put(request: Request, deps: Deps, _caller: Operator) -> Any:
    """Set the webhook. The first time, and with `rotate`, it answers the new secret, once."""
    body = await model_of(request, WebhookIn)
    if detail := address_problem(body.url):
        raise Invalid([Problem("/url", "bad_url", detail, _LIKE)])
    hook, secret = await deps.repository.webhooks.put(body.url, body.events, rotate=body.rotate)
    answer = shown(hook)
    assert answer is not None
    return answer if secret is None else {**answer, "secret": secret.reveal()}


@router.delete("", status_code=204)
async def delete(deps: Deps, _caller: Operator) -> Response:
    """Remove the webhook, with what it still had to tell."""
    await deps.repository.webhooks.delete()
    return Response(status_code=204)


@router.post("/test", status_code=202, openapi_extra=accepts(NothingIn, required=False))
async def test(request: Request, deps: Deps, _caller: Operator) -> Response:
    """Have a message sent that means nothing; `last` says within seconds what came of it."""
    await model_of(request, NothingIn)
    await deps.repository.webhooks.test()
    return Response(status_code=202)


def shown(hook: WebhookRecord | None) -> dict[str, Any] | None:
    if hook is None:
        return None
    last = None
    if hook.last_at:
        last = {
            "at": present.moment(hook.last_at),
            "status": hook.last_status,
            "detail": hook.last_detail,
        }
    return {
        "url": hook.url,
        "events": list(hook.events),
        "has_secret": True,
        "last": last,
        "waiting": hook.waiting,
        "dead": hook.dead,
    }


_LIKE = "Write it like https://example.com/hooks/stateroom."


def address_problem(url: str) -> str:
    """Why this cannot be a webhook's address, "" for nothing. It is the operator's own, so it may
    lead anywhere, this machine included; what it holds is shown to whoever reads the settings, so
    it holds no password."""
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return "The address holds characters that do not belong there."
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "The address cannot be read."
    if parts.scheme not in ("http", "https") or not host or port == 0:
        return "The address begins with https:// or http:// and a host."
    if parts.username is not None or parts.password is not None:
        return "The address holds no password: a message proves itself by its signature."
    if parts.fragment or url.endswith("#"):
        return "The address holds no fragment: nobody is sent one."
    return ""

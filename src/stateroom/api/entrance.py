"""A tenant's reserved path `/.stateroom/`: where a one-time link becomes a signed cookie.

The edge sends it here and names the tenant; the ticket alone decides, and the steward checks
it. The cookie is the edge's to verify: here it is only set and cleared.
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from stateroom.api.errors import on_http_error
from stateroom.api.pages import HEADERS, page
from stateroom.api.steward_client import StewardClient
from stateroom.errors import Away, Denied, NotFound

COOKIE = "__Host-stateroom"
_SCOPE = "Path=/; Secure; HttpOnly; SameSite=Lax"


def tenant_app(steward: StewardClient) -> Starlette:
    """Everything that answers under a tenant's own host."""

    async def enter(request: Request) -> Response:
        # A look ahead (HEAD, prefetch) must not use the link up.
        if request.method != "GET" or "prefetch" in request.headers.get("sec-purpose", ""):
            return Response(status_code=405, headers={"Allow": "GET", **HEADERS})
        tenant = request.headers.get("x-stateroom-tenant", "")
        try:
            session = await steward.session(tenant, request.query_params.get("ticket", ""))
        except (Denied, NotFound):
            return _used_up()
        except Away:
            return _away()
        cookie = f"{COOKIE}={session.cookie.reveal()}; {_SCOPE}; Max-Age={session.max_age}"
        return RedirectResponse("/", 303, {**HEADERS, "Set-Cookie": cookie})

    async def leave(_request: Request) -> Response:
        left = page("You are signed out", "Ask for a new link to come back.")
        left.headers["Set-Cookie"] = f"{COOKIE}=; {_SCOPE}; Max-Age=0"
        return left

    async def nothing(_request: Request, _error: Exception) -> Response:
        return page("There is nothing here", "This address is reserved.", status=404)

    return Starlette(
        routes=[Route("/.stateroom/enter", enter), Route("/.stateroom/leave", leave)],
        exception_handlers={404: nothing, 405: on_http_error},
    )


def _used_up() -> Response:
    return page(
        "This link does not work any more",
        "A link signs one browser in, once, within 60 seconds.",
        "Ask whoever gave it to you for a new one: `stateroom tenants open SLUG`.",
        status=403,
    )


def _away() -> Response:
    answer = page(
        "One moment", "Signing in is not possible just now. Open the same link again.", status=503
    )
    answer.headers["Retry-After"] = "2"
    return answer

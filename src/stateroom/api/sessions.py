"""/session and /session-links: signing a browser in to the console, and out again.

A link carries its code behind a `#`, which browsers send to nobody: it stands in no log.
"""

from __future__ import annotations

import math
from typing import Any, NoReturn

from fastapi import APIRouter, Request, Response

from stateroom.api import browsers, present
from stateroom.api.answers_console import SessionLinkOut, SessionOut
from stateroom.api.bodies import accepts, model_of
from stateroom.api.dependencies import ApiDependencies, Deps
from stateroom.api.errors import SessionExpired, TooMany, Unauthorized, WrongMedia
from stateroom.api.front import host_of
from stateroom.api.keys import Operator
from stateroom.api.sent import NothingIn, SessionIn
from stateroom.errors import Denied, Invalid, Problem
from stateroom.store.sessions import SESSION_SECONDS, ConsoleSession

router = APIRouter(tags=["sessions"])

LARGEST_SIGN_IN = 4096
"""Bytes of the one body that is read before anybody has shown who they are."""
_SCOPE = "Path=/; Secure; HttpOnly; SameSite=Strict"


@router.post(
    "/session-links",
    status_code=201,
    response_model=SessionLinkOut,
    openapi_extra=accepts(NothingIn, required=False),
)
async def make_link(request: Request, deps: Deps, _caller: Operator) -> Any:
    """A link that signs one browser in to the console, once, within 15 minutes."""
    await model_of(request, NothingIn)
    link = await deps.repository.sessions.new_link()
    return {
        "url": f"{deps.settings.console_origin}/sign-in#{link.code.reveal()}",
        "code": link.code.reveal(),
        "expires_at": present.moment(link.expires_at),
    }


@router.post("/session", response_model=SessionOut, openapi_extra=accepts(SessionIn))
async def sign_in(request: Request, response: Response, deps: Deps) -> Any:
    """Sign this browser in: `code` of a link, or the admin `key`. Needs no key otherwise; wrong
    ones are limited."""
    _must_be_the_console(request, deps)
    body = await model_of(request, SessionIn, LARGEST_SIGN_IN)
    if (body.code is None) == (body.key is None):
        raise Invalid([Problem("", "one_of", "Send code or key.", "A link holds a code.")])
    session = await _entered(body, _token_until_now(request), deps)
    response.headers["Set-Cookie"] = (
        f"{browsers.COOKIE}={session.token.reveal()}; {_SCOPE}; Max-Age={SESSION_SECONDS}"
    )
    return {"expires_at": present.moment(session.expires_at)}


@router.get("/session", response_model=SessionOut)
async def show(deps: Deps, caller: Operator) -> Any:
    """Until when this browser is signed in."""
    expires_at = None
    if caller.session:
        expires_at = await deps.repository.sessions.expiry(caller.session, deps.admin.mark)
    if expires_at is None:
        raise Unauthorized("this call is for a browser that is signed in to the console")
    return {"expires_at": present.moment(expires_at)}


@router.delete("/session", status_code=204)
async def sign_out(deps: Deps, caller: Operator) -> Response:
    """Sign this browser out."""
    if caller.session:
        await deps.repository.sessions.end(caller.session)
    gone = f"{browsers.COOKIE}=; {_SCOPE}; Max-Age=0"
    return Response(status_code=204, headers={"Set-Cookie": gone})


def _must_be_the_console(request: Request, deps: ApiDependencies) -> None:
    """Signing in sets a cookie: nobody else's page may do that to a browser. Raises Denied,
    WrongMedia."""
    origins = request.headers.getlist("origin")
    site = request.headers.get("sec-fetch-site", "same-origin")
    here = host_of(request.scope) == deps.settings.console_host.lower()
    if origins != [deps.settings.console_origin] or site != "same-origin" or not here:
        raise Denied(
            f"a browser signs in at {deps.settings.console_origin}/sign-in; programs send a key"
            " as Authorization: Bearer KEY"
        )
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/json":
        raise WrongMedia("this call takes application/json; set the Content-Type header")


def _token_until_now(request: Request) -> str:
    try:
        return browsers.sent_token(request.scope)
    except SessionExpired:
        return ""


async def _entered(body: SessionIn, before: str, deps: ApiDependencies) -> ConsoleSession:
    """Raises Unauthorized, TooMany."""
    sessions, attempts, mark = deps.repository.sessions, deps.attempts, deps.admin.mark
    if body.code is not None:
        session = await sessions.enter_by_link(body.code, mark, before)
        if session is None:
            _refuse(attempts.was_wrong(), _BAD_LINK)
        return session
    # A key is not even looked at: whoever is too fast learns nothing.
    if pause := attempts.pause():
        _refuse(pause, _BAD_KEY)
    if body.key is None or not deps.admin.is_it(body.key):
        _refuse(attempts.was_wrong(), _BAD_KEY)
    return await sessions.enter(mark, before)


_BAD_LINK = (
    "this link does not work any more: it is good once, for 15 minutes; `stateroom console` makes"
    " a new one"
)
_BAD_KEY = "this is not the admin key; check that it is whole"


def _refuse(pause: float, otherwise: str) -> NoReturn:
    if pause:
        raise TooMany(
            "there were too many wrong attempts to sign in; wait as long as Retry-After says, or"
            " open a link that `stateroom console` makes",
            after=math.ceil(pause),
        )
    raise Unauthorized(otherwise)

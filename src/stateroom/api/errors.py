"""The only place that turns an error into an HTTP answer: problem+json (RFC 9457), always.

What was sent is never repeated as a whole, a stack trace never leaves the process, and every
problem of a request is told at once in `errors[]`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Match

from stateroom.api.heads import streams
from stateroom.errors import (
    Away,
    Conflict,
    Denied,
    EngineError,
    Invalid,
    Moved,
    NoCapacity,
    NotFound,
    Problem,
    StateroomError,
)

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 2

_HINT = "Change it to what this says, and send it again."
"""Where a problem's own sentence says all that there is to do."""


class Unauthorized(StateroomError):
    """This call needs a key: send `Authorization: Bearer KEY`."""


class SessionExpired(Unauthorized):
    """This browser is not signed in any more; sign in again."""


class TooMany(StateroomError):
    """There were too many. after: seconds until the next one is looked at."""

    def __init__(self, message: str, after: int) -> None:
        super().__init__(message)
        self.after = after


class TooLarge(StateroomError):
    """The body is too large."""


class TooSlow(StateroomError):
    """The body did not arrive in time; send it again."""


class Crowded(StateroomError):
    """There are too many large bodies on their way at once; send this one again in a moment."""


class WrongMedia(StateroomError):
    """The body's Content-Type is not one that this call takes."""


class NotYet(StateroomError):
    """This comes later."""


STATUS: tuple[tuple[type[StateroomError], int], ...] = (
    (Unauthorized, 401),
    (Denied, 403),
    (NotFound, 404),
    (Moved, 412),
    (Conflict, 409),
    (TooSlow, 408),
    (TooLarge, 413),
    (WrongMedia, 415),
    (Invalid, 422),
    (TooMany, 429),
    (NotYet, 501),
    (Away, 503),
    (Crowded, 503),
    (EngineError, 503),
    (NoCapacity, 507),
)
"""The first line that fits counts: a class stands before the one that it is a case of."""


TYPES: tuple[tuple[type[StateroomError], str], ...] = (
    (SessionExpired, "urn:stateroom:problem:session-expired"),
)
"""What a program tells apart although its status is another's, too."""


class ProblemResponse(JSONResponse):
    media_type = MEDIA_TYPE


def answer(error: StateroomError) -> ProblemResponse:
    body = document_of(error)
    return ProblemResponse(body, body["status"], _headers(body["status"], error))


def document_of(error: StateroomError) -> dict[str, Any]:
    """The problem document of an error."""
    status = next((code for kind, code in STATUS if isinstance(error, kind)), 500)
    if isinstance(error, Invalid):
        # Made of sentences already, and one that begins with a field's name begins small.
        return _document(status, error.message, error.problems)
    detail = sentence(error.message) if status != 500 else _UNEXPECTED
    name = next((name for kind, name in TYPES if isinstance(error, kind)), "about:blank")
    return {**_document(status, detail), "type": name}


def problem(
    status: int, detail: str, *, headers: Mapping[str, str] | None = None
) -> ProblemResponse:
    return ProblemResponse(_document(status, detail), status, dict(headers or {}))


def _document(status: int, detail: str, problems: Sequence[Problem] = ()) -> dict[str, Any]:
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": _title(status),
        "status": status,
        "detail": detail,
    }
    if problems:
        body["errors"] = [shown(entry) for entry in problems]
    return body


def shown(entry: Problem) -> dict[str, Any]:
    """A problem as `errors[]` has it."""
    told: dict[str, Any] = {
        "pointer": entry.pointer,
        "code": entry.code,
        "detail": entry.detail,
        "hint": entry.hint or _HINT,
    }
    if entry.block is not None:
        told["block"] = entry.block
    if entry.link is not None:
        told["link"] = list(entry.link)
    return told


def sentence(message: str) -> str:
    """Messages inside the program begin small; people read sentences."""
    begun = message[:1].upper() + message[1:]
    return begun if begun.endswith((".", "!", "?")) else f"{begun}."


async def on_stateroom_error(_request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, StateroomError)
    return answer(error)


async def on_http_error(request: Request, error: Exception) -> ProblemResponse:
    """What the router itself refuses: no such path, or not with this method."""
    assert isinstance(error, HTTPException)
    details = {
        404: "There is nothing at this address. The calls are listed in /api/v1/openapi.json.",
        405: f"{request.method} is not possible here.",
    }
    detail = details.get(error.status_code, sentence(str(error.detail)))
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(_methods(request))
    return problem(error.status_code, detail, headers=headers)


def _methods(request: Request) -> list[str]:
    """Those that are possible at this address: the router itself names only its first route's."""
    found = {
        method
        for method in ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
        if any(
            route.matches({**request.scope, "method": method})[0] is Match.FULL
            for route in request.app.routes
        )
    }
    if "GET" in found and not streams(request.scope["path"]):
        found.add("HEAD")
    return sorted(found)


async def on_unexpected(_request: Request, _error: Exception) -> ProblemResponse:
    """The trace goes to the log of the server alone."""
    return problem(500, _UNEXPECTED)


_UNEXPECTED = "Something went wrong inside Stateroom; its log says what. Nothing was half done."


def _headers(status: int, error: StateroomError) -> dict[str, str]:
    if status == 401:
        return {"WWW-Authenticate": 'Bearer realm="stateroom"'}
    if isinstance(error, TooMany):
        return {"Retry-After": str(error.after)}
    return {"Retry-After": str(RETRY_SECONDS)} if status == 503 else {}


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"

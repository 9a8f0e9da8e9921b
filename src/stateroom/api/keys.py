"""Who is calling: the operator by the admin key or by a browser's session, or a tenant by its own
API token.

The api holds only the admin key's SHA-256. Whoever has no valid key is told so before anything
else, also where there is nothing: an outsider learns no path of ours.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Protocol

from fastapi import Depends, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from stateroom.api.errors import Unauthorized, answer
from stateroom.api.in_flight import InFlight
from stateroom.api.watched import Over, Watched
from stateroom.errors import Denied, NotFound, StateroomError

PREFIX = "/api/v1"
_OPEN = frozenset({f"{PREFIX}/health"})
_SIGN_IN = ("POST", f"{PREFIX}/session")
"""Needs no key: it is how one is shown."""


@dataclass(frozen=True, slots=True)
class Caller:
    """tenant, slug: whose key it is, "" for the operator's. session: the token of the browser's
    session, "" for a program with a key."""

    tenant: str = ""
    slug: str = ""
    session: str = field(default="", repr=False)

    @property
    def is_operator(self) -> bool:
        return not self.tenant

    @property
    def name(self) -> str:
        return self.tenant or ("console" if self.session else "admin")


class Tokens(Protocol):
    async def by_token(self, token: str) -> tuple[str, str] | None:
        """(id, slug) of the tenant whose API token this is."""
        ...


class Browsers(Protocol):
    async def caller(self, scope: Scope) -> Caller:
        """Who is behind a request without a key. Raises Unauthorized, Denied."""
        ...


class AdminKey:
    """The hash lies in a file, so that a new key is in force without a restart."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def mark(self) -> str:
        """Another one for another key: what was given out under a key ends with it. "" for no key
        at all."""
        kept = self._kept()
        return hashlib.sha256(kept.encode()).hexdigest() if kept else ""

    def is_it(self, key: str) -> bool:
        kept = self._kept()
        if not kept:
            return False
        given = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
        return hmac.compare_digest(kept.encode(), given.encode())

    def _kept(self) -> str:
        try:
            return self._path.read_text().strip().lower()
        except FileNotFoundError:
            return ""


class KeyCheck:
    """ASGI: lets nobody through to the API without a key or a session, and notes who it is. An
    answer that lasts ends with the key or session. clock: seconds."""

    def __init__(
        self,
        app: ASGIApp,
        admin: AdminKey,
        tenants: Tokens,
        browsers: Browsers,
        clock: Callable[[], float],
    ) -> None:
        self._app = app
        self._admin = admin
        self._tenants = tenants
        self._browsers = browsers
        self._clock = clock
        self._in_flight = InFlight()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _is_guarded(scope):
            await self._app(scope, receive, send)
            return
        with ExitStack() as under_way:
            try:
                caller = await self._caller(scope)
                under_way.enter_context(self._in_flight.one_of(caller.tenant))
            except StateroomError as error:
                await answer(error)(scope, receive, send)
                return
            scope.setdefault("state", {})["caller"] = caller
            watched = Watched(send, lambda: self._is_still(caller, scope), self._clock)
            with suppress(Over):
                await self._app(scope, receive, watched.send)

    async def _is_still(self, caller: Caller, scope: Scope) -> bool:
        """Whether the same request, sent again, would be this caller's."""
        try:
            return await self._caller(scope) == caller
        except Unauthorized:
            return False

    async def _caller(self, scope: Scope) -> Caller:
        given = [value for name, value in scope["headers"] if name == b"authorization"]
        if not given:
            return await self._browsers.caller(scope)
        kind, _, key = given[0].decode("latin-1").strip().partition(" ")
        key = key.strip()
        if len(given) > 1 or kind.lower() != "bearer" or not key:
            raise Unauthorized
        if self._admin.is_it(key):
            return Caller()
        found = await self._tenants.by_token(key)
        if found is None:
            raise Unauthorized("this key is not valid; check that it is whole and still in force")
        return Caller(*found)


def _is_guarded(scope: Scope) -> bool:
    path = scope.get("path", "")
    ours = path == PREFIX or path.startswith(f"{PREFIX}/")
    return ours and path not in _OPEN and (scope["method"], path) != _SIGN_IN


def caller_of(request: Request) -> Caller:
    caller = getattr(request.state, "caller", None)
    if not isinstance(caller, Caller):
        raise Unauthorized
    return caller


def operator(request: Request) -> Caller:
    """For calls that are the operator's. Raises Denied."""
    caller = caller_of(request)
    if not caller.is_operator:
        raise Denied("a tenant's key may not do this; it is the operator's")
    return caller


def own_tenant(slug: str, request: Request) -> Caller:
    """For calls that a tenant may make for itself: another's is not there at all."""
    caller = caller_of(request)
    if not caller.is_operator and caller.slug != slug:
        raise NotFound("there is no such tenant")
    return caller


def operator_of(slug: str, request: Request) -> Caller:
    """For the operator's calls on one tenant: to a tenant's key, its own is forbidden, another's
    is not there."""
    own_tenant(slug, request)
    return operator(request)


CallerOf = Annotated[Caller, Depends(own_tenant)]
OperatorOf = Annotated[Caller, Depends(operator_of)]
Operator = Annotated[Caller, Depends(operator)]

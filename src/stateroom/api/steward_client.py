"""The api's line to the steward: a few calls over its Unix socket, short deadlines, no retries.

A steward that is away is told as Away; only what needs it fails then.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, Protocol
from urllib.parse import quote

from stateroom.api.unix_http import Broken, Exchange, call
from stateroom.domain.runtime import AGENT
from stateroom.errors import Away, Denied, Invalid, NotFound, Problem
from stateroom.store.sealing import Redacted

log = logging.getLogger(__name__)

SIGNAL_SECONDS = 2.0
CALL_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Access:
    """ticket: one-time, for a browser."""

    api_token: Redacted
    ticket: Redacted


@dataclass(frozen=True, slots=True)
class Session:
    """max_age: seconds."""

    cookie: Redacted
    max_age: int


class StewardClient(Protocol):
    """Every call but `signal` raises Away when the steward does not answer."""

    def signal(self) -> None:
        """Desired state changed. Never fails and never waits: a lost signal costs no more than
        the time until the steward's own timer."""
        ...

    async def access(self, tenant: str) -> Access: ...

    async def session(self, tenant: str, ticket: str) -> Session:
        """Raises Denied for a ticket that is bad, used or too old."""
        ...

    async def logs(
        self, tenant: str, tail: int, follow: bool, role: str = AGENT
    ) -> AsyncIterator[str]:
        """Lines, oldest first, of the agent or of a service. Comes back once the steward has
        begun to answer."""
        ...

    async def usage(self, tenant: str) -> Mapping[str, Any]: ...

    async def plan(self, tenant: str = "") -> Mapping[str, Any]: ...

    async def preview(
        self, blueprint: str, document: Any, tenants: Sequence[str] | None = None, canary: str = ""
    ) -> Mapping[str, Any]: ...

    async def status(self) -> Mapping[str, Any]: ...

    async def close(self) -> None: ...


class SocketSteward:
    """The real one."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._signal: asyncio.Task[None] | None = None
        self._again = False

    def signal(self) -> None:
        """Signals that come while one is under way become one more."""
        if self._signal is not None and not self._signal.done():
            self._again = True
            return
        self._signal = asyncio.create_task(self._signals())

    async def _signals(self) -> None:
        while True:
            self._again = False
            try:
                await call(self._socket, "POST", "/signal", b"", SIGNAL_SECONDS)
            except Broken:
                log.info("the steward was not signalled", extra={"action": "signal_lost"})
            if not self._again:
                return

    async def access(self, tenant: str) -> Access:
        found = await self._call("GET", _path("access", tenant))
        return Access(Redacted(found["api_token"]), Redacted(found["ticket"]))

    async def session(self, tenant: str, ticket: str) -> Session:
        found = await self._call("POST", "/session", {"ticket": ticket, "tenant": tenant})
        return Session(Redacted(found["cookie"]), int(found["max_age"]))

    async def usage(self, tenant: str) -> Mapping[str, Any]:
        return await self._call("GET", _path("usage", tenant))

    async def plan(self, tenant: str = "") -> Mapping[str, Any]:
        return await self._call("GET", "/plan" + (f"?tenant={quote(tenant)}" if tenant else ""))

    async def preview(
        self, blueprint: str, document: Any, tenants: Sequence[str] | None = None, canary: str = ""
    ) -> Mapping[str, Any]:
        sent = {"blueprint": blueprint, "document": document, "tenants": tenants, "canary": canary}
        return await self._call("POST", "/plan", sent)

    async def status(self) -> Mapping[str, Any]:
        return await self._call("GET", "/status")

    async def logs(
        self, tenant: str, tail: int, follow: bool, role: str = AGENT
    ) -> AsyncIterator[str]:
        target = _path("logs", tenant) + f"?tail={tail}&follow={int(follow)}&role={role}"
        try:
            exchange = await Exchange.open(self._socket)
            try:
                async with asyncio.timeout(CALL_SECONDS):
                    status = await exchange.begin("GET", target, b"")
                    if status != 200:
                        _refuse(status, await exchange.whole())
            except BaseException:
                exchange.close()
                raise
        except (Broken, TimeoutError) as error:
            raise _away() from error
        return _lines(exchange)

    async def close(self) -> None:
        if self._signal is not None:
            self._signal.cancel()
            await asyncio.gather(self._signal, return_exceptions=True)

    async def _call(self, method: str, target: str, body: object = None) -> Mapping[str, Any]:
        sent = b"" if body is None else json.dumps(body).encode()
        try:
            status, answer = await call(self._socket, method, target, sent, CALL_SECONDS)
        except Broken as error:
            raise _away() from error
        if status != 200:
            _refuse(status, answer)
        found = _object(answer)
        if found is None:
            raise _away()
        return found


async def _lines(exchange: Exchange) -> AsyncIterator[str]:
    """Split at newlines alone: a log line may hold any other separator."""
    rest = b""
    try:
        async for part in exchange.parts():
            *whole, rest = (rest + part).split(b"\n")
            for line in whole:
                yield line.decode(errors="replace")
        if rest:
            yield rest.decode(errors="replace")
    except Broken:
        # The steward ended in the middle: the reader connects again.
        return
    finally:
        exchange.close()


def _path(call_name: str, tenant: str) -> str:
    return f"/{call_name}/{quote(tenant, safe='')}"


def _refuse(status: int, answer: bytes) -> NoReturn:
    told = _object(answer) or {}
    detail = str(told.get("detail", ""))
    if status == 403:
        raise Denied(detail)
    if status == 404:
        raise NotFound(detail)
    if status == 422:
        problems = [_problem(each) for each in told.get("errors", ())]
        raise Invalid(problems or [Problem("", "invalid", detail)], detail)
    raise Away(detail) if status == 503 and detail else _away()


def _problem(raw: Mapping[str, Any]) -> Problem:
    """As the steward sent it: JSON has no tuples."""
    link = raw["link"]
    return Problem(**{**raw, "link": tuple(link) if link else None})


def _object(answer: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(answer)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _away() -> Away:
    return Away(
        "the steward does not answer just now; everything that needs no runtime still works."
        " Try again in a moment"
    )

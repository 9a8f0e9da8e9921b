"""The api's line to the steward: a few calls over its Unix socket, short deadlines, no retries.

A steward that is away is told as Away; only what needs it fails then.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import httpx

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

    async def logs(self, tenant: str, tail: int, follow: bool) -> AsyncIterator[str]:
        """Lines, oldest first. Comes back once the steward has begun to answer."""
        ...

    async def usage(self, tenant: str) -> Mapping[str, Any]: ...

    async def plan(self, tenant: str = "") -> Mapping[str, Any]: ...

    async def preview(self, blueprint: str, document: Any) -> Mapping[str, Any]: ...

    async def status(self) -> Mapping[str, Any]: ...

    async def close(self) -> None: ...


class SocketSteward:
    """The real one."""

    def __init__(self, socket: Path) -> None:
        self._http = httpx.AsyncClient(
            transport=httpx.AsyncHTTPTransport(uds=str(socket)),
            base_url="http://steward",
            timeout=httpx.Timeout(CALL_SECONDS, connect=SIGNAL_SECONDS),
        )
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
                await self._http.post("/signal", timeout=SIGNAL_SECONDS)
            except httpx.HTTPError:
                log.info("the steward was not signalled", extra={"action": "signal_lost"})
            if not self._again:
                return

    async def access(self, tenant: str) -> Access:
        found = await self._call("GET", f"/access/{tenant}")
        return Access(Redacted(found["api_token"]), Redacted(found["ticket"]))

    async def session(self, tenant: str, ticket: str) -> Session:
        found = await self._call("POST", "/session", {"ticket": ticket, "tenant": tenant})
        return Session(Redacted(found["cookie"]), int(found["max_age"]))

    async def usage(self, tenant: str) -> Mapping[str, Any]:
        return await self._call("GET", f"/usage/{tenant}")

    async def plan(self, tenant: str = "") -> Mapping[str, Any]:
        return await self._call("GET", "/plan", params={"tenant": tenant} if tenant else None)

    async def preview(self, blueprint: str, document: Any) -> Mapping[str, Any]:
        body = {"blueprint": blueprint, "document": document}
        return await self._call("POST", "/plan", body)

    async def status(self) -> Mapping[str, Any]:
        return await self._call("GET", "/status")

    async def logs(self, tenant: str, tail: int, follow: bool) -> AsyncIterator[str]:
        request = self._http.build_request(
            "GET",
            f"/logs/{tenant}",
            params={"tail": tail, "follow": int(follow)},
            # Who follows may wait for the next line for hours.
            timeout=httpx.Timeout(None if follow else CALL_SECONDS, connect=SIGNAL_SECONDS),
        )
        try:
            response = await self._http.send(request, stream=True)
        except httpx.HTTPError as error:
            raise _away() from error
        if not response.is_success:
            await response.aread()
            await response.aclose()
            _refuse(response)
        return _lines(response)

    async def close(self) -> None:
        if self._signal is not None:
            self._signal.cancel()
            await asyncio.gather(self._signal, return_exceptions=True)
        await self._http.aclose()

    async def _call(
        self,
        method: str,
        path: str,
        body: object = None,
        params: Mapping[str, str] | None = None,
    ) -> Mapping[str, Any]:
        try:
            response = await self._http.request(method, path, json=body, params=params)
        except httpx.HTTPError as error:
            raise _away() from error
        if not response.is_success:
            _refuse(response)
        found = response.json()
        if not isinstance(found, dict):
            raise _away()
        return found


async def _lines(response: httpx.Response) -> AsyncIterator[str]:
    """Split at newlines alone: a log line may hold any other separator."""
    rest = b""
    try:
        async for part in response.aiter_bytes():
            *whole, rest = (rest + part).split(b"\n")
            for line in whole:
                yield line.decode(errors="replace")
        if rest:
            yield rest.decode(errors="replace")
    except httpx.HTTPError:
        # The steward ended in the middle: the reader connects again.
        return
    finally:
        await response.aclose()


def _refuse(response: httpx.Response) -> None:
    detail = _detail(response)
    if response.status_code == 403:
        raise Denied(detail)
    if response.status_code == 404:
        raise NotFound(detail)
    if response.status_code == 422:
        raise Invalid([Problem("", "invalid", detail)])
    raise Away(detail) if response.status_code == 503 and detail else _away()


def _detail(response: httpx.Response) -> str:
    try:
        found = response.json()
    except ValueError:
        return ""
    return str(found.get("detail", "")) if isinstance(found, dict) else ""


def _away() -> Away:
    return Away(
        "the steward does not answer just now; everything that needs no runtime still works."
        " Try again in a moment"
    )

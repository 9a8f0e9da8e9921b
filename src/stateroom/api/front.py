"""The first thing a request meets: which host it names decides which application answers.

Loopback is reachable from every browser on the machine: a page whose name is bound anew to
127.0.0.1 would speak to us under its own name, so a name that is not ours gets nothing.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stateroom.api.errors import problem

log = logging.getLogger("stateroom.api.access")

LOOPBACK = ("127.0.0.1", "localhost", "::1")
RESERVED = "/.stateroom/"


class Front:
    """ASGI: `console` for the console's host and loopback, `tenant` for the reserved path of
    tenants' hosts, 404 for the rest. Notes each request without its query: links carry
    tickets there."""

    def __init__(
        self, console: ASGIApp, tenant: ASGIApp, console_host: str, tenant_domain: str
    ) -> None:
        self._console = console
        self._tenant = tenant
        self._hosts = {console_host.lower(), *LOOPBACK}
        self._domain = f".{tenant_domain.lower()}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._console(scope, receive, send)
        elif scope["type"] == "http":
            app = self._choose(scope)
            await app(scope, receive, _noted(scope, send, time.monotonic))
        else:
            await send({"type": "websocket.close", "code": 1008})

    def _choose(self, scope: Scope) -> ASGIApp:
        host = host_of(scope)
        if host in self._hosts:
            return self._console
        named = any(name == b"x-stateroom-tenant" for name, _ in scope["headers"])
        reserved = scope["path"].startswith(RESERVED)
        if host.endswith(self._domain) and named and reserved:
            return self._tenant
        return problem(404, "There is nothing at this address.")


def host_of(scope: Scope) -> str:
    """Lower case, without port and last dot; "" for none or several."""
    given = [value for name, value in scope["headers"] if name == b"host"]
    if len(given) != 1:
        return ""
    host: str = given[0].decode("latin-1").strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].removesuffix(".")


def _noted(scope: Scope, send: Send, clock: Callable[[], float]) -> Send:
    began = clock()
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    path = raw.partition(b"?")[0].decode("ascii", "backslashreplace")

    async def noting(message: Message) -> None:
        if message["type"] == "http.response.start":
            took = 1000 * (clock() - began)
            log.info("%s %s %s %.0f ms", scope["method"], path, message["status"], took)
        await send(message)

    return noting

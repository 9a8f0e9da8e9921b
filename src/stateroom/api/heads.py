"""HEAD wherever there is a GET, as uptime monitors ask: the same answer without its body.

Streams are left out: they end when their reader goes away, and nobody reads here.
"""

from __future__ import annotations

import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_STREAM = re.compile(r"/api/v1/(tenants/[^/]+/(logs|events)|events)")


def streams(path: str) -> bool:
    """Whether a GET of this path may go on for ever."""
    return _STREAM.fullmatch(path) is not None


class Heads:
    """ASGI: asks `app` by GET and drops the body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD" or streams(scope["path"]):
            await self._app(scope, receive, send)
            return

        async def headless(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        # The server's own scope stays as it is: it knows by it that no body follows.
        await self._app({**scope, "method": "GET"}, receive, headless)

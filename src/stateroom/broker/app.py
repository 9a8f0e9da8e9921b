"""The broker's face to the cabins: a small ASGI application.

    POST /v1/chat/completions    a model call
    GET  /v1/models              what this key may ask for
    GET  /healthz                for our own supervision

Everything else is 404. A path counts only as it was sent: one that has to be decoded to match
is none of ours.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from starlette.types import Receive, Scope, Send

from stateroom.broker import refusals
from stateroom.broker.calls import Calls
from stateroom.broker.grants import Grant
from stateroom.broker.limits import Bounds, Pass, Turnstile
from stateroom.broker.register import Register
from stateroom.broker.reply import Reply, answering


class CabinsApp:
    """ASGI, HTTP only."""

    def __init__(self, register: Register, calls: Calls, bounds: Bounds) -> None:
        self._register = register
        self._calls = calls
        self._bounds = bounds
        self._turnstile = Turnstile(bounds)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            reply = Reply(send)
            async with answering(reply):
                await self._route(scope, receive, reply)

    async def _route(self, scope: Scope, receive: Receive, reply: Reply) -> None:
        path = scope["path"] if scope["raw_path"] == scope["path"].encode() else ""
        match (scope["method"], path):
            case ("POST", "/v1/chat/completions"):
                await self._chat(self._grant(scope), receive, reply)
            case ("GET", "/v1/models"):
                await reply.whole(_models(self._grant(scope)))
            case ("GET", "/healthz"):
                await reply.whole({"status": "ok"})
            case _:
                raise refusals.not_found()

    def _grant(self, scope: Scope) -> Grant:
        given = [value for name, value in scope["headers"] if name == b"authorization"]
        scheme, _, token = (given[0] if len(given) == 1 else b"").partition(b" ")
        grant = None
        if scheme.lower() == b"bearer" and token:
            grant = self._register.grant(token.decode("latin-1").strip())
        if grant is None or grant.address not in ("", _peer(scope)):
            raise refusals.unknown_key()
        return grant

    async def _chat(self, grant: Grant, receive: Receive, reply: Reply) -> None:
        with self._turnstile.enter(grant.cabin) as held:
            body = await self._body(receive, held)
            if body is None:
                return
            async with held.work():
                call = self._calls.prepare(grant, body)
                # From here on only what is sent on is held, not what came.
                del body
            await _while_there(self._calls.run(call, reply), receive)

    async def _body(self, receive: Receive, held: Pass) -> bytes | None:
        """The request's body; None when the cabin hung up before it was complete."""
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self._bounds.body_seconds):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return None
                    part = message.get("body", b"")
                    size += len(part)
                    held.grow_to(size)
                    parts.append(part)
                    if not message.get("more_body", False):
                        return b"".join(parts)
        except TimeoutError as error:
            raise refusals.too_slow() from error


async def _while_there(work: Coroutine[Any, Any, None], receive: Receive) -> None:
    """Runs `work`, and cancels it when the client hangs up."""
    doing = asyncio.create_task(work)
    watching = asyncio.create_task(_until_gone(receive))
    try:
        await asyncio.wait({doing, watching}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        doing.cancel()
        watching.cancel()
        # Also when this is being cancelled itself: the meter has to get its turn.
        outcome, _ = await asyncio.gather(doing, watching, return_exceptions=True)
    if isinstance(outcome, Exception):
        raise outcome


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _models(grant: Grant) -> dict[str, Any]:
    return {
        "object": "list",
        "data": [
            {"id": model, "object": "model", "created": 0, "owned_by": grant.provider}
            for model in grant.models
        ],
    }


def _peer(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""

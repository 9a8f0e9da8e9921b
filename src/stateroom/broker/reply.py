"""One HTTP answer, whole or streamed, in OpenAI's form. The only place that knows how a refusal
looks on the wire: before anything was sent it is a status and a document, after that an event.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.types import Send

from stateroom.broker import refusals
from stateroom.broker.calls import encoded
from stateroom.broker.refusals import Refusal
from stateroom.errors import Away

log = logging.getLogger("stateroom.broker")


class Reply:
    """Is an `Out` of calls.py. What is sent after the client hung up goes nowhere."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._begun = False
        self._ended = False

    async def whole(self, document: dict[str, Any]) -> None:
        await self._document(200, document, {})

    async def chunk(self, document: dict[str, Any]) -> None:
        await self._event(b"data: " + encoded(document) + b"\n\n")

    async def alive(self) -> None:
        await self._event(b":\n\n")

    async def end(self) -> None:
        await self._event(b"data: [DONE]\n\n", more=False)

    async def refuse(self, refusal: Refusal) -> None:
        if not self._begun:
            await self._document(refusal.status, refusal.document(), refusal.headers())
        elif not self._ended:
            await self._event(b"data: " + encoded(refusal.document()) + b"\n\n", more=False)

    async def _document(
        self, status: int, document: dict[str, Any], headers: dict[str, str]
    ) -> None:
        body = encoded(document)
        await self._start(
            status,
            {"content-type": "application/json", "content-length": str(len(body)), **headers},
        )
        self._ended = True
        await self._send({"type": "http.response.body", "body": body, "more_body": False})

    async def _event(self, data: bytes, more: bool = True) -> None:
        if not self._begun:
            await self._start(
                200, {"content-type": "text/event-stream; charset=utf-8",
                      "cache-control": "no-store"}
            )
        self._ended = not more
        await self._send({"type": "http.response.body", "body": data, "more_body": more})

    async def _start(self, status: int, headers: dict[str, str]) -> None:
        self._begun = True
        pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
        await self._send({"type": "http.response.start", "status": status, "headers": pairs})


@asynccontextmanager
async def answering(reply: Reply) -> AsyncIterator[None]:
    """Whatever goes wrong inside becomes an answer."""
    try:
        yield
    except Refusal as refusal:
        await reply.refuse(refusal)
    except Away as away:
        await reply.refuse(refusals.not_now(away.message))
    except Exception:
        log.exception("A request failed in a way that nobody thought of",
                      extra={"action": "answer"})
        await reply.refuse(refusals.not_now("The broker failed; try again in a moment."))

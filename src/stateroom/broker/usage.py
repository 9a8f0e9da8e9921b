"""The broker's face to the steward, on a Unix socket: what a tenant's model calls took.

    GET /usage/{tenant}?days=30   -> {"days": [{date, requests, input_tokens, output_tokens,
                                                cost_usd}]}, oldest first, days with none left out
    GET /healthz
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import asdict
from urllib.parse import parse_qs

from starlette.types import Receive, Scope, Send

from stateroom.broker import refusals
from stateroom.broker.ledger import Ledger
from stateroom.broker.reply import Reply, answering

USAGE = re.compile(r"/usage/([^/]{1,128})")
DAYS = 30
MAX_DAYS = 3660


class UsageApp:
    """ASGI, HTTP only."""

    def __init__(self, ledger: Ledger, wall: Callable[[], float] = time.time) -> None:
        self._ledger = ledger
        self._wall = wall

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            reply = Reply(send)
            async with answering(reply):
                await self._route(scope, reply)

    async def _route(self, scope: Scope, reply: Reply) -> None:
        usage = USAGE.fullmatch(scope["path"])
        if scope["method"] != "GET":
            raise refusals.not_found()
        if usage:
            days = self._ledger.usage(usage[1], self._wall(), _days(scope["query_string"]))
            await reply.whole({"days": [asdict(day) for day in days]})
        elif scope["path"] == "/healthz":
            await reply.whole({"status": "ok"})
        else:
            raise refusals.not_found()


def _days(query: bytes) -> int:
    given = parse_qs(query.decode("latin-1")).get("days", [str(DAYS)])[-1]
    if not (given.isascii() and given.isdigit() and 1 <= int(given[:6]) <= MAX_DAYS):
        raise refusals.invalid(f"`days` must be a whole number from 1 to {MAX_DAYS}.")
    return int(given)

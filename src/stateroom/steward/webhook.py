"""Sends the webhook's messages, beside the loop: nothing that a receiver does or leaves undone
holds up a pass.

Of an answer only the status counts. Its body is not read, however long or slow it is; a redirect
is not followed, for a message must not go where nobody sent it; nothing that a receiver says is
shown.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

import aiohttp

from stateroom.errors import StateroomError
from stateroom.settings import Settings
from stateroom.steward.webhook_message import headers, payload
from stateroom.store.sealing import WEBHOOK_OWNER, WEBHOOK_SECRET, Opener
from stateroom.store.webhook import WebhookRecord
from stateroom.store.webhook_delivery import Result
from stateroom.store.webhook_outbox import Delivery

log = logging.getLogger(__name__)

LOOK = 1.0
"""Seconds between looks into the outbox, so also what a message waits for at most."""
LONGEST_REST = 60.0
"""Seconds at most until it is tried again after what came of a message could not be written down:
until it is, each look sends the same messages again."""
AT_ONCE = 8
ANSWER_SECONDS = 10.0
CONNECT_SECONDS = 5.0


class Outbox(Protocol):
    """What the sender needs of the store."""

    async def due(self, limit: int) -> tuple[WebhookRecord | None, tuple[Delivery, ...]]: ...

    async def note(self, delivery: Delivery, url: str, result: Result) -> None: ...


class WebhookSender:
    """answer_seconds: how long a receiver may take, from the first packet to its status."""

    def __init__(
        self,
        outbox: Outbox,
        opener: Opener,
        settings: Settings,
        clock: Callable[[], float] = time.time,
        answer_seconds: float = ANSWER_SECONDS,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._outbox = outbox
        self._opener = opener
        self._settings = settings
        self._clock = clock
        self._sleep = sleep
        self._timeout = aiohttp.ClientTimeout(total=answer_seconds, sock_connect=CONNECT_SECONDS)

    async def run(self) -> None:
        """For ever. What fails is logged and tried again, soon at first."""
        pause = LOOK
        while True:
            pause = LOOK if await self._send_all() else min(2 * pause, LONGEST_REST)
            await self._sleep(pause)

    async def _send_all(self) -> bool:
        """Whether all that was due was tried, and what came of it written down."""
        try:
            while await self.send_due():
                pass
        except StateroomError as error:
            log.warning("the webhook rests: %s", error, extra={"action": "webhook_rests"})
            return False
        except Exception:
            # A defect of ours must not end the steward for the sake of a message.
            log.exception("the webhook rests", extra={"action": "webhook_rests"})
            return False
        return True

    async def send_due(self) -> bool:
        """Sends the messages whose time has come, one of each tenant. Whether there was any.
        Raises what the store raised, once each was tried."""
        hook, found = await self._outbox.due(AT_ONCE)
        if hook is None or not found:
            return False
        async with self._client() as client:
            sending = (self._send(client, hook, delivery) for delivery in found)
            ended = await asyncio.gather(*sending, return_exceptions=True)
        for error in ended:
            if error is not None:
                raise error
        return True

    def _client(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=AT_ONCE, force_close=True),
            # Nothing of one answer is taken along to the next message.
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            timeout=self._timeout,
        )

    async def _send(
        self, client: aiohttp.ClientSession, hook: WebhookRecord, delivery: Delivery
    ) -> None:
        result = await self._result(client, hook, delivery)
        await self._outbox.note(delivery, hook.url, result)

    async def _result(
        self, client: aiohttp.ClientSession, hook: WebhookRecord, delivery: Delivery
    ) -> Result:
        try:
            secrets = self._secrets(hook)
        except StateroomError:
            return Result(False, 0, "Its secret does not open any more: have a new one made.")
        content = payload(delivery, self._settings.tenant_url(delivery.body["data"]["slug"]))
        try:
            response = await client.post(
                hook.url,
                data=content,
                headers=headers(delivery, content, secrets, int(self._clock())),
                allow_redirects=False,
            )
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            return Result(False, 0, self._why(error))
        # Not read to its end: the connection goes with it.
        response.close()
        return _judged(response.status)

    def _secrets(self, hook: WebhookRecord) -> list[str]:
        sealed = [hook.sealed_secret]
        if hook.sealed_former and hook.former_until > self._clock():
            sealed.append(hook.sealed_former)
        return [self._opener.open(WEBHOOK_OWNER, WEBHOOK_SECRET, one).decode() for one in sealed]

    def _why(self, error: Exception) -> str:
        """A sentence of ours: the library's may hold what the receiver sent."""
        if isinstance(error, TimeoutError):
            return f"It did not answer within {self._timeout.total:.0f} s."
        if isinstance(error, aiohttp.ClientSSLError):
            return "Its certificate is not trusted here: use one of a public authority, or http."
        if isinstance(error, aiohttp.ClientConnectorError):
            return f"It cannot be reached: {error.os_error.strerror or 'no such name'}."
        return "It did not answer as HTTP does, or broke off."


def _judged(status: int) -> Result:
    if 200 <= status < 300:
        return Result(True, status, "Accepted.")
    if 300 <= status < 400:
        sentence = "a redirect is not followed. Set the address that it leads to."
        return Result(False, status, f"It answered {status}: {sentence}")
    return Result(False, status, f"It answered {status}; 200 to 299 accepts a message.")

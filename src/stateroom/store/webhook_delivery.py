"""The steward's side of the webhook: what is to be sent now, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import update

from stateroom.store import tables as t
from stateroom.store import webhook_outbox as outbox
from stateroom.store.database import Database
from stateroom.store.webhook import WebhookRecord, read_webhook
from stateroom.store.webhook_outbox import Delivery


@dataclass(frozen=True, slots=True)
class Result:
    """status: what the receiver answered, 0 for no answer. detail: a sentence for people, without
    anything that the receiver said."""

    accepted: bool
    status: int
    detail: str


class Deliveries:
    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    async def due(self, limit: int) -> tuple[WebhookRecord | None, tuple[Delivery, ...]]:
        """The webhook and its next messages; None and none where there is no webhook."""
        async with self._database.read() as connection:
            hook = await read_webhook(connection)
            if hook is None or not hook.waiting:
                return hook, ()
            return hook, await outbox.due(connection, self._clock(), limit)

    async def note(self, delivery: Delivery, url: str, result: Result) -> None:
        """Until this is written the message counts as unsent: a crash before sends it again."""
        async with self._database.write() as connection:
            now = self._clock()
            if result.accepted:
                await outbox.take_out(connection, delivery)
            else:
                await outbox.put_off(connection, delivery, now)
            if result.accepted and not delivery.tenant:
                # A test that went well says that the others will, too.
                await outbox.hasten(connection, now)
            await connection.execute(
                update(t.webhook)
                # Of an address that is no longer set this says nothing.
                .where(t.webhook.c.url == url)
                .values(last_at=now, last_status=result.status, last_detail=result.detail)
            )

"""The webhook's settings: where the operator wants to be told, of what, and with which secret.

The secret is sealed like every other: the api makes it and cannot open it again. After a rotation
the former one signs beside the new one for a day, so that a receiver can change over in peace.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stateroom.errors import NotFound
from stateroom.store import tables as t
from stateroom.store.changes import record
from stateroom.store.database import Database
from stateroom.store.sealing import WEBHOOK_OWNER, WEBHOOK_SECRET, Redacted, Sealer
from stateroom.store.webhook_outbox import hasten, put_in

TEST = "webhook.test"
FORMER_SECONDS = 24 * 3600
SECRET_PREFIX = "whsec_"  # noqa: S105  (A form, no secret.)
_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class WebhookRecord:
    """last_at: of the last attempt, 0 for none yet. last_status: what it was answered, 0 for no
    answer at all. waiting, dead: messages that are still to be taken, and those given up."""

    url: str
    events: tuple[str, ...]
    sealed_secret: bytes = field(repr=False)
    sealed_former: bytes = field(repr=False)
    former_until: float
    last_at: float
    last_status: int
    last_detail: str
    waiting: int = 0
    dead: int = 0


class Webhooks:
    def __init__(self, database: Database, sealer: Sealer, clock: Callable[[], float]) -> None:
        self._database = database
        self._sealer = sealer
        self._clock = clock

    async def get(self) -> WebhookRecord | None:
        async with self._database.read() as connection:
            return await read_webhook(connection)

    async def put(
        self, url: str, events: Sequence[str], *, rotate: bool = False
    ) -> tuple[WebhookRecord, Redacted | None]:
        """The secret only where it is new. What is still to be told goes to the new address, and
        soon."""
        async with self._database.write() as connection:
            before, now = await read_webhook(connection), self._clock()
            made = new_secret() if before is None or rotate else None
            sealed, former, until = _secrets(before)
            if made is not None:
                plain = made.reveal().encode()
                former, until = sealed, now + FORMER_SECONDS
                sealed = self._sealer.seal(WEBHOOK_OWNER, WEBHOOK_SECRET, plain)
            moved = before is None or before.url != url
            last = (0.0, 0, "") if moved or before is None else _last(before)
            await connection.execute(delete(t.webhook))
            await connection.execute(
                insert(t.webhook).values(
                    id=1,
                    url=url,
                    events=list(dict.fromkeys(events)),
                    sealed_secret=sealed,
                    sealed_former=former,
                    former_until=until,
                    last_at=last[0],
                    last_status=last[1],
                    last_detail=last[2],
                )
            )
            await hasten(connection, now)
            said = {"action": "webhook_set", "events": list(events), "new_secret": made is not None}
            await record(connection, now, "audit", "", said)
            found = await read_webhook(connection)
            assert found is not None
            return found, made

    async def delete(self) -> None:
        """With what it still had to say. Raises NotFound."""
        async with self._database.write() as connection:
            await _must_be_there(connection)
            await connection.execute(delete(t.webhook))
            await connection.execute(delete(t.webhook_outbox))
            await record(connection, self._clock(), "audit", "", {"action": "webhook_delete"})

    async def test(self) -> None:
        """Has a message sent that means nothing. Raises NotFound."""
        async with self._database.write() as connection:
            await _must_be_there(connection)
            now = self._clock()
            # One that nobody took is not repeated beside the one that is asked for now.
            await connection.execute(
                delete(t.webhook_outbox).where(t.webhook_outbox.c.tenant == "")
            )
            await put_in(connection, now, "", {"type": TEST, "at": now, "data": _EXAMPLE})


_EXAMPLE = {
    "id": "", "slug": "example", "name": "Example", "blueprint": "support-agent", "revision": 1,
    "phase": "ready", "reason": "This is a test: no tenant is meant.",
}  # fmt: skip
"""In the form of a real one, so that a receiver's reading of it is tried out too."""


def new_secret() -> Redacted:
    return Redacted(SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode())


async def read_webhook(connection: AsyncConnection) -> WebhookRecord | None:
    row = (await connection.execute(select(t.webhook))).first()
    if row is None:
        return None
    dead_at = t.webhook_outbox.c.dead_at
    counted = await connection.execute(
        select(func.count().filter(dead_at == 0), func.count().filter(dead_at > 0))
    )
    waiting, dead = counted.one()
    return WebhookRecord(
        url=row.url,
        events=tuple(row.events),
        sealed_secret=row.sealed_secret,
        sealed_former=row.sealed_former,
        former_until=row.former_until,
        last_at=row.last_at,
        last_status=row.last_status,
        last_detail=row.last_detail,
        waiting=waiting,
        dead=dead,
    )


async def _must_be_there(connection: AsyncConnection) -> None:
    if (await connection.execute(select(t.webhook.c.id))).first() is None:
        raise NotFound("there is no webhook; `stateroom webhook set URL` or PUT /webhook makes one")


def _secrets(before: WebhookRecord | None) -> tuple[bytes, bytes, float]:
    if before is None:
        return b"", b"", 0.0
    return before.sealed_secret, before.sealed_former, before.former_until


def _last(before: WebhookRecord) -> tuple[float, int, str]:
    return before.last_at, before.last_status, before.last_detail

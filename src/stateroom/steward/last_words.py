"""The last lines of a runtime that failed, as they may be shown: few, short, and without any
secret that we know of. What a tenant's program writes is the tenant's, and it may well write
what it was given.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from stateroom.domain.runtime import AGENT
from stateroom.engines.base import Engine, Logs
from stateroom.errors import StateroomError
from stateroom.steward.keys import StewardKeys
from stateroom.store.records import CabinRecord, SecretRecord
from stateroom.store.sealing import API_TOKEN, BROKER_KEY

log = logging.getLogger(__name__)

LINES = 20
LONGEST_LINE = 400
SHORTEST_SECRET = 4
"""Taking a shorter one out would destroy the text, and hide nothing."""
GONE = "[removed]"


class Sealed(Protocol):
    async def sealed_secrets(self, tenant_id: str) -> tuple[SecretRecord, ...]: ...

    async def cabin(self, tenant_id: str) -> CabinRecord: ...


@dataclass(frozen=True, slots=True)
class LastWords:
    engine: Engine
    store: Sealed
    keys: StewardKeys

    async def of(self, tenant: str, role: str = AGENT) -> tuple[str, ...]:
        """Of its agent or of a service, oldest first. Nothing where they cannot be had, or cannot
        be made safe: a roll-out does not wait for its log."""
        if not isinstance(self.engine, Logs):
            return ()
        try:
            cabin = await self.store.cabin(tenant)
            known = await self._secrets(tenant, cabin)
            said = self.engine.logs(cabin.id, role, tail=LINES, follow=False)
            lines = [line async for line in said]
        except (StateroomError, OSError) as error:
            log.warning("no last words: %s", error, extra={"action": "no_last_words"})
            return ()
        return tuple(_shown(line, known) for line in lines[-LINES:])

    async def _secrets(self, tenant: str, cabin: CabinRecord) -> list[str]:
        opener: Callable[[str, str, bytes], bytes] = self.keys.opener.open
        sealed = [
            *((tenant, s.name, s.sealed) for s in await self.store.sealed_secrets(tenant)),
            (cabin.id, API_TOKEN, cabin.sealed_token),
            (cabin.id, BROKER_KEY, cabin.sealed_broker_key),
        ]
        opened = [opener(*each).decode(errors="replace") for each in sealed]
        # The longest first: one may begin with another.
        return sorted(opened, key=len, reverse=True)


def _shown(line: str, secrets: list[str]) -> str:
    for secret in secrets:
        for part in secret.splitlines():
            if len(part) >= SHORTEST_SECRET:
                line = line.replace(part, GONE)
    return line if len(line) <= LONGEST_LINE else line[: LONGEST_LINE - 1] + "…"

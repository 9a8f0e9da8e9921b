"""Access: the api token of a tenant, and signing a browser in with a one-time ticket."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from stateroom.edge.tokens import SESSION_SECONDS, TICKET_SECONDS, Verifier
from stateroom.errors import Denied
from stateroom.steward.keys import StewardKeys
from stateroom.store.sealing import API_TOKEN
from stateroom.store.steward import StewardStore


class Access:
    """Everything is bound to the tenant's id, so a slug given away again opens nothing."""

    def __init__(
        self, store: StewardStore, keys: StewardKeys, clock: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self._keys = keys
        self._verifier = Verifier(keys.signer.public_pem)
        self._clock = clock

    async def give(self, tenant: str) -> dict[str, Any]:
        """Raises NotFound."""
        cabin = await self._store.cabin(tenant)
        token = self._keys.opener.open(cabin.id, API_TOKEN, cabin.sealed_token).decode()
        return {"api_token": token, "ticket": self._keys.signer.ticket(tenant, self._clock())}

    async def redeem(self, ticket: str, tenant: str) -> dict[str, Any]:
        """A session for a ticket of this tenant that nobody used before. Raises Denied."""
        now = self._clock()
        jti = self._verifier.ticket(ticket, tenant, now)
        await self._store.cabin(tenant)
        if not await self._store.use_ticket(jti, now + TICKET_SECONDS):
            raise Denied("this link was used before; ask for a new one")
        return {"cookie": self._keys.signer.session(tenant, now), "max_age": SESSION_SECONDS}

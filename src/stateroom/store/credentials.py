"""A cabin's credentials: made here, sealed at once, and forgotten.

What is kept in the open are hashes: the edge compares the API token's (upper-case hex, as
HAProxy's `sha2,hex` gives it), the broker its own key's (lower-case hex).
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field

from stateroom.store.sealing import API_TOKEN, BROKER_KEY, Redacted, Sealer


def token_hash(token: str) -> str:
    """As `CabinRecord.token_sha256` holds it. Takes any text that a client may send."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest().upper()


@dataclass(frozen=True, slots=True)
class SealedToken:
    """token: the plain API token, for the one answer that may show it."""

    token: Redacted
    sealed: bytes = field(repr=False)
    sha256: str


@dataclass(frozen=True, slots=True)
class SealedBrokerKey:
    sealed: bytes = field(repr=False)
    sha256: str


def new_token(sealer: Sealer, cabin_id: str) -> SealedToken:
    token = "sr_" + secrets.token_urlsafe(32)
    return SealedToken(
        Redacted(token), sealer.seal(cabin_id, API_TOKEN, token.encode()), token_hash(token)
    )


def new_broker_key(sealer: Sealer, cabin_id: str) -> SealedBrokerKey:
    key = "srb_" + secrets.token_urlsafe(32)
    return SealedBrokerKey(
        sealer.seal(cabin_id, BROKER_KEY, key.encode()), hashlib.sha256(key.encode()).hexdigest()
    )

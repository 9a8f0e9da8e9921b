"""A webhook's message in the form of Standard Webhooks: what is sent, and how it proves itself.

Pure: the same message gives the same bytes at each attempt; only time and signature differ.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from stateroom.store.webhook import SECRET_PREFIX
from stateroom.store.webhook_outbox import Delivery


def payload(delivery: Delivery, url: str) -> bytes:
    """url: the tenant's, which depends on how the edge is set up and not on what happened."""
    body = delivery.body
    moment = datetime.fromtimestamp(body["at"], UTC).isoformat(timespec="milliseconds")
    document = {
        "type": body["type"],
        "timestamp": moment.replace("+00:00", "Z"),
        "data": {**body["data"], "url": url},
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def headers(
    delivery: Delivery, content: bytes, secrets: Sequence[str], now: int
) -> Mapping[str, str]:
    """secrets: one, or two while the operator changes over."""
    signed = f"{delivery.message}.{now}.".encode() + content
    return {
        "Content-Type": "application/json",
        "User-Agent": "Stateroom-Webhook",
        "webhook-id": delivery.message,
        "webhook-timestamp": str(now),
        "webhook-signature": " ".join(f"v1,{_signature(secret, signed)}" for secret in secrets),
    }


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    return base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()

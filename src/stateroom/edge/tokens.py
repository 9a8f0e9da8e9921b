"""Tickets and session cookies: JWTs signed with ES256.

A ticket is the one-time link that signs a browser in: good for a minute, exchanged by the api
for a session. A session is the value of the cookie that the edge checks on each request. Both
name the tenant's id as their audience, never the slug, and say what they are for: a ticket that
leaked from a history is no session.

Only what we need of RFC 7515 is here. The algorithm is a constant, never taken from the token.
"""

from __future__ import annotations

import binascii
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from stateroom.errors import Denied

COOKIE = "__Host-stateroom"
"""The cookie's name: the prefix makes browsers refuse it with a Domain, without Secure or for a
path, so that no sibling host can plant one."""

SESSION = "session"
TICKET = "ticket"
TICKET_SECONDS = 60
SESSION_SECONDS = 12 * 3600

_HALF = 32
_ES256 = ec.ECDSA(hashes.SHA256())


def make_keys() -> tuple[bytes, bytes]:
    """A new private key for the steward and its public key for edge and api, both PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return private, _public_pem(key)


class Signer:
    """Makes tickets and sessions. Raises ValueError for a key that is not P-256."""

    def __init__(self, private_pem: bytes) -> None:
        key = serialization.load_pem_private_key(private_pem, password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
            raise ValueError("The signing key is not a P-256 private key; make a new one.")
        self._key = key

    def __repr__(self) -> str:
        return "Signer()"

    @property
    def public_pem(self) -> bytes:
        return _public_pem(self._key)

    def ticket(self, tenant_id: str, now: float, jti: str = "") -> str:
        """Good for TICKET_SECONDS from `now`. jti: what makes it usable once; random if ""."""
        return self._sign(TICKET, tenant_id, now, TICKET_SECONDS, jti)

    def session(self, tenant_id: str, now: float, seconds: int = SESSION_SECONDS) -> str:
        """The value of the cookie, good for `seconds` from `now`."""
        return self._sign(SESSION, tenant_id, now, seconds, "")

    def _sign(self, use: str, tenant_id: str, now: float, seconds: int, jti: str) -> str:
        claims = {
            "use": use,
            "aud": tenant_id,
            "iat": int(now),
            "exp": int(now) + seconds,
            "jti": jti or secrets.token_urlsafe(16),
        }
        signed = f"{_encode_json({'alg': 'ES256', 'typ': 'JWT'})}.{_encode_json(claims)}"
        r, s = decode_dss_signature(self._key.sign(signed.encode(), _ES256))
        return f"{signed}.{_encode(r.to_bytes(_HALF, 'big') + s.to_bytes(_HALF, 'big'))}"


class Verifier:
    """Checks what a Signer made. Raises ValueError for a key that is not P-256."""

    def __init__(self, public_pem: bytes) -> None:
        key = serialization.load_pem_public_key(public_pem)
        if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
            raise ValueError("The key of tickets is not a P-256 public key.")
        self._key = key

    def ticket(self, token: str, tenant_id: str, now: float) -> str:
        """The jti of a good ticket for this tenant; whoever asks keeps it from being used twice.

        Raises Denied for everything else.
        """
        return self._check(token, TICKET, tenant_id, now)

    def session(self, token: str, tenant_id: str, now: float) -> str:
        """The jti of a good session for this tenant. Raises Denied for everything else."""
        return self._check(token, SESSION, tenant_id, now)

    def _check(self, token: str, use: str, tenant_id: str, now: float) -> str:
        claims = self._claims(token)
        expires, jti = claims.get("exp"), claims.get("jti")
        good = (
            claims.get("use") == use
            and claims.get("aud") == tenant_id
            and isinstance(expires, int)
            and isinstance(jti, str)
        )
        if not good:
            raise Denied("This sign-in link is not for this address. Ask for a new one.")
        assert isinstance(expires, int) and isinstance(jti, str)
        if expires <= now:
            raise Denied("This sign-in link has expired. Ask for a new one.")
        return jti

    def _claims(self, token: str) -> dict[str, Any]:
        try:
            header, payload, signature = token.split(".")
            raw = _decode(signature)
            if len(raw) != 2 * _HALF or json.loads(_decode(header)).get("alg") != "ES256":
                raise ValueError(token)
            halves = (int.from_bytes(raw[:_HALF], "big"), int.from_bytes(raw[_HALF:], "big"))
            self._key.verify(encode_dss_signature(*halves), f"{header}.{payload}".encode(), _ES256)
            claims = json.loads(_decode(payload))
        except (ValueError, AttributeError, RecursionError, InvalidSignature):
            raise Denied("This sign-in link is not valid. Ask for a new one.") from None
        if not isinstance(claims, dict):
            raise Denied("This sign-in link is not valid. Ask for a new one.")
        return claims


def _public_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _encode(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _encode_json(value: object) -> str:
    return _encode(json.dumps(value, separators=(",", ":")).encode())


def _decode(text: str) -> bytes:
    """Strict: one token has one spelling, so that a jti cannot be used again under another."""
    raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _encode(raw) != text:
        raise binascii.Error("not canonical")
    return raw

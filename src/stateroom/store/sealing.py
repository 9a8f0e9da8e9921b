"""Sealing: whoever has the public key can put a secret away, only the private key takes it out.

The api seals and cannot open again, so reading the database and the api's memory gives no
secret of before. A sealed value is hybrid: a random data key encrypts the value (AES-GCM), and
a sealed box closes the data key to the steward's public key. Owner and name are associated
data: a row that is copied to another tenant, or renamed, does not open.

Layout: version (1 byte) | sealed data key (80) | nonce (12) | ciphertext and tag.
"""

from __future__ import annotations

import secrets
from typing import NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from stateroom.errors import Denied

# Names of what is no tenant's secret. A secret's name never begins with "@", so these are free.
API_TOKEN = "@api-token"  # noqa: S105  (A name, no secret.)
"""A cabin's API token; its owner is the cabin's id."""
BROKER_KEY = "@broker-key"
"""A cabin's broker key; its owner is the cabin's id."""
PROVIDER_KEY = "@provider-key"
"""A model provider's key; its owner is the provider's name."""

WEBHOOK_SECRET = "@webhook-secret"  # noqa: S105
"""What the webhook's messages are signed with; its owner is WEBHOOK_OWNER."""
WEBHOOK_OWNER = "webhook"

_VERSION = b"\x01"
_KEY_BYTES = 32
_SEALED_KEY_BYTES = _KEY_BYTES + 48  # a sealed box adds an ephemeral public key and a tag
_NONCE_BYTES = 12


class Redacted:
    """A secret text that does not show itself: not by repr, str, format or pickle, and JSON
    refuses it. Only `reveal` gives it out."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "[redacted]"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Redacted):
            return NotImplemented
        return secrets.compare_digest(self._value.encode(), other._value.encode())

    __hash__ = None  # type: ignore[assignment]  # A secret is no key of a mapping.

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret is not pickled or copied")


def new_keypair() -> tuple[bytes, bytes]:
    """(private, public), 32 bytes each."""
    private = PrivateKey.generate()
    return bytes(private), bytes(private.public_key)


def public_of(private_key: bytes) -> bytes:
    return bytes(PrivateKey(private_key).public_key)


def plain_size(sealed: bytes) -> int:
    """Bytes of the value inside, which its seal does not hide."""
    tag = 16
    return len(sealed) - len(_VERSION) - _SEALED_KEY_BYTES - _NONCE_BYTES - tag


class Sealer:
    """Puts secrets away for the holder of the private key."""

    def __init__(self, public_key: bytes) -> None:
        self._box = SealedBox(PublicKey(public_key))

    def seal(self, owner: str, name: str, value: bytes) -> bytes:
        """owner: the tenant's id (or what the names above say). Never twice the same bytes."""
        key = secrets.token_bytes(_KEY_BYTES)
        nonce = secrets.token_bytes(_NONCE_BYTES)
        closed = AESGCM(key).encrypt(nonce, value, _label(owner, name))
        return _VERSION + bytes(self._box.encrypt(key)) + nonce + closed


class Opener:
    """Takes out what a Sealer put away."""

    def __init__(self, private_key: bytes) -> None:
        self._box = SealedBox(PrivateKey(private_key))

    def open(self, owner: str, name: str, sealed: bytes) -> bytes:
        """Raises Denied when it was sealed for another owner or name or key, or was changed."""
        version, rest = sealed[:1], sealed[1:]
        closed_key, rest = rest[:_SEALED_KEY_BYTES], rest[_SEALED_KEY_BYTES:]
        nonce, closed = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
        if version != _VERSION or len(nonce) != _NONCE_BYTES:
            raise Denied(f"the sealed value of {owner}/{name} has an unknown form; set it again")
        try:
            key = self._box.decrypt(closed_key)
            return AESGCM(key).decrypt(nonce, closed, _label(owner, name))
        except (CryptoError, InvalidTag, ValueError):
            # The causes are dropped: they say nothing that helps and might carry bytes.
            raise Denied(
                f"the sealed value of {owner}/{name} does not open with this installation's"
                " key; set it again"
            ) from None

    def __repr__(self) -> str:
        return "Opener([redacted])"


def _label(owner: str, name: str) -> bytes:
    if "\0" in owner or "\0" in name:
        raise ValueError("owner and name of a sealed value hold no NUL")
    return f"{owner}\0{name}".encode()

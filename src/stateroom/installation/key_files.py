"""The keys of an installation, read: made once and never replaced, so a damaged one is told.

What was sealed, signed or trusted by a key is worth nothing under another one. Whether that loss
is acceptable is for the operator to say, by moving the file away.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey

from stateroom.edge.certificates import Authority, check_pair, issue
from stateroom.edge.tokens import Signer
from stateroom.errors import Permanent
from stateroom.layout import Layout

_DIGEST_BYTES = 32


def seal_public(path: Path, key: bytes) -> bytes:
    """The public half of the key that opens secrets. Raises Permanent."""
    try:
        return bytes(PrivateKey(key).public_key)
    except (CryptoError, ValueError, TypeError):
        loss = "no secret, token or provider's key that was set before opens then; set them again"
        raise _damaged(path, loss) from None


def sign_public(path: Path, key: bytes) -> bytes:
    """The public half (PEM) of the key that signs browsers in. Raises Permanent."""
    try:
        return Signer(key).public_pem
    except (ValueError, TypeError):
        raise _damaged(path, "browsers have to sign in again then") from None


def new_digest_key() -> bytes:
    return secrets.token_bytes(_DIGEST_BYTES)


def digest_key(path: Path, key: bytes) -> bytes:
    """What keys the digests of contents. Raises Permanent."""
    if len(key) != _DIGEST_BYTES:
        raise _damaged(path, "every content is written once more then")
    return key


def admin_key(path: Path, data: bytes) -> bytes:
    """The admin key as clients send it. Raises Permanent."""
    key = data.strip()
    if not all(0x21 <= byte <= 0x7E for byte in key):
        raise _damaged(path, "whoever holds the key of before needs the new one then")
    return key


def authority(layout: Layout) -> Authority:
    """The local certificate authority. Raises Permanent."""
    try:
        found = Authority(layout.ca_key.read_bytes(), layout.ca_certificate.read_bytes())
        check_pair(found.certificate_pem + found.key_pem)
    except FileNotFoundError as error:
        raise _no_authority(layout, f"there is no {error.filename}") from None
    except ValueError:
        raise _no_authority(layout, "they are damaged, or not of one another") from None
    return found


def issued(
    layout: Layout, signer: Authority, names: Sequence[str], now: float
) -> tuple[bytes, bytes]:
    """Key and chain of a new certificate of the edge. Raises Permanent where the authority was
    made for other names."""
    try:
        return issue(signer, names, now)
    except ValueError:
        why = f"it was made for other names than {' and '.join(names)}"
        raise _no_authority(layout, why) from None


def _damaged(path: Path, loss: str) -> Permanent:
    return Permanent(
        f"{path} is damaged. Bring it back from a backup; or move it away and run `stateroom up`, "
        f"which makes a new one: {loss}."
    )


def _no_authority(layout: Layout, why: str) -> Permanent:
    return Permanent(
        f"The certificate authority {layout.ca_certificate} with {layout.ca_key} cannot be used: "
        f"{why}. Bring both files back from a backup; or move both away and run `stateroom up`, "
        "which makes a new authority: whoever trusted the old one has to trust the new one."
    )

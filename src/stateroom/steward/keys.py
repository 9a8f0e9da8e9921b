"""The steward's keys, as files that only its uid can read: nothing else opens a secret, signs
a session or makes a content's digest."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from pathlib import Path

from stateroom.edge.tokens import Signer
from stateroom.store.sealing import Opener


@dataclass(frozen=True, slots=True)
class StewardKeys:
    """digest_key: 32 bytes; keys the digests of content, so that they tell nothing of it."""

    opener: Opener
    signer: Signer
    digest_key: bytes = field(repr=False)

    def digest(self, text: str) -> str:
        return hmac.new(self.digest_key, text.encode(), hashlib.sha256).hexdigest()[:32]


def load_keys(folder: Path) -> StewardKeys:
    """Raises OSError with the name of the file that cannot be read."""
    return StewardKeys(
        opener=Opener((folder / "seal.key").read_bytes()),
        signer=Signer((folder / "sign.pem").read_bytes()),
        digest_key=(folder / "digest.key").read_bytes(),
    )

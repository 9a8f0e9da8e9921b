"""How this host reaches the outside, handed over for the broker: proxies and authorities.

It travels as files, from whoever runs `up` to the helper, and from it into the broker's folder;
a proxy's password so stands in no environment, no command line and nothing that the engine shows.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Mapping
from pathlib import Path

from stateroom.broker import way_out
from stateroom.errors import Permanent
from stateroom.layout import Layout
from stateroom.runtimes.image_host import Npm, authorities


def hand_over(layout: Layout, environ: Mapping[str, str]) -> None:
    """Leaves both for the helper. Where the environment says nothing about proxies, what it said
    the last time stays. Raises Permanent for a proxy that cannot be used, OSError."""
    take_back(layout)
    try:
        way = way_out.way_out(environ)
    except ValueError as error:
        raise Permanent(str(error)) from error
    if way_out.says_anything(environ):
        _leave(layout.handed_proxies, way_out.encode(way))
    if trusted := _trusted(environ):
        _leave(layout.handed_authorities, trusted)


def take_back(layout: Layout) -> None:
    """Whatever was handed over and not taken."""
    layout.handed_proxies.unlink(missing_ok=True)
    layout.handed_authorities.unlink(missing_ok=True)


def digest(layout: Layout) -> str:
    """Of what the broker reads once, when it starts. Keyed: it stands beside a container, and
    must tell nothing about a password."""
    key = (layout.steward / "digest.key").read_bytes()
    files = (layout.broker / way_out.PROXIES, layout.broker / way_out.AUTHORITIES)
    held = [path.read_bytes() for path in files if path.exists()]
    return hmac.new(key, b"\0".join(held), "sha256").hexdigest()[:16] if held else ""


def _trusted(environ: Mapping[str, str]) -> bytes:
    """What this host's tools trust, as one bundle. Node's variable names what it trusts beside
    the others, so it is never the only one."""
    extra = environ.get("NODE_EXTRA_CA_CERTS", "")
    usual = authorities({k: v for k, v in environ.items() if k != "NODE_EXTRA_CA_CERTS"}, Npm())
    if not extra or not Path(extra).is_file():
        return usual
    more = Path(extra).read_bytes()
    return usual if more in usual else usual + b"\n" + more


def _leave(path: Path, data: bytes) -> None:
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(data)

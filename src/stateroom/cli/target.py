"""Which Stateroom the command line talks to, and with which key.

STATEROOM_URL, else the api's loopback port of this machine's installation. STATEROOM_KEY, else
`$STATEROOM_HOME/admin.key`: an environment variable is read by nobody else, an argument would
stand in the list of processes.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from stateroom.cli.failure import Failure, usage
from stateroom.settings import load

API_PREFIX = "/api/v1"


@dataclass(frozen=True, slots=True)
class Target:
    """url: without the API's prefix and without a slash at its end. ca: a certificate to trust
    besides the system's; it need not exist."""

    url: str
    ca: Path
    key: str = field(repr=False)

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def is_local(self) -> bool:
        """The traffic does not leave this machine."""
        return is_localhost_name(self.host) or _is_loopback(self.host)

    @property
    def is_open_to_readers(self) -> bool:
        """The key would cross a network in clear text."""
        return self.url.startswith("http:") and not self.is_local


def find_target(environ: Mapping[str, str]) -> Target:
    """Raises Failure when the address is none, or when no key can be read."""
    try:
        settings = load(environ)
    except ValueError as error:
        raise Failure(f"{error}. Correct it and repeat the command.") from error
    url = _clean_url(environ.get("STATEROOM_URL") or f"http://127.0.0.1:{settings.api_port}")
    key = environ.get("STATEROOM_KEY", "").strip() or _read_key(settings.home / "admin.key")
    if not (key.isascii() and key.isprintable()):
        raise Failure("The key holds characters that no key has: check STATEROOM_KEY.")
    return Target(url=url, ca=settings.home / "ca.pem", key=key)


def is_localhost_name(host: str) -> bool:
    """`localhost` and everything below it is this machine, whatever a resolver thinks."""
    return host == "localhost" or host.endswith(".localhost")


def _clean_url(raw: str) -> str:
    url = raw.strip().rstrip("/").removesuffix(API_PREFIX)
    try:
        parts = urlsplit(url)
        wrong = parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0
    except ValueError:
        wrong = True
    if wrong:
        raise usage(f"STATEROOM_URL is not an address: {raw!r}. Example: http://127.0.0.1:8070")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise usage("STATEROOM_URL takes scheme, host and port only; the key is STATEROOM_KEY.")
    return url


def _read_key(path: Path) -> str:
    try:
        key = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        raise Failure(
            f"There is no key: STATEROOM_KEY is not set and {path} does not exist. `scripts/up` "
            "(in a checkout) or `stateroom up` starts Stateroom and makes it; STATEROOM_HOME says "
            "where another installation lives."
        ) from None
    except UnicodeDecodeError:
        raise Failure(
            f"{path} is damaged. Bring it back from a backup; or move it away and run `stateroom "
            "up`, which makes a new key."
        ) from None
    except OSError as error:
        raise Failure(
            f"{path} cannot be read ({error.strerror}): set STATEROOM_KEY, or run this as the user "
            "that started Stateroom."
        ) from error
    if not key:
        raise Failure(f"{path} is empty: `stateroom up` makes a new key.")
    return key


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

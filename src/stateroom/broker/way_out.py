"""How this machine reaches the outside: through which proxy, trusting whom.

Whoever runs `stateroom up` has it in their environment, as all of their tools do, and leaves it
for the broker as two files: a proxy's address may hold a password, and the engine shows the
environments of containers to everybody who may ask it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

PROXIES = "proxies.json"
AUTHORITIES = "authorities.pem"
_NAMES = ("https", "no")


@dataclass(frozen=True, slots=True)
class WayOut:
    """https: the proxy's URL, "" for none. There is no other: what is not asked by HTTPS is on
    this machine. direct: hosts that are asked without a proxy, in the form of NO_PROXY.
    authorities: a file with the only certificates to trust, None for the usual ones."""

    https: str = field(default="", repr=False)
    direct: tuple[str, ...] = ()
    authorities: Path | None = None

    def proxy_for(self, scheme: str, host: str, port: int) -> str:
        """The proxy's URL; "" where the provider is asked itself."""
        here = scheme != "https" or _is_loopback(host)
        return "" if here or self._is_direct(host.lower(), port) else self.https

    def _is_direct(self, host: str, port: int) -> bool:
        return any(_matches(entry, host, port) for entry in self.direct)


def way_out(environ: Mapping[str, str]) -> WayOut:
    """What the environment says, in capitals or not. Raises ValueError with a sentence that holds
    no password for a proxy that the broker cannot speak to."""
    given = _given(environ, "HTTPS_PROXY") or _given(environ, "ALL_PROXY")
    direct = _given(environ, "NO_PROXY").replace(",", " ").split()
    return WayOut(_proxy(given), tuple(direct))


def says_anything(environ: Mapping[str, str]) -> bool:
    """Whether the environment has a word about proxies, be it that there are none: a `sudo` that
    dropped all of them must not cut off the broker."""
    names = ("ALL_PROXY", "NO_PROXY", "HTTPS_PROXY")
    return any(form in environ for name in names for form in (name, name.lower()))


def encode(way: WayOut) -> bytes:
    """What PROXIES holds."""
    return json.dumps({"https": way.https, "no": list(way.direct)}).encode()


def read(folder: Path) -> WayOut:
    """What `up` left in the broker's folder. Raises ValueError where it is damaged."""
    authorities = folder / AUTHORITIES
    trusted = authorities if authorities.exists() else None
    try:
        found = json.loads((folder / PROXIES).read_bytes())
    except FileNotFoundError:
        return WayOut(authorities=trusted)
    except ValueError:
        found = None
    if not isinstance(found, dict) or set(found) != set(_NAMES):
        raise ValueError(f"{folder / PROXIES} is damaged: `stateroom up` writes it anew")
    direct = tuple(str(entry) for entry in found["no"])
    return WayOut(str(found["https"]), direct, trusted)


def _given(environ: Mapping[str, str], name: str) -> str:
    # Small letters first: so does curl, since a web server could be sent a header named Proxy.
    return (environ.get(name.lower()) or environ.get(name) or "").strip()


def _proxy(given: str) -> str:
    if not given:
        return ""
    url = given if "://" in given else f"http://{given}"
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
        _ = parts.port  # Raises ValueError for one that is none.
    except ValueError:
        good = False
    if not good:
        raise ValueError(
            "the proxy in the environment (HTTPS_PROXY or ALL_PROXY) is none that the broker can "
            "use; write http://HOST:PORT"
        )
    return url


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _matches(entry: str, host: str, port: int) -> bool:
    """One entry of NO_PROXY: a name stands for what is below it too, with or without its dot."""
    entry = entry.lower()
    if entry == "*":
        return True
    bare = host.strip("[]")
    try:
        return ip_address(bare) in ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        pass
    name, colon, number = entry.rpartition(":")
    if colon and number.isdigit():
        if int(number) != port:
            return False
        entry = name
    entry = entry.strip("[]").removeprefix("*").removeprefix(".")
    return bool(entry) and (bare == entry or bare.endswith(f".{entry}"))

"""Where the edge's things are: all that its configuration depends on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from stateroom.edge.route_map import MAP_NAME

OWN_NETWORKS = ("127.0.0.0/8", "::1", "::ffff:127.0.0.0/104")
STAND_IN_ADDRESS = "203.0.113.1"
"""From a network for documentation. OpenClaw refuses a caller that claims to be loopback or the
proxy itself; behind this edge both only ever mean a browser on this machine."""

_PLAIN = re.compile(r"[A-Za-z0-9/._+-]+")


def must_be_plain(value: str) -> None:
    """Raises ValueError: HAProxy parts words at spaces, in its configuration and in commands of
    its runtime API, and gives quotes, # and $ a meaning."""
    if not _PLAIN.fullmatch(value):
        raise ValueError(
            f"{value!r}: HAProxy takes letters, digits and / . _ + - only; choose another "
            "STATEROOM_HOME or console_host."
        )


@dataclass(frozen=True, slots=True)
class EdgeConfig:
    """addresses: where to listen, IPv4 or IPv6 literals. certificate: one PEM file with chain and
    key. session_key: PEM of the public key that session cookies are checked with, read at start.
    maps: the folder of the route map. socket: the runtime API's. pages: the folder of HTML pages.
    own_networks: callers from there are shown to the runtime as STAND_IN_ADDRESS.
    max_connections: of all clients together; one source address gets at most half of them, and
    plain HTTP a small share.
    tenant_requests: of one tenant in flight at once, WebSockets and streams included.
    api_socket: where the api listens; then it needs no network of its own, and the edge answers on
    loopback's api_port for it. None: the api itself listens on that port.
    client_seconds: how long a client may say nothing when it is its turn, in the TLS handshake
    before all. Silence of a runtime does not count.
    threads: 0 leaves it to HAProxy, which takes one for each core."""

    console_host: str
    certificate: Path
    session_key: Path
    maps: Path
    socket: Path
    pages: Path = Path(__file__).parent / "pages"
    addresses: tuple[str, ...] = ("127.0.0.1",)
    https_port: int = 8443
    http_port: int = 8080
    api_port: int = 8070
    api_socket: Path | None = None
    own_networks: tuple[str, ...] = OWN_NETWORKS
    max_connections: int = 4000
    tenant_requests: int = 256
    client_seconds: int = 30
    threads: int = 0

    def __post_init__(self) -> None:
        """Raises ValueError."""
        paths = [self.certificate, self.session_key, self.maps, self.socket, self.pages]
        if self.api_socket is not None:
            paths.append(self.api_socket)
        for value in (*map(str, paths), self.console_host):
            must_be_plain(value)

    @property
    def port_suffix(self) -> str:
        """What follows a host in a URL of ours; browsers leave out 443."""
        return "" if self.https_port == 443 else f":{self.https_port}"

    @property
    def api_address(self) -> str:
        """The api, as HAProxy writes addresses."""
        if self.api_socket is not None:
            return f"unix@{self.api_socket}"
        return f"127.0.0.1:{self.api_port}"

    @property
    def map_file(self) -> Path:
        return self.maps / MAP_NAME

    @property
    def console_origin(self) -> str:
        """As a browser writes it."""
        return f"https://{self.console_host}{self.port_suffix}"

    @property
    def sign_in(self) -> str:
        return f"{self.console_origin}/sign-in"

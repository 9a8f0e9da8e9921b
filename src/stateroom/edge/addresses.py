"""Where the edge listens."""

from __future__ import annotations

import socket
from contextlib import closing

_TWINS = {"127.0.0.1": "::1", "0.0.0.0": "::"}  # noqa: S104 - what somebody chose, not we


def listen_addresses(edge_address: str) -> tuple[str, ...]:
    """The address, and its IPv6 twin where this machine has one: browsers try ::1 first for
    names under localhost."""
    twin = _TWINS.get(edge_address)
    return (edge_address, twin) if twin and _exists(twin) else (edge_address,)


def _exists(address: str) -> bool:
    try:
        with closing(socket.socket(socket.AF_INET6, socket.SOCK_STREAM)) as probe:
            probe.bind((address, 0))
    except OSError:
        return False
    return True

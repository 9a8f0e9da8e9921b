"""The edge's table: which host belongs to which tenant, who may enter, and where it leads.

The whole table is one value with a digest: it is read whole and replaced whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from stateroom.domain.runtime import stable_digest


class Door(StrEnum):
    """open: requests pass. closed: known, not ready: 503 with Retry-After."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Route:
    """host: lower-case name without port. tenant: the tenant's id, the audience of its cookies.
    user: whom OpenClaw is told the caller is. tokens: upper-case hex SHA-256 of API tokens.
    address: where the cabin answers, "" while it has none. requests_per_minute: at least 1."""

    host: str
    tenant: str
    cabin: str
    user: str
    address: str
    port: int
    door: Door
    requests_per_minute: int
    tokens: tuple[str, ...] = ()


@dataclass(frozen=True)
class RouteTable:
    """Routes sorted by host, each host once."""

    routes: tuple[Route, ...] = ()

    @classmethod
    def of(cls, routes: Iterable[Route]) -> RouteTable:
        return cls(tuple(sorted(routes, key=lambda r: r.host)))

    @cached_property
    def version(self) -> str:
        """A digest of the whole table, for compare-and-swap."""
        rows = [[r.host, r.tenant, r.cabin, r.user, r.address, r.port, r.door.value,
                 r.requests_per_minute, *r.tokens] for r in self.routes]
        return stable_digest(rows)[:32]

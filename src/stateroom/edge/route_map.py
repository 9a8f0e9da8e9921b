"""The route table as one HAProxy map, and back.

    acme.t.localhost   TENANT|CABIN|USER|ADDRESS|PORT|DOOR|REQUESTS_PER_MINUTE
    5994471ABB01…      TENANT

Routes and tokens share one map because HAProxy replaces one map atomically, not two: no request
ever meets a new route with old tokens. They cannot be taken for each other, since a host has a
dot and is lower case, a token's digest is upper case; and a token is good for the tenant that it
names, whichever host it is sent to, so the edge compares the two.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address

from stateroom.domain.routes import Door, Route, RouteTable
from stateroom.errors import Permanent

MAP_NAME = "routes.map"

FIELDS = ("tenant", "cabin", "user", "address", "port", "door", "limit")
"""What the fields of a route's value are called in HAProxy's configuration (txn.NAME)."""

_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
                   r"(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_USER = re.compile(r"[A-Za-z0-9._@+-]{1,128}")
_TOKEN = re.compile(r"[0-9A-F]{64}")

Row = tuple[str, str]


def rows(table: RouteTable) -> list[Row]:
    """Key and value of each row, always in the same order for the same table.

    Raises Permanent for a table that the map could not hold without changing its meaning.
    """
    tokens: dict[str, str] = {}
    routes: list[Row] = []
    by_tenant: dict[str, tuple[str, ...]] = {}
    hosts: set[str] = set()
    for route in table.routes:
        value = _value(route)
        if route.host in hosts:
            raise _refused(route, "the host is in the table twice")
        hosts.add(route.host)
        if by_tenant.setdefault(route.tenant, route.tokens) != route.tokens:
            raise _refused(route, "two hosts of one tenant must have the same tokens")
        for token in route.tokens:
            if tokens.setdefault(token, route.tenant) != route.tenant:
                raise _refused(route, "one of its tokens belongs to another tenant")
        routes.append((route.host, value))
    return routes + list(tokens.items())


def table(read: Iterable[Row]) -> RouteTable:
    """The table that the rows stand for. Rows that cannot be ours are left out, so that the
    result differs from any table that we want and is replaced."""
    routes: list[Row] = []
    tokens: dict[str, list[str]] = {}
    for key, value in read:
        if "|" in value:
            routes.append((key, value))
        else:
            tokens.setdefault(value, []).append(key)
    parsed = (_parse(host, value, tokens) for host, value in routes)
    return RouteTable.of(route for route in parsed if route is not None)


def text(read: Iterable[Row]) -> str:
    """The map as a file or as the payload of `add map`."""
    return "".join(f"{key} {value}\n" for key, value in read)


@lru_cache(maxsize=16_384)
def _value(route: Route) -> str:
    """Checked and written; remembered, since a table is mostly the one before."""
    _check(route)
    return "|".join((route.tenant, route.cabin, route.user, route.address, str(route.port),
                     route.door.value, str(route.requests_per_minute)))


def _parse(host: str, value: str, tokens: dict[str, list[str]]) -> Route | None:
    parts = value.split("|")
    if len(parts) != len(FIELDS):
        return None
    tenant, cabin, user, address, port, door, limit = parts
    try:
        return Route(host, tenant, cabin, user, address, int(port), Door(door), int(limit),
                     tuple(tokens.get(tenant, ())))
    except ValueError:
        return None


def _check(route: Route) -> None:
    """A separator or a space inside a value would make another row of it: refuse, loudly."""
    checks = (
        (_HOST.fullmatch(route.host), "the host is not a lower-case name with a dot"),
        (_NAME.fullmatch(route.tenant), "the tenant's id has characters that an id has not"),
        (_NAME.fullmatch(route.cabin), "the cabin's id has characters that an id has not"),
        (_USER.fullmatch(route.user), "the user has characters that no user name has"),
        (_is_address(route.address), "the address is not an IPv4 address"),
        (0 < route.port < 65536, "the port is not a port"),
        (0 < route.requests_per_minute < 2**31, "the requests per minute are not at least 1"),
        (all(_TOKEN.fullmatch(t) for t in route.tokens),
         "a token is not an upper-case hexadecimal SHA-256"),
        (len(set(route.tokens)) == len(route.tokens), "a token is in it twice"),
    )
    for passed, problem in checks:
        if not passed:
            raise _refused(route, problem)


def _is_address(address: str) -> bool:
    """"" is an address too: of a tenant who has none yet."""
    if not address:
        return True
    try:
        parsed = IPv4Address(address)
    except ValueError:
        return False
    return not (parsed.is_unspecified or parsed.is_multicast or parsed == IPv4Address(2**32 - 1))


def _refused(route: Route, problem: str) -> Permanent:
    return Permanent(f"The edge refuses the route of {route.host!a}: {problem}.")

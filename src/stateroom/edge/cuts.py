"""What has to end when a table takes the place of another: streams and WebSockets that were
opened by a right that is no longer in it. Pure.

A request is checked once, when it begins, and may then go on for hours. So whoever loses a token,
a runtime or the whole tenant would keep what is open; and an address is given to another tenant
one day.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from stateroom.domain.routes import Route, RouteTable

BY_TOKEN = "token"  # noqa: S105 - the name of HAProxy's server, no token
BY_SESSION = "session"
"""One runtime is two servers to HAProxy, of the same address: so what is open tells by which kind
of identity it was opened."""

_HEAD = re.compile(r"(0x[0-9a-f]+): ")
_SERVER = re.compile(rf"  server=({BY_TOKEN}|{BY_SESSION}) \(id=\d+\) addr=(\S+)")


@dataclass(frozen=True, slots=True, order=True)
class Cut:
    """place: ADDRESS:PORT of a runtime. tokens_only: what was opened by a session goes on."""

    place: str
    tokens_only: bool


def cuts(before: RouteTable, after: RouteTable) -> tuple[Cut, ...]:
    """What was opened by rights of `before` that `after` does not have. A door that closes cuts
    nothing: its runtime ends in its own time."""
    stay = {route.host: route for route in after.routes}
    found = (_cut(route, stay.get(route.host)) for route in before.routes if route.address)
    return tuple(sorted(cut for cut in found if cut is not None))


def _cut(route: Route, after: Route | None) -> Cut | None:
    place = f"{route.address}:{route.port}"
    if after is None or _whose(after) != _whose(route):
        return Cut(place, tokens_only=False)
    if set(route.tokens) - set(after.tokens):
        return Cut(place, tokens_only=True)
    return None


def _whose(route: Route) -> tuple[str, str, str, int]:
    return route.tenant, route.cabin, route.address, route.port


def concerned(shown: str, wanted: Iterable[Cut]) -> Iterator[str]:
    """The sessions to end, by the names that HAProxy gave them. shown: `show sess all`."""
    wanted = tuple(wanted)
    whole = {cut.place for cut in wanted if not cut.tokens_only}
    tokens = whole | {cut.place for cut in wanted}
    session = ""
    for line in shown.splitlines():
        if head := _HEAD.match(line):
            session = head[1]
        elif (server := _SERVER.match(line)) and session:
            if server[2] in (tokens if server[1] == BY_TOKEN else whole):
                yield session
            session = ""

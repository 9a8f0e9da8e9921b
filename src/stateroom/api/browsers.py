"""A browser's identity: the session cookie, and what must be true of a request that comes with it.

A cookie is sent by the browser, whoever made it send the request. So it counts on the console's own
host only, alone, and for what changes something only with the console's Origin and a header that no
other site can add. What another site merely embeds is refused as well.
"""

from __future__ import annotations

import re

from starlette.types import Scope

from stateroom.api.errors import SessionExpired, Unauthorized
from stateroom.api.front import host_of
from stateroom.api.keys import AdminKey, Caller
from stateroom.errors import Denied
from stateroom.settings import Settings
from stateroom.store.sessions import Sessions

COOKIE = "__Host-stateroom-console"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_READS = ("GET", "HEAD", "OPTIONS")


class Browsers:
    def __init__(self, sessions: Sessions, admin: AdminKey, settings: Settings) -> None:
        self._sessions = sessions
        self._admin = admin
        self._host = settings.console_host.lower()
        self._origin = settings.console_origin

    async def caller(self, scope: Scope) -> Caller:
        """Who is behind the cookie. Raises Unauthorized without one, Denied for a request that is
        not the console's own, SessionExpired."""
        token = sent_token(scope)
        if not token or host_of(scope) != self._host:
            raise Unauthorized
        must_come_from(self._origin, scope)
        if await self.expiry(token) is None:
            raise SessionExpired
        return Caller(session=token)

    async def expiry(self, token: str) -> float | None:
        """When this session ends, None for one that is over."""
        mark = self._admin.mark
        return await self._sessions.expiry(token, mark) if mark else None


def sent_token(scope: Scope) -> str:
    """The value of our cookie, "" for none. Raises SessionExpired for one that cannot be ours, and
    for two: nobody can say which of them counts."""
    found = [
        value
        for name, line in scope["headers"]
        if name == b"cookie"
        for value in _values(line.decode("latin-1"))
    ]
    if not found:
        return ""
    if len(found) > 1 or not _TOKEN.fullmatch(found[0]):
        raise SessionExpired
    return found[0]


def _values(line: str) -> list[str]:
    pairs = (pair.partition("=") for pair in line.split(";"))
    return [value.strip() for name, _, value in pairs if name.strip() == COOKIE]


def must_come_from(origin: str, scope: Scope) -> None:
    """Raises Denied for a request that a page of somebody else's has caused."""
    reads = scope["method"] in _READS
    origins, sites = _headers(scope, b"origin"), _headers(scope, b"sec-fetch-site")
    if origins and origins != [origin]:
        raise Denied(_FOREIGN)
    if any(site not in ("same-origin", *(("none",) if reads else ())) for site in sites):
        raise Denied(_FOREIGN)
    if reads:
        return
    if not origins or _headers(scope, b"x-stateroom-console") != ["1"]:
        raise Denied(_FOREIGN)
    if _has_body(scope) and not _headers(scope, b"content-type"):
        raise Denied("a request of the console says what its body is: set the Content-Type header")


_FOREIGN = (
    "a session is good for requests of the console's own pages, with their Origin and"
    " X-Stateroom-Console: 1; programs send a key as Authorization: Bearer KEY"
)


def _has_body(scope: Scope) -> bool:
    lengths = _headers(scope, b"content-length")
    return bool(_headers(scope, b"transfer-encoding")) or any(length != "0" for length in lengths)


def _headers(scope: Scope, wanted: bytes) -> list[str]:
    return [value.decode("latin-1").strip() for name, value in scope["headers"] if name == wanted]

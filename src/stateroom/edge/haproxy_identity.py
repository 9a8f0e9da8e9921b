"""Rules that decide who asks, in the backends that lead to runtimes. Nothing reaches a runtime
before they have passed.

Two identities: an API token (Authorization: Bearer), found by its SHA-256 in the map; or the
session cookie, a JWT signed by the steward. Whoever sends an Authorization is judged by it
alone: a wrong one is not mended by a cookie. Of two session cookies nobody can say which one
counts, so both are refused.

A cookie is sent by the browser, not by the person, and sibling hosts are one site: what changes
something, and every WebSocket, must come from the tenant's own origin. A token is sent by a
program that knows it, so no such question arises.
"""

from __future__ import annotations

from pathlib import Path

from stateroom.edge.answers import Answer
from stateroom.edge.tokens import COOKIE, SESSION

_SMALL_BODY = 15_000
"""Bytes that fit into HAProxy's buffer."""

_UNKNOWN = Answer(
    401, "Unauthorized",
    "Send the API token of this tenant as Authorization: Bearer TOKEN, or open the sign-in link "
    "of this tenant in a browser.",
    (("WWW-Authenticate", "Bearer"),),
)
_FOREIGN = Answer(
    403, "Forbidden",
    "A request with a session cookie must come from a page of this tenant itself. Programs send "
    "an API token instead.",
)


def rules(map_file: Path, session_key: Path, sign_in: str) -> list[str]:
    """Sets txn.caller to "token" or "cookie", or answers. sign_in: a URL that people are sent to
    who have no identity; "" for programs, which get 401."""
    return [
        *_token(map_file),
        *_cookie(session_key),
        "acl identified var(txn.caller) -m found",
        *_take_small_body(),
        *(_to_sign_in(sign_in) if sign_in else []),
        _UNKNOWN.rule("!identified"),
        *_origin(),
    ]


def _take_small_body() -> list[str]:
    """An answer before the end of a body looks to an HTTP/2 client like a broken stream, so the
    body of a stranger is taken first if it says that it is small. What says nothing of its end,
    or is large, is answered at once: waiting for it would end in 408, which tells a client to
    send it again, where it has to hear that it needs an identity. What is announced as small and
    does not come is 408, and rightly."""
    return [
        f"acl small_body req.hdr_val(content-length) le {_SMALL_BODY}",
        "http-request wait-for-body time 1s if !identified small_body",
    ]


def _token(map_file: Path) -> list[str]:
    """The header is taken whole and must be one plain token: HAProxy's own reader of it would
    take one of several that commas part."""
    return [
        "acl authorization req.fhdr_cnt(authorization) gt 0",
        "acl one_authorization req.fhdr_cnt(authorization) eq 1",
        "acl bearer req.fhdr(authorization) -m reg -i '^bearer [a-z0-9._~+/=-]+$'",
        (
            "http-request set-var(txn.bearer_tenant) "
            f"\"req.fhdr(authorization),word(2,' '),sha2(256),hex,map_str({map_file})\" "
            "if one_authorization bearer"
        ),
        (
            "http-request set-var(txn.caller) str(token) "
            "if { var(txn.bearer_tenant),strcmp(txn.tenant) eq 0 }"
        ),
    ]


def _cookie(session_key: Path) -> list[str]:
    return [
        f"acl cookies req.cook_cnt({COOKIE}) gt 1",
        f"http-request set-var(txn.jwt) req.cook({COOKIE}) if !authorization !cookies",
        "http-request set-var(txn.now) date()",
        "acl jwt_alg var(txn.jwt),jwt_header_query('$.alg') -m str ES256",
        f"acl jwt_signed var(txn.jwt),jwt_verify(ES256,{session_key}) -m int 1",
        f"acl jwt_session var(txn.jwt),jwt_payload_query('$.use') -m str {SESSION}",
        "acl jwt_tenant var(txn.jwt),jwt_payload_query('$.aud'),strcmp(txn.tenant) eq 0",
        "acl jwt_fresh var(txn.jwt),jwt_payload_query('$.exp','int'),sub(txn.now) gt 0",
        # HAProxy's sub makes the largest number of a negative one less another.
        "acl jwt_end var(txn.jwt),jwt_payload_query('$.exp','int') -m int gt 0",
        (
            "http-request set-var(txn.caller) str(cookie) "
            "if jwt_alg jwt_session jwt_tenant jwt_fresh jwt_end jwt_signed"
        ),
    ]


def _to_sign_in(sign_in: str) -> list[str]:
    return [
        "http-request set-var-fmt(txn.wanted) https://%[var(txn.authority)]%[pathq]",
        (f"http-request redirect code 302 location {sign_in}?return=%[var(txn.wanted),url_enc] "
        "if { method GET } !identified !authorization !cookies"),
    ]


def _origin() -> list[str]:
    return [
        "acl by_cookie var(txn.caller) -m str cookie",
        "acl reads method GET HEAD OPTIONS",
        "acl socket req.fhdr_cnt(upgrade) gt 0",
        "acl origin req.fhdr_cnt(origin) gt 0",
        "http-request set-var-fmt(txn.origin) https://%[var(txn.authority)]",
        "acl own_origin req.fhdr(origin),strcmp(txn.origin) eq 0",
        "acl one_origin req.fhdr_cnt(origin) eq 1",
        "acl site_given req.fhdr_cnt(sec-fetch-site) gt 0",
        "acl site_own req.fhdr(sec-fetch-site) -m str same-origin",
        "acl site_person req.fhdr(sec-fetch-site) -m str none",
        # A link that somebody follows, from the console for one.
        "acl visit req.fhdr(sec-fetch-dest) -m str document",
        _FOREIGN.rule("by_cookie origin !own_origin || by_cookie origin !one_origin"),
        _FOREIGN.rule("by_cookie !origin !reads || by_cookie !origin socket"),
        _FOREIGN.rule("by_cookie site_given !site_own !reads || "
                      "by_cookie site_given !site_own socket"),
        # Reading is guarded too: a page of a sibling may not embed a tenant's answers.
        _FOREIGN.rule("by_cookie site_given !site_own !site_person !visit"),
    ]

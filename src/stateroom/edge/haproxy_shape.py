"""Rules about the shape of a request, before anybody asks who sent it, and of a response.

Whatever two readers could understand in two ways is refused here, so that the edge and the
runtime behind it never disagree about host, path or where a request ends.
"""

from __future__ import annotations

import re

from stateroom.edge.answers import Answer

RESERVED = "/.stateroom/"

_HOST = r"'^([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?$'"
_BAD_PATH = r"'%(?![0-9A-Fa-f]{2})|%00|[\x00-\x20\x7f#]'"
_CLAIMS = (
    r"'^(forwarded$|proxy|true-client-ip$|cf-connecting-ip|tailscale-|"
    r"x[-_](real|client|original|rewrite|forwarded|openclaw|stateroom)[-_])'"
)
"""Names of headers in which a client says who it is or where it wants to go. "_" counts as "-":
some programs cannot tell them apart."""

_HOP_BY_HOP = ("Keep-Alive", "TE", "Trailer", "HTTP2-Settings")

_OURS_ALONE = (
    # It would widen what a worker from a deeper path may control. One from / has all of this
    # tenant's own origin without it, the reserved path too; no worker reaches another origin.
    "Service-Worker-Allowed",
    "Clear-Site-Data",         # its "cookies" reaches sibling hosts
    "Alt-Svc",                 # leads clients past this edge
)


def check() -> list[str]:
    """Refuses what is ambiguous. Sets txn.method and txn.shown (for the log) first."""
    return [
        "http-request set-var(txn.method) method",
        "http-request set-var(txn.shown) path",
        _bad("Send exactly one Host header with a plain host name.")
        .rule(f"!{{ req.fhdr_cnt(host) eq 1 }} || !{{ req.fhdr(host) -m reg -i {_HOST} }}"),
        Answer(405, "Method not allowed", "CONNECT and TRACE are not served here.")
        .rule("{ method CONNECT TRACE }"),
        _bad("Send the path alone in the request line, beginning with a slash.")
        .rule("!{ path -m beg / } || { fc_http_major 1 } !{ url -m beg / }"),
        _bad("The path holds a broken percent encoding, or a character that it must not hold.")
        .rule(f"{{ path -m reg {_BAD_PATH} }}"),
        # Any other upgrade would turn the connection into a tunnel that nobody checks.
        "acl upgrade req.fhdr_cnt(upgrade) gt 0",
        _bad("The only upgrade that is served is websocket, by GET.")
        .rule("upgrade !{ req.fhdr(upgrade) -m str -i websocket } || "
              "upgrade !{ req.fhdr_cnt(upgrade) eq 1 } || upgrade !{ method GET }"),
    ]


def reserved() -> list[str]:
    """Defines the acl `platform_path`. Any other spelling of the reserved path is not found: it
    must reach neither the runtime, which could play the platform there, nor the api, which
    might read it in its own way."""
    spelled = any_spelling(RESERVED.strip("/"))
    return [
        f"acl platform_path path -m reg '^{RESERVED.replace('.', '[.]')}[A-Za-z0-9._~/-]*$'",
        "acl winding path -m reg '/[.][.]?(/|$)|//'",
        f"acl like_platform path -m reg -i '{spelled}'",
        # Once decoded, for digits of a percent encoding that are encoded themselves.
        f"acl like_platform path,url_dec -m reg -i '{spelled}'",
        Answer(404, "Not found", "This path is reserved. Check the address.")
        .rule("!console like_platform !platform_path || !console platform_path winding"),
        # What follows may be a ticket.
        f"http-request set-var(txn.shown) str({RESERVED}) if !console platform_path",
    ]


def any_spelling(word: str) -> str:
    """A pattern for `word` as a whole path segment, each character plain or percent-encoded any
    number of times. Matches without regard to case."""
    letters = "".join(_encodable(character) for character in word)
    return f"(^|{_encodable('/')}|{_encodable(chr(92))}){letters}($|[^a-z0-9._~-])"


def _encodable(character: str) -> str:
    codes = "|".join(sorted({f"{ord(c):02x}" for c in (character.lower(), character.upper())}))
    plain = re.escape(character)
    return f"({plain}|%(25)*({codes}))"


def page() -> list[str]:
    """Sets txn.page where a person in front of a browser waits for a page."""
    return [
        "acl page_method method GET HEAD",
        "acl page_accept req.fhdr(accept) -m sub -i text/html",
        "acl page_mode req.fhdr_cnt(sec-fetch-mode) eq 0",
        "acl page_mode req.fhdr(sec-fetch-mode) -m str navigate",
        "http-request set-var(txn.page) bool(true) if page_method page_accept page_mode !upgrade",
    ]


def forget_claims() -> list[str]:
    """Deletes what the client says about itself and about the connection."""
    return [
        f"http-request del-header {_CLAIMS} -m reg",
        *(f"http-request del-header {name}" for name in _HOP_BY_HOP),
        # A header that is listed in Connection would be dropped by the next hop: only one
        # meaning of it is passed on.
        "http-request del-header Connection if !upgrade",
        "http-request set-header Connection upgrade if upgrade",
    ]


def clean_response() -> list[str]:
    """What a runtime must not tell a browser. Its cookies stay, but on its own host only, and
    none may take the place of ours; a browser ignores a Set-Cookie that is empty."""
    domain = r"(?i)^(.*?);[\s]*domain[\s]*=[^;]*(.*)$"
    return [
        *(f"http-response del-header {name}" for name in _OURS_ALONE),
        r"http-response replace-header Set-Cookie '(?i)^\s*__Host-stateroom.*$' %[str()]",
        rf"http-response replace-header Set-Cookie '{domain}' '\1\2'",
        # More than one: nobody means well who sends that.
        r"http-response del-header Set-Cookie if { res.fhdr(set-cookie) -m reg -i ';\s*domain' }",
    ]


def _bad(detail: str) -> Answer:
    return Answer(400, "Bad request", detail)

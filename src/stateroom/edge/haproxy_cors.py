"""Rules that let the console's pages ask tenants' hosts, and nobody else's pages.

The console's chat is a page of one origin that calls another's API with the tenant's token. A
browser asks beforehand whether it may; that question carries no identity, so the edge answers it
and no runtime hears of it. What is allowed is the token, in a header. Credentials that a browser
adds by itself are not: the answer does not allow them, and a cookie from another origin is refused
by `haproxy_identity` anyway.
"""

from __future__ import annotations

_HEADERS = "authorization, content-type"
_METHODS = "GET, POST"
_REMEMBER_SECONDS = 600


def preflight(console_origin: str) -> list[str]:
    """Sets txn.from_console where exactly the console's origin asks a tenant's host, and answers
    the question whether it may. The reserved path is for nobody's programs."""
    answer = " ".join(
        (
            "status 204",
            f"hdr Access-Control-Allow-Methods '{_METHODS}'",
            f"hdr Access-Control-Allow-Headers '{_HEADERS}'",
            f"hdr Access-Control-Max-Age {_REMEMBER_SECONDS}",
        )
    )
    return [
        "acl asks_from_console req.fhdr_cnt(origin) eq 1",
        f"acl of_console req.fhdr(origin) -m str {console_origin}",
        (
            "http-request set-var(txn.from_console) bool(true) "
            "if !console !platform_path asks_from_console of_console"
        ),
        "acl may_it req.fhdr_cnt(access-control-request-method) gt 0",
        (
            f"http-request return {answer} "
            "if { method OPTIONS } may_it { var(txn.from_console) -m bool }"
        ),
    ]


def hand_over() -> list[str]:
    """A runtime refuses whatever comes from another origin than its own, with a good token too. It
    has been seen here who asks and from where, so it hears nothing of it; after the rules of
    identity, which need it."""
    here = "if { var(txn.from_console) -m bool }"
    return [
        *(f"http-request del-header {name} {here}" for name in ("Origin", "Referer")),
        f"http-request del-header Sec-Fetch- -m beg {here}",
    ]


def answers(console_origin: str) -> list[str]:
    """To the console every answer may be read, the edge's own refusals as well; what a runtime says
    about it does not count."""
    here = "if { var(txn.from_console) -m bool }"
    return [
        f"http-after-response del-header Access-Control-Allow-Credentials {here}",
        f"http-after-response set-header Access-Control-Allow-Origin {console_origin} {here}",
        f"http-after-response set-header Access-Control-Expose-Headers Retry-After {here}",
        f"http-after-response add-header Vary Origin {here}",
    ]

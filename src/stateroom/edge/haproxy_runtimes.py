"""The backends that lead to runtimes: who asks, how often, whether anybody is there, and what the
runtime is told."""

from __future__ import annotations

from stateroom.edge import haproxy_cors, haproxy_identity, haproxy_shape
from stateroom.edge.answers import RETRY, Answer, page
from stateroom.edge.config import EdgeConfig
from stateroom.edge.cuts import BY_SESSION, BY_TOKEN
from stateroom.edge.rates import RATES

_CLOSED = Answer(
    503, "Unavailable", "The runtime of this tenant is not ready. Try again in a moment.", (RETRY,)
)
_TOO_MANY = Answer(
    429, "Too many requests", "This tenant has used up its requests per minute. Wait as long as "
    "Retry-After says, or have the limit raised.", (("Retry-After", "%[var(txn.pause)]"),)
)
_TOO_MANY_AT_ONCE = Answer(
    429, "Too many requests", "This tenant has too many requests and streams open at once. Close "
    "some.", (("Retry-After", "1"),)
)


def backend(config: EdgeConfig, name: str) -> list[str]:
    """name: "pages" for people in front of a browser, "programs" for all others."""
    for_people = name == "pages"
    closed = page(503, f"{config.pages}/closed.html", (RETRY,)) if for_people else _CLOSED.error()
    return [
        f"backend {name}",
        # What a runtime has begun it goes on with, although its caller went away.
        "no option abortonclose",
        closed,
        *haproxy_identity.rules(
            config.map_file, config.session_key, config.sign_in if for_people else ""
        ),
        *_rate(config),
        "acl open var(txn.door) -m str open",
        "acl placed var(txn.address) -m len gt 0",
        "http-request deny deny_status 503 if !open || !placed",
        *_hand_over(),
        *haproxy_shape.clean_response(),
        *_servers(),
    ]


def _rate(config: EdgeConfig) -> list[str]:
    """Requests that are refused do not count: who asks too often is slowed down to the limit,
    not locked out for as long as the asking goes on."""
    return [
        "http-request set-var(txn.pause) int(60),div(txn.limit),add(1)",
        _TOO_MANY.rule(
            f"{{ var(txn.tenant),table_http_req_rate({RATES}),sub(txn.limit) ge 0 }}"
        ),
        f"http-request track-sc0 var(txn.tenant) table {RATES}",
        _TOO_MANY_AT_ONCE.rule(f"{{ sc0_conn_cur gt {config.tenant_requests} }}"),
    ]


def _hand_over() -> list[str]:
    """What the runtime is told, and where it is."""
    return [
        "http-request del-header Authorization",
        "http-request del-header Cookie",
        "http-request set-header X-Forwarded-User %[var(txn.user)]",
        # A session is a person at the Control UI, whom OpenClaw gives scopes by itself.
        ("http-request set-header X-OpenClaw-Scopes operator.read,operator.write "
        "if { var(txn.caller) -m str token }"),
        *haproxy_cors.hand_over(),
        "http-request set-dst var(txn.address)",
        "http-request set-dst-port var(txn.port)",
    ]


def _servers() -> list[str]:
    """One address, which comes from the route, under two names: `edge/cuts.py`."""
    return [
        f"use-server {BY_TOKEN} if {{ var(txn.caller) -m str token }}",
        f"use-server {BY_SESSION} unless {{ var(txn.caller) -m str token }}",
        f"server {BY_TOKEN} 0.0.0.0:0",
        f"server {BY_SESSION} 0.0.0.0:0",
    ]

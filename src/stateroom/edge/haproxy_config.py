"""HAProxy's configuration: a pure function of where things are; what differs between tenants is in
the map.

The way of a request, each step in the section that owns it:

    front       shape of the request -> host -> the console's preflight -> which backend
    api         the console and the api, which asks for keys of its own
    console     the same for people: while the api is away, a page that looks again by itself
    platform    /.stateroom/ on a tenant's host: the api, told which tenant it is
    programs    identity -> origin -> rate -> door -> the cabin, by address
    pages       the same for people: HTML instead of problem+json, sign-in instead of 401

Written for HAProxy 2.6 and later. It is never reloaded: routes change by `commit map` on the
runtime socket, so one process without a master is enough and no change of them cuts a connection.
With a new certificate, once a year, `stateroom up` starts another edge.
"""

from __future__ import annotations

from stateroom.edge import haproxy_cors, haproxy_runtimes, haproxy_shape
from stateroom.edge.answers import RETRY, Answer, page
from stateroom.edge.config import STAND_IN_ADDRESS, EdgeConfig
from stateroom.edge.rates import RATES
from stateroom.edge.route_map import FIELDS

__all__ = ["EdgeConfig", "render"]

_AWAY = Answer(
    503, "Unavailable", "Stateroom itself does not answer. Try again in a moment.", (RETRY,)
)
_UNREAD = Answer(400, "Bad request", "The request could not be read. Send it again.")
_LATE = Answer(408, "Request timeout", "The request did not arrive in time. Send it again.")
_CONFUSED = Answer(500, "Internal error", "The edge could not handle this. Try again in a moment.")
_BROKE_OFF = Answer(502, "Bad gateway", "The runtime ended before it had answered. Try again.")
_TOO_SLOW = Answer(504, "Gateway timeout", "The runtime has not answered in time.")
_READ_ONLY = Answer(
    405, "Method not allowed", "This path is opened by a link.", (("Allow", "GET,HEAD"),)
)
_TAKE_BODY = "option http-buffer-request"
"""A body that drips in holds none of the api's connections until as much of it is here as fits
into HAProxy's buffer, 16 KB. A longer one that goes on dripping is ended by the api itself."""
_NO_SUCH_HOST = Answer(404, "Not found", "Nothing is served under this name. Check the address.")


_PLAIN_SHARE = 8
"""One of so many connections may be plain HTTP."""


def render(config: EdgeConfig) -> str:
    """The whole haproxy.cfg."""
    sections = (
        _global(config),
        _defaults(config),
        _plain_front(config),
        _front(config),
        *_loopback_front(config),
        _api(config),
        _console(config),
        _platform(config),
        haproxy_runtimes.backend(config, "programs"),
        haproxy_runtimes.backend(config, "pages"),
        *_tables(),
    )
    return "\n\n".join("\n    ".join(section) for section in sections) + "\n"


def _global(config: EdgeConfig) -> list[str]:
    return [
        "global",
        "log stdout format raw local0 info",
        f"stats socket {config.socket} mode 660 level admin",
        "stats timeout 30s",
        f"maxconn {config.max_connections}",
        *([f"nbthread {config.threads}"] if config.threads else []),
        "ssl-default-bind-options ssl-min-ver TLSv1.2",
        "tune.h2.max-concurrent-streams 100",
    ]


def _defaults(config: EdgeConfig) -> list[str]:
    return [
        "defaults",
        "mode http",
        "log global",
        f"log-format {_log_format()}",
        "option dontlognull",
        # Chunks of a stream leave as they come.
        "option http-no-delay",
        # A connection to a runtime serves one request. Addresses are given to another tenant one
        # day, and the destination comes from the route of each request: nothing is pooled.
        "option http-server-close",
        "retries 0",
        # A call that waits at the api ends with its caller; else it would count as under way, and
        # hold a connection, for minutes more.
        "option abortonclose",
        "timeout connect 3s",
        "timeout http-request 10s",
        "timeout http-keep-alive 60s",
        "timeout queue 5s",
        # HAProxy 2.6 has no other limit for the TLS handshake, and whoever has not even begun
        # one must not keep a connection. A stream whose runtime is silent is not meant: it ends
        # by the next two lines.
        f"timeout client {config.client_seconds}s",
        "timeout server 1h",
        "timeout tunnel 4h",
        "timeout client-fin 30s",
        # What its parser refuses before there is a request (no HTTP at all, headers beyond 15 KB, a
        # wrong length), and a head that does not arrive in time, get HAProxy's own short 400 and
        # 408: these words are compiled in, and no setting reaches them.
        *(answer.error() for answer in (_UNREAD, _LATE, _CONFUSED, _BROKE_OFF, _AWAY, _TOO_SLOW)),
    ]


def _log_format() -> str:
    """One JSON object a line. No query string, which may carry a ticket, no header at all."""
    text = ", ".join(
        f'"{key}": "%[var(txn.{name}),json(utf8s)]"'
        for key, name in (("tenant", "tenant"), ("host", "host"), ("method", "method"),
                          ("path", "shown"), ("caller", "caller"))
    )
    numbers = '"status": %ST, "ms": %Ta, "bytes": %B, "end": "%ts", "client": "%ci"'
    return f"'{{{numbers}, {text}}}'"


def _plain_front(config: EdgeConfig) -> list[str]:
    """Plain HTTP sends people to HTTPS. Not for unknown hosts: it would redirect to anywhere. It
    has a share of the connections that leaves most to HTTPS, and keeps none for long."""
    most = max(2, config.max_connections // _PLAIN_SHARE)
    return [
        "frontend plain",
        *(f"bind {_listen(a, config.http_port)}" for a in config.addresses),
        f"maxconn {most}",
        "timeout http-keep-alive 1s",
        *_at_most_half(most),
        *haproxy_shape.check(),
        *_find_route(config),
        ("http-request redirect code 308 location "
        f"https://%[var(txn.host)]{config.port_suffix}%[pathq]"),
    ]


def _front(config: EdgeConfig) -> list[str]:
    return [
        "frontend front",
        *(f"bind {_listen(a, config.https_port)} ssl crt {config.certificate} alpn h2,http/1.1"
          for a in config.addresses),
        *_at_most_half(config.max_connections),
        *haproxy_shape.check(),
        *_find_route(config),
        *haproxy_shape.reserved(),
        *haproxy_cors.preflight(config.console_origin),
        *haproxy_shape.page(),
        *_our_headers(config),
        *_after_response(config),
        "use_backend console if console { var(txn.page) -m bool }",
        "use_backend api if console",
        "use_backend platform if platform_path",
        "use_backend pages if { var(txn.page) -m bool }",
        "default_backend programs",
    ]


def _at_most_half(connections: int) -> list[str]:
    """Refuses a source address that has more than half of so many, on all ports together."""
    half = max(1, connections // 2)
    return [
        "tcp-request connection track-sc1 src table sources",
        f"tcp-request connection reject if {{ sc1_conn_cur gt {half} }}",
    ]


def _listen(address: str, port: int) -> str:
    return f"ipv6@[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _find_route(config: EdgeConfig) -> list[str]:
    return [
        "http-request set-var(txn.host) req.fhdr(host),host_only",
        f"acl console var(txn.host) -m str {config.console_host}",
        f"http-request set-var(txn.route) var(txn.host),map_str({config.map_file}) if !console",
        "acl known var(txn.route) -m found",
        _NO_SUCH_HOST.rule("!console !known"),
        *(f"http-request set-var(txn.{name}) var(txn.route),field({index},|) if known"
          for index, name in enumerate(FIELDS, start=1) if name != "cabin"),
    ]


def _our_headers(config: EdgeConfig) -> list[str]:
    """What the client said about itself goes; what we know takes its place."""
    stand_in = f"http-request set-var(txn.client) str({STAND_IN_ADDRESS}) if"
    return [
        # The one claim that is the console's to make, to the api and nowhere else.
        ("http-request set-var(txn.by_console) bool(true) "
        "if console { req.fhdr(x-stateroom-console) -m str 1 }"),
        *haproxy_shape.forget_claims(),
        "http-request set-header X-Stateroom-Console 1 if { var(txn.by_console) -m bool }",
        "http-request set-var-fmt(txn.client) %[src]",
        "http-request set-var-fmt(txn.target) %[dst]",
        # A caller whose address is the one that it called is this machine itself.
        f"{stand_in} {{ var(txn.client),strcmp(txn.target) eq 0 }}",
        f"{stand_in} {{ src {' '.join(config.own_networks)} }}",
        f"http-request set-var-fmt(txn.authority) %[var(txn.host)]{config.port_suffix}",
        "http-request set-header Host %[var(txn.authority)]",
        "http-request set-header X-Forwarded-For %[var(txn.client)]",
        "http-request set-header X-Forwarded-Proto https",
        "http-request set-header X-Forwarded-Host %[var(txn.authority)]",
    ]


def _after_response(config: EdgeConfig) -> list[str]:
    """Headers of every answer, ours and the runtimes'.

    Strict-Transport-Security binds a host on all of its ports. Where HTTPS is not on 443 it
    would turn http://HOST:8080 into https://HOST:8080, which nobody serves, so there nobody may
    send it; our cookies are Secure anyway.
    """
    strict = (
        "http-after-response set-header Strict-Transport-Security max-age=31536000"
        if config.https_port == 443
        else "http-after-response del-header Strict-Transport-Security"
    )
    nosniff = "http-after-response set-header X-Content-Type-Options nosniff"
    return [nosniff, strict, *haproxy_cors.answers(config.console_origin)]


def _loopback_front(config: EdgeConfig) -> tuple[list[str], ...]:
    """The api's own port on this machine, for an api that has no network. What only the edge may
    say of a tenant's host is taken out; the api checks the Host."""
    if config.api_socket is None:
        return ()
    return (
        [
            "frontend loopback",
            f"bind 127.0.0.1:{config.api_port}",
            # Else the api's server would refuse in words of its own, which are no problem+json.
            *haproxy_shape.check(),
            "http-request set-var(txn.host) req.fhdr(host),host_only",
            "http-request del-header X-Stateroom- -m beg",
            "http-request del-header X-Forwarded- -m beg",
            "http-request del-header Forwarded",
            "default_backend api",
        ],
    )


def _api(config: EdgeConfig) -> list[str]:
    return ["backend api", _TAKE_BODY, f"server api {config.api_address} maxconn 512"]


def _console(config: EdgeConfig) -> list[str]:
    """The same api for a person who opens or reloads the console: whether it is not there, ends
    meanwhile or is too slow, they see a page instead of JSON."""
    away = f"{config.pages}/away.html"
    return [
        "backend console",
        *(page(status, away, (RETRY,)) for status in (502, 503, 504)),
        _TAKE_BODY,
        f"server api {config.api_address} maxconn 64",
    ]


def _platform(config: EdgeConfig) -> list[str]:
    """The same api under a lower limit: no identity guards a tenant's reserved path, and a flood
    there must queue up here and not before the console."""
    return [
        "backend platform",
        _TAKE_BODY,
        _READ_ONLY.rule("!{ method GET HEAD }"),
        # The api decides by the ticket alone; what else a browser holds for this host is the
        # tenant's business.
        "http-request del-header Authorization",
        "http-request del-header Cookie",
        "http-request set-header X-Stateroom-Tenant %[var(txn.tenant)]",
        f"server api {config.api_address} maxconn 64",
    ]


def _tables() -> tuple[list[str], ...]:
    return (
        [f"backend {RATES}",
         "stick-table type string len 72 size 100k expire 2m store http_req_rate(60s),conn_cur"],
        ["backend sources", "stick-table type ipv6 size 100k expire 2m store conn_cur"],
    )

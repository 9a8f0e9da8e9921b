"""Attacks on who may enter: nothing reaches a runtime before the edge knows who asks."""

from __future__ import annotations

import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from stateroom.edge.tokens import COOKIE, Signer, make_keys
from tests.contract.edge_lab import (
    ACME,
    GLOBEX,
    TENANTS,
    TOKENS,
    WEBSOCKET,
    Lab,
    bearer,
    lab,
    token_digest,
)


@pytest.fixture
async def here() -> AsyncIterator[Lab]:
    async with lab() as made:
        yield made


def b64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def forged(private: bytes, header: dict[str, object], claims: dict[str, object]) -> str:
    """A JWT with a good ES256 signature by `private` over whatever it says."""
    key = serialization.load_pem_private_key(private, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    signed = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims).encode())}"
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{signed}.{b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def bad_cookies(here: Lab) -> dict[str, str]:
    """What each one is -> the whole Cookie header."""
    now, tenant, good = time.time(), TENANTS[ACME], here.session()[1].split("=", 1)[1]
    head, body, signature = good.split(".")
    es256: dict[str, object] = {"alg": "ES256", "typ": "JWT"}
    claims: dict[str, object] = {"use": "session", "aud": tenant, "exp": int(now) + 600}
    none = b64(b'{"alg":"none"}')
    hs256 = b64(b'{"alg":"HS256"}')
    public = here.config.session_key.read_bytes()
    mac = b64(hmac.digest(public, f"{hs256}.{body}".encode(), "sha256"))
    other = b64(json.dumps({**claims, "aud": TENANTS[GLOBEX]}).encode())

    def without(name: str) -> str:
        return forged(here.private_key, es256, {k: v for k, v in claims.items() if k != name})

    def saying(**more: object) -> str:
        return forged(here.private_key, es256, {**claims, **more})

    values = {
        "empty": "",
        "not a token": "hello",
        "dots alone": "..",
        "no signature": f"{head}.{body}.",
        "no signature, no dot": f"{head}.{body}",
        "algorithm none": f"{none}.{body}.",
        "algorithm none, old signature": f"{none}.{body}.{signature}",
        "HMAC with the public key": f"{hs256}.{body}.{mac}",
        "HMAC named, signed rightly": forged(here.private_key, {"alg": "HS256"}, claims),
        "no algorithm named": forged(here.private_key, {"typ": "JWT"}, claims),
        "other claims under the signature": f"{head}.{other}.{signature}",
        "signature cut": f"{head}.{body}.{signature[:-4]}",
        "signature of zeros": f"{head}.{body}.{b64(bytes(64))}",
        "somebody else's key": Signer(make_keys()[0]).session(tenant, now),
        "expired": here.signer.session(tenant, now - 100_000),
        "expires this second": here.signer.session(tenant, now, seconds=0),
        "another tenant's": here.signer.session(TENANTS[GLOBEX], now),
        "the slug as audience": here.signer.session("acme", now),
        "the host as audience": here.signer.session(ACME, now),
        "nobody as audience": here.signer.session("", now),
        "a ticket": here.signer.ticket(tenant, now),
        "no audience": without("aud"),
        "no use": without("use"),
        "no end": without("exp"),
        "a list as audience": saying(aud=[tenant]),
        "a word as end": saying(exp="never"),
        "a negative end": saying(exp=-1),
        "use in other letters": saying(use="Session"),
    }
    cookies = {what: f"{COOKIE}={value}" for what, value in values.items()}
    bad = values["expired"]
    return cookies | {
        "another name": f"stateroom={good}",
        "another case of the name": f"__HOST-STATEROOM={good}",
        "a longer name": f"{COOKIE}2={good}",
        "bad, then good": f"{COOKIE}={bad}; {COOKIE}={good}",
        "good, then bad": f"{COOKIE}={good}; {COOKIE}={bad}",
        "twice good": f"{COOKIE}={good}; {COOKIE}={good}",
    }


async def test_a_good_token_and_a_good_cookie_enter(here: Lab) -> None:
    """Both identities lead to the tenant's own runtime; the scheme's case does not matter."""
    for header in (bearer(), ("authorization", f"bearer {TOKENS[ACME]}"), here.session()):
        assert (await here.ask(headers=[header])).name == "acme"
    others = ("Cookie", f"theme=dark; {here.session()[1]}; _ga=GA1.2")
    assert (await here.ask(headers=[others])).name == "acme"


async def test_no_bad_cookie_enters(here: Lab) -> None:
    """Each wrong, foreign, doubled or forged cookie is 401 and reaches nobody."""
    for what, cookie in bad_cookies(here).items():
        for extra in ((), (("Origin", here.origin()), *WEBSOCKET)):
            answer = await here.ask(headers=[("Cookie", cookie), *extra])
            assert answer.status == 401, what
            assert answer.problem["title"] == "Unauthorized"
    two = [here.session(), here.session()]
    assert (await here.ask(headers=two)).status == 401
    assert here.reached() == 0


async def test_a_doubled_cookie_is_not_sent_to_sign_in(here: Lab) -> None:
    """A browser never holds two cookies of the prefix: whoever sends two gets 401, no redirect."""
    pair = ("Cookie", f"{here.session()[1]}; {here.session()[1]}")
    assert (await here.ask(headers=[pair, ("Accept", "text/html")])).status == 401


async def test_no_bad_token_enters_and_a_cookie_does_not_mend_it(here: Lab) -> None:
    """A wrong Authorization is judged alone, whatever cookie comes with it."""
    good, digest = TOKENS[ACME], token_digest(TOKENS[ACME])
    values = [
        f"Bearer {TOKENS[GLOBEX]}", "Bearer wrong", "Bearer", "Bearer ", "", f"Basic {good}", good,
        f"Bearer {digest}", f"Bearer {digest.lower()}", f"Bearer {good}x", f"Bearer {good[:-1]}",
        f"Bearer {good} x", f"Bearer {good},{good}", f"Token {good}", f"Bearer:{good}",
        f"Bearer {TENANTS[ACME]}", f"Bearer {ACME}", f"Bearer {good.upper()}", f"Bearer\x00{good}",
    ]
    for value in values:
        for extra in ((), (here.session(),)):
            answer = await here.ask(headers=[("Authorization", value), *extra])
            assert answer.status in {400, 401}, value
    twice = await here.ask(headers=[bearer(), bearer()])
    assert twice.status == 401
    assert twice.header("WWW-Authenticate") == "Bearer"
    assert here.reached() == 0


async def test_nothing_enters_without_identity(here: Lab) -> None:
    """Paths, methods and upgrades: no door of the runtime stands open to a stranger."""
    paths = ["/", "/healthz", "/readyz", "/v1/models", "/v1/chat/completions", "/index.html",
             "/ws", "/assets/../ws", "//", "/%2e%2e/", "/?token=x", "/favicon.ico", "/a;b", "/a\\b"]
    for path in paths:
        for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PURGE"):
            answer = await here.ask(target=path, method=method)
            assert answer.status == 401, (method, path)
        assert (await here.ask(target=path, headers=WEBSOCKET)).status == 401, path
    assert here.reached() == 0


async def test_people_are_sent_to_sign_in_and_programs_are_not(here: Lab) -> None:
    """A browser's visit ends at the console with the way back, safely encoded; everything else,
    also what a page fetches in the background, is 401."""
    html = ("Accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")
    visit = await here.ask(target="/chat?a=1&b=%0d%0aX:%20y", headers=[html])
    console = f"https://console.localhost{here.config.port_suffix}"
    back = f"https%3A%2F%2Facme.t.localhost%3A{here.config.https_port}"
    assert visit.status == 302
    assert visit.header("Location") == (
        f"{console}/sign-in?return={back}%2Fchat%3Fa%3D1%26b%3D%250d%250aX%3A%2520y"
    )
    expired = ("Cookie", bad_cookies(here)["expired"])
    assert (await here.ask(headers=[html, expired])).status == 302
    assert (await here.ask(headers=[html, ("Sec-Fetch-Mode", "navigate")])).status == 302
    programs = [
        await here.ask(headers=[html], method="POST"),
        await here.ask(headers=[html, ("Sec-Fetch-Mode", "cors")]),
        await here.ask(headers=[html, ("Authorization", "Bearer wrong")]),
        await here.ask(headers=[html, *WEBSOCKET]),
        await here.ask(headers=[("Accept", "*/*")]),
    ]
    assert [a.status for a in programs] == [401] * 5


async def test_a_cookie_changes_things_from_its_own_origin_only(here: Lab) -> None:
    """Siblings are the same site, so only the exact Origin lets a cookie write or open a
    WebSocket."""
    own = here.origin()
    foreign = [here.origin(GLOBEX), "null", own.replace("https", "http"), f"{own}0", f"{own}.x",
               f"https://{ACME}", f"{own}/", own.upper(), "https://t.localhost", "",
               here.origin("console.localhost"), f"{own} {own}"]
    for value in foreign:
        origin = ("Origin", value)
        assert (await here.ask(headers=[here.session(), origin])).status == 403, value
        for method in ("POST", "PUT", "PATCH", "DELETE", "PROPFIND"):
            answer = await here.ask(method=method, headers=[here.session(), origin])
            assert answer.status == 403, (method, value)
        answer = await here.ask(target="/ws", headers=[here.session(), origin, *WEBSOCKET])
        assert answer.status == 403, value
    absent = [
        await here.ask(method="POST", headers=[here.session()]),
        await here.ask(target="/ws", headers=[here.session(), *WEBSOCKET]),
        await here.ask(headers=[here.session(), ("Origin", own), ("Origin", own)]),
        await here.ask(headers=[here.session(), ("Origin", own), ("Origin", here.origin(GLOBEX))]),
    ]
    assert [a.status for a in absent] == [403] * 4
    assert absent[0].problem["title"] == "Forbidden"
    assert here.reached() == 0
    right = [here.session(), ("Origin", own)]
    assert (await here.ask(method="POST", headers=right, body=b"x")).status == 200
    assert (await here.ask(headers=[*right, ("Sec-Fetch-Site", "same-origin")])).status == 200
    assert (await here.ask(target="/ws", headers=[*right, *WEBSOCKET])).status == 101


async def test_fetch_metadata_is_believed_when_it_refuses(here: Lab) -> None:
    """Where a browser says that another site asks, no cookie counts, but for a followed link."""
    own = ("Origin", here.origin())

    def fetch(site: str, mode: str = "cors", target: str = "empty") -> list[tuple[str, str]]:
        return [here.session(), ("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", mode),
                ("Sec-Fetch-Dest", target)]

    for site in ("same-site", "cross-site", "odd", ""):
        refused = [
            await here.ask(method="POST", headers=[own, *fetch(site)]),
            await here.ask(target="/ws", headers=[own, *fetch(site, "websocket"), *WEBSOCKET]),
            await here.ask(headers=fetch(site, "no-cors", "script")),
            await here.ask(headers=fetch(site, "no-cors", "image")),
            await here.ask(headers=fetch(site, "navigate", "iframe")),
            await here.ask(method="POST", headers=[own, *fetch(site, "navigate", "document")]),
        ]
        assert [a.status for a in refused] == [403] * 6, site
    assert here.reached() == 0
    assert (await here.ask(headers=fetch("cross-site", "navigate", "document"))).status == 200
    assert (await here.ask(headers=fetch("none", "navigate", "document"))).status == 200
    assert (await here.ask(headers=fetch("none", "no-cors", "image"))).status == 200
    assert (await here.ask(headers=fetch("same-origin"))).status == 200


async def test_a_token_needs_no_origin(here: Lab) -> None:
    """A program with the token may write and open a WebSocket without any Origin."""
    assert (await here.ask(method="POST", headers=[bearer()], body=b"x")).status == 200
    assert (await here.ask(target="/ws", headers=[bearer(), *WEBSOCKET])).status == 101


async def test_a_slug_given_again_grants_nothing_of_before(here: Lab) -> None:
    """Token and cookie are bound to the tenant's id: under the same host with a new tenant they
    are worth nothing, and so is the old token when it is sent to any other host."""
    cookie = here.session()
    new = replace(here.route(), tenant="tenant-c3", tokens=(token_digest("new"),))
    await here.publish(new, here.route(GLOBEX))
    for header in (bearer(), cookie):
        assert (await here.ask(headers=[header])).status == 401
        assert (await here.ask(GLOBEX, headers=[header])).status == 401
    assert (await here.ask(headers=[("Authorization", "Bearer new")])).name == "acme"


async def test_a_rotated_token_stops_with_the_table(here: Lab) -> None:
    """Once replace has returned, the token that is no longer in the table is refused."""
    await here.change(ACME, tokens=(token_digest("next"),))
    assert (await here.ask(headers=[bearer()])).status == 401
    assert (await here.ask(headers=[("Authorization", "Bearer next")])).status == 200


async def test_what_the_client_says_about_itself_never_arrives(here: Lab) -> None:
    """Identity and address as the runtime sees them are the edge's, in exactly one spelling."""
    spoofed = [
        ("X-Forwarded-User", "root"), ("x-forwarded-user", "root"), ("X_Forwarded_User", "root"),
        ("X-Forwarded_User", "root"), ("X-FORWARDED-FOR", "127.0.0.1"), ("X-Real-IP", "::1"),
        ("X-Forwarded-Host", GLOBEX), ("X-Forwarded-Proto", "http"), ("X-Forwarded-Port", "1"),
        ("X-Forwarded-Prefix", "/x"), ("Forwarded", "for=127.0.0.1"), ("Via", "1.1 edge"),
        ("X-OpenClaw-Scopes", "operator.admin"), ("X-OpenClaw-Agent-Id", "other"),
        ("X_OpenClaw_Scopes", "operator.admin"), ("X-Stateroom-Tenant", "tenant-b2"),
        ("X-Stateroom-Host", GLOBEX), ("Proxy", "http://x"), ("Proxy-Authorization", "Basic x"),
        ("Proxy-Connection", "keep-alive"), ("True-Client-IP", "127.0.0.1"), ("TE", "trailers"),
        ("Tailscale-User-Login", "root"), ("X-Original-URL", "/x"), ("X-Rewrite-URL", "/x"),
        ("Connection", "keep-alive, X-Forwarded-User, X-Forwarded-Proto"), ("Keep-Alive", "300"),
        ("HTTP2-Settings", "AAMAAABk"), ("Trailer", "X-Forwarded-User"),
    ]
    for who in (bearer(), here.session()):
        answer = await here.ask(headers=[*spoofed, who, ("X-Mine", "stays"),
                                         ("Cookie", "other=1")])
        assert answer.status == 200
    by_token, by_cookie = (dict(s.headers) for s in here.runtimes[ACME].seen)
    ours = {
        "host": f"{ACME}{here.config.port_suffix}",
        "x-forwarded-user": "owner@acme",
        "x-forwarded-for": "203.0.113.1",
        "x-forwarded-proto": "https",
        "x-forwarded-host": f"{ACME}{here.config.port_suffix}",
        "connection": "close",
        "x-mine": "stays",
        "via": "1.1 edge",
    }
    assert by_cookie == ours
    assert by_token == ours | {"x-openclaw-scopes": "operator.read,operator.write"}
    assert [len(s.headers) for s in here.runtimes[ACME].seen] == [len(ours) + 1, len(ours)]


async def test_trailers_do_not_become_headers(here: Lab) -> None:
    """Identity in a chunked body's trailer is not identity for edge or runtime."""
    head = here.request(method="PUT", headers=[bearer(), ("Transfer-Encoding", "chunked")])
    await here.raw(head + b"1\r\nx\r\n0\r\nX-Forwarded-User: root\r\nCookie: a=b\r\n\r\n")
    seen = here.runtimes[ACME].seen[0]
    assert seen.header("X-Forwarded-User") == "owner@acme"
    assert seen.header("Cookie") is None
    anonymous = here.request(method="PUT", headers=[("Transfer-Encoding", "chunked")])
    trailer = f"Authorization: Bearer {TOKENS[ACME]}".encode()
    refused = await here.raw(anonymous + b"1\r\nx\r\n0\r\n" + trailer + b"\r\n\r\n")
    assert refused.status == 401

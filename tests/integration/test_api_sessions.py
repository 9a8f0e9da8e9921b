"""Signing a browser in to the console, and every way to do it that must not work."""

from __future__ import annotations

import asyncio
import hashlib
import re
from pathlib import Path

import httpx
import pytest

from stateroom.api.attempts import AT_ONCE
from stateroom.api.browsers import COOKIE
from tests.integration.api_lab import ADMIN, ApiLab, api, problem_of, served

pytestmark = pytest.mark.usefixtures("either_database")

ORIGIN = "https://console.localhost:8443"
HOST = {"Host": "console.localhost:8443"}
PAGE = {**HOST, "Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}
CONSOLE = {**PAGE, "X-Stateroom-Console": "1"}
TOKEN = re.compile(rf"{COOKIE}=([A-Za-z0-9_-]{{43}}); ")


async def code(it: ApiLab) -> str:
    return str((await it.ok("POST", "/session-links"))["code"])


async def enter(it: ApiLab, body: object, **headers: str) -> httpx.Response:
    return await it.call("POST", "/session", key=None, json=body, headers={**CONSOLE, **headers})


async def cookie(it: ApiLab) -> str:
    """The token of a browser that has just signed in."""
    answer = await enter(it, {"code": await code(it)})
    assert answer.status_code == 200, answer.text
    found = TOKEN.match(answer.headers["set-cookie"])
    assert found is not None
    return found[1]


async def ask(
    it: ApiLab, token: str, method: str = "GET", path: str = "/status", **more: object
) -> httpx.Response:
    headers = {**CONSOLE, "Cookie": f"{COOKIE}={token}", **more.pop("headers", {})}  # type: ignore[dict-item]
    return await it.call(method, path, key=None, headers=headers, **more)


async def test_a_link_signs_a_browser_in(tmp_path: Path) -> None:
    """The cookie can be read by no script, is sent to no other host and by no other site, and ends
    after twelve hours; the code stands behind a #, where no log sees it."""
    async with api(tmp_path) as it:
        link = await it.ok("POST", "/session-links")
        assert link["url"] == f"{ORIGIN}/sign-in#{link['code']}"
        answer = await enter(it, {"code": link["code"]})
        scope = "Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=43200"
        assert TOKEN.sub("", answer.headers["set-cookie"]) == scope
        token = await cookie(it)
        assert (await ask(it, token)).status_code == 200
        shown = (await ask(it, token, path="/session")).json()
        assert shown["expires_at"] == "2027-01-15T20:00:00.000Z"


async def test_a_key_signs_a_browser_in(tmp_path: Path) -> None:
    """The admin key does; a tenant's own key, nothing, both or neither do not."""
    async with api(tmp_path) as it:
        await it.sample()
        await it.created()
        assert (await enter(it, {"key": ADMIN})).status_code == 200
        problem_of(await enter(it, {"key": await it.token("acme")}), 401)
        problem_of(await enter(it, {"key": ""}), 401)
        for body in ({}, {"key": ADMIN, "code": "x"}, {"code": 1}, {"token": ADMIN}, [ADMIN]):
            problem_of(await enter(it, body), 422)


async def test_a_link_works_once_and_for_a_quarter_of_an_hour(tmp_path: Path) -> None:
    """Of ten browsers at once one is let in; a link that is too old lets nobody in."""
    async with api(tmp_path) as it:
        body = {"code": await code(it)}
        answers = await asyncio.gather(*(enter(it, body) for _ in range(10)))
        assert sorted(answer.status_code for answer in answers) == [200, *[401] * 9]
        body = {"code": await code(it)}
        it.clock.pass_(15 * 60)
        problem_of(await enter(it, body), 401)


async def test_neither_codes_nor_tokens_are_kept(tmp_path: Path) -> None:
    """Whoever reads the database signs in nowhere."""
    async with api(tmp_path) as it:
        waiting, token = await code(it), await cookie(it)
        stored = it.stored()
        assert waiting.encode() not in stored
        assert token.encode() not in stored
        assert hashlib.sha256(token.encode()).hexdigest().encode() in stored


async def test_a_session_ends_after_twelve_hours_whatever_is_done_with_it(tmp_path: Path) -> None:
    """It does not slide; what is then answered tells a browser to sign in again."""
    async with api(tmp_path) as it:
        token = await cookie(it)
        for _ in range(11):
            it.clock.pass_(3600)
            assert (await ask(it, token)).status_code == 200
        it.clock.pass_(3600)
        for path in ("/status", "/session", "/nothing"):
            told = problem_of(await ask(it, token, path=path), 401)
            assert told["type"].endswith("session-expired")
        told = problem_of(await it.call("GET", "/session", key=None, headers=CONSOLE), 401)
        assert told["type"] == "about:blank"


async def test_signing_out_ends_it_everywhere(tmp_path: Path) -> None:
    """A stolen copy of the cookie is worth nothing afterwards; other sessions go on."""
    async with api(tmp_path) as it:
        mine, other = await cookie(it), await cookie(it)
        answer = await ask(it, mine, "DELETE", "/session")
        assert answer.status_code == 204
        assert answer.headers["set-cookie"].startswith(f"{COOKIE}=; ")
        assert "Max-Age=0" in answer.headers["set-cookie"]
        problem_of(await ask(it, mine), 401)
        assert (await ask(it, other)).status_code == 200


async def test_another_admin_key_ends_every_session(tmp_path: Path) -> None:
    """Whoever signed in with a key that leaked is out when it is replaced."""
    async with api(tmp_path) as it:
        token = await cookie(it)
        hashed = hashlib.sha256(b"sk_another").hexdigest()
        (tmp_path / "admin.sha256").write_text(hashed)
        problem_of(await ask(it, token), 401)
        (tmp_path / "admin.sha256").unlink()
        problem_of(await ask(it, token), 401)


async def test_a_session_that_a_browser_brings_along_is_never_taken_up(tmp_path: Path) -> None:
    """Fixation: a thief's cookie, his own session or a word of his making, is replaced by a new
    one when the victim signs in, and his session ends."""
    async with api(tmp_path) as it:
        thiefs = await cookie(it)
        for planted in (thiefs, "A" * 43):
            brought = f"{COOKIE}={planted}"
            answer = await enter(it, {"code": await code(it)}, Cookie=brought)
            found = TOKEN.match(answer.headers["set-cookie"])
            assert found is not None
            assert found[1] != planted
            problem_of(await ask(it, planted), 401)


@pytest.mark.parametrize(
    "sent",
    [
        "{c}={t}; {c}={t}", "{c}={t}; {c}=x", "{c}=x; {c}={t}", "{c}={t}x", "{c}=x{t}", "{c}=",
        '{c}="{t}"', "{c}={T}", "{c}={t}%00",
    ],
)  # fmt: skip
async def test_a_cookie_is_whole_and_alone(tmp_path: Path, sent: str) -> None:
    """Two of them, and what is not exactly one of ours, sign nobody in."""
    async with api(tmp_path) as it:
        token = await cookie(it)
        value = sent.format(c=COOKIE, t=token, T=token.swapcase())
        told = problem_of(await ask(it, "", headers={"Cookie": value}), 401)
        assert told["type"].endswith("session-expired")


@pytest.mark.parametrize("name", [COOKIE.upper(), f"x{COOKIE}", f"{COOKIE}x", "__Host-stateroom"])
async def test_another_name_is_no_session(tmp_path: Path, name: str) -> None:
    """A tenant's cookie least of all; and two header lines count as two cookies."""
    async with api(tmp_path) as it:
        token = await cookie(it)
        problem_of(await ask(it, "", headers={"Cookie": f"{name}={token}"}), 401)
        twice = [*CONSOLE.items(), *(("Cookie", f"{COOKIE}={token}") for _ in range(2))]
        problem_of(await it.http.get("/api/v1/status", headers=twice), 401)


async def test_a_key_counts_before_a_cookie(tmp_path: Path) -> None:
    """A wrong key is not mended by a session."""
    async with api(tmp_path) as it:
        token = await cookie(it)
        problem_of(await ask(it, token, headers={"Authorization": "Bearer wrong"}), 401)


@pytest.mark.parametrize("host", ["127.0.0.1:8070", "localhost:8070", "[::1]:8070"])
async def test_on_loopback_there_is_no_session(tmp_path: Path, host: str) -> None:
    """Cookies know no ports: another program's page on this machine could send one there."""
    async with api(tmp_path) as it:
        token, body = await cookie(it), {"code": await code(it)}
        problem_of(await ask(it, token, headers={"Host": host}), 401)
        problem_of(await enter(it, body, Host=host), 403)


FOREIGN = (
    {"Origin": "https://evil.example"}, {"Origin": "https://acme.t.localhost:8443"},
    {"Origin": "https://console.localhost"}, {"Origin": "http://console.localhost:8443"},
    {"Origin": "null"}, {"Origin": ""}, {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
)  # fmt: skip


@pytest.mark.parametrize("change", FOREIGN)
async def test_another_sites_page_changes_nothing(
    tmp_path: Path, change: dict[str, str]
) -> None:
    """A POST that it makes a signed-in browser send is refused before anything is done, a signing
    in too, and what it embeds is not answered."""
    async with api(tmp_path) as it:
        await it.sample()
        await it.created()
        token = await cookie(it)
        for method, path in (("POST", "/tenants/acme/restart"), ("DELETE", "/session"),
                             ("PATCH", "/tenants/acme"), ("DELETE", "/tenants/acme?data=erase")):
            problem_of(await ask(it, token, method, path, json={}, headers=change), 403)
        problem_of(await ask(it, token, headers=change), 403)
        problem_of(await enter(it, {"code": await code(it)}, **change), 403)
        assert (await it.ok("GET", "/tenants/acme"))["generation"] == 1
        assert (await ask(it, token)).status_code == 200


async def test_a_change_says_that_it_is_the_consoles(tmp_path: Path) -> None:
    """Without Origin, without the header, or with another value of it, it is refused; a form's or
    an unnamed type of body as well. Reading by a typed address needs none of it."""
    async with api(tmp_path) as it:
        await it.sample()
        await it.created()
        token = await cookie(it)
        by_cookie = {"Cookie": f"{COOKIE}={token}"}
        path = "/tenants/acme/restart"
        for headers in (
            {**HOST, "X-Stateroom-Console": "1"},
            PAGE,
            {**PAGE, "X-Stateroom-Console": "0"},
            {**CONSOLE, "Sec-Fetch-Site": "none"},
        ):
            answer = await it.call("POST", path, key=None, headers={**headers, **by_cookie})
            problem_of(answer, 403)
        for kind, status in (("text/plain", 415), ("application/x-www-form-urlencoded", 415)):
            more = {"content": b"{}", "headers": {"Content-Type": kind}}
            problem_of(await ask(it, token, "POST", path, **more), status)
        problem_of(await ask(it, token, "POST", path, content=b"{}"), 403)
        assert (await it.ok("GET", "/tenants/acme"))["generation"] == 1
        typed = {**HOST, "Sec-Fetch-Site": "none", **by_cookie}
        assert (await it.call("GET", "/status", key=None, headers=typed)).status_code == 200
        assert (await ask(it, token, "POST", path)).status_code == 202


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_signing_in_takes_json_alone(tmp_path: Path, kind: str) -> None:
    """Another site's form could send the others."""
    async with api(tmp_path) as it:
        content = f'{{"key": "{ADMIN}"}}'.encode()
        headers = {**CONSOLE, **({"Content-Type": kind} if kind else {})}
        answer = await it.call("POST", "/session", key=None, content=content, headers=headers)
        problem_of(answer, 415)
        assert "set-cookie" not in answer.headers


async def test_guessing_is_slowed_down_and_locks_nobody_out(tmp_path: Path) -> None:
    """After ten wrong ones each further is 429 with the time to wait, keys are not looked at any
    more, the right one neither; a link that somebody makes still works, and so do the sessions and
    keys of programs. Half a minute later one attempt is free again."""
    async with api(tmp_path) as it:
        token = await cookie(it)
        for number in range(AT_ONCE):
            wrong = {"code": f"guess-{number}"} if number % 2 else {"key": f"guess-{number}"}
            problem_of(await enter(it, wrong), 401)
        for body in ({"key": "guess"}, {"code": "guess"}, {"key": ADMIN}):
            answer = await enter(it, body)
            problem_of(answer, 429)
            assert answer.headers["retry-after"] == "30"
            assert "stateroom console" in answer.json()["detail"]
        assert (await enter(it, {"code": await code(it)})).status_code == 200
        assert (await ask(it, token)).status_code == 200
        it.clock.pass_(30)
        assert (await enter(it, {"key": ADMIN})).status_code == 200


async def test_who_signs_in_and_out_stands_in_the_audit_log(tmp_path: Path) -> None:
    """Each link that was made and each session, without anything that opens one."""
    async with api(tmp_path) as it:
        token = await cookie(it)
        await ask(it, token, "DELETE", "/session")
        await enter(it, {"key": ADMIN})
        events = (await it.ok("GET", "/events"))["items"]
        said = [event["data"] for event in events if event["kind"] == "audit"]
        actions = ("session_link", "sign_in", "sign_out", "sign_in")
        assert said == [{"action": action} for action in actions]


async def test_links_are_the_operators_to_make(tmp_path: Path) -> None:
    """A tenant's key may not; a session may: another browser is let in by it."""
    async with api(tmp_path) as it:
        await it.sample()
        await it.created()
        await it.refused(403, "POST", "/session-links", key=await it.token("acme"))
        await it.refused(403, "GET", "/session", key=await it.token("acme"))
        await it.refused(401, "GET", "/session")
        assert (await ask(it, await cookie(it), "POST", "/session-links")).status_code == 201


async def test_a_stream_ends_with_its_session(tmp_path: Path) -> None:
    """Events that somebody follows with a stolen cookie stop soon after the owner signs out."""
    async with api(tmp_path, heartbeat=0.05) as it, served(it.app) as http:
        token = await cookie(it)
        headers = {**HOST, "Cookie": f"{COOKIE}={token}", "Authorization": ""}
        del http.headers["Authorization"]
        headers.pop("Authorization")
        async with http.stream("GET", "/events?follow=true", headers=headers) as answer:
            lines = answer.aiter_lines()
            assert await anext(lines) == ": still here"
            assert (await ask(it, token, "DELETE", "/session")).status_code == 204
            it.clock.pass_(1)
            async with asyncio.timeout(10):
                async for _ in lines:
                    pass

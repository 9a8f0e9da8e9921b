"""Attacks with the console's origin: its pages may ask tenants' hosts with a token, nobody else's
may, and a cookie is worth nothing from there."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contract.edge_lab import ACME, CONSOLE, GLOBEX, Headers, Lab, Response, bearer, lab


@pytest.fixture
async def here() -> AsyncIterator[Lab]:
    async with lab() as made:
        yield made


def console(here: Lab) -> tuple[str, str]:
    return ("Origin", here.origin(CONSOLE))


def asking(method: str = "POST", headers: str = "authorization,content-type") -> Headers:
    return (
        ("Access-Control-Request-Method", method),
        ("Access-Control-Request-Headers", headers),
    )


def cors(answer: Response) -> dict[str, str]:
    return {n.lower(): v for n, v in answer.headers if n.lower().startswith("access-control-")}


def other_origins(here: Lab) -> dict[str, str]:
    mine = here.origin(CONSOLE)
    return {
        "another site": "https://evil.example",
        "a sibling": here.origin(GLOBEX),
        "no port": f"https://{CONSOLE}",
        "another port": f"https://{CONSOLE}:1",
        "plain": mine.replace("https:", "http:"),
        "a longer name": mine.replace(CONSOLE, f"{CONSOLE}.evil.example"),
        "a name before it": mine.replace(CONSOLE, f"evil-{CONSOLE}"),
        "a port that begins alike": f"{mine}1",
        "capitals": mine.upper(),
        "a slash behind it": f"{mine}/",
        "two in one": f"{mine}, {mine}",
        "null": "null",
        "empty": "",
    }


async def test_the_edge_answers_the_consoles_question_by_itself(here: Lab) -> None:
    """A preflight has no identity and reaches no runtime; it allows the token's header, and no
    credentials."""
    answer = await here.ask(target="/v1/chat/completions", method="OPTIONS",
                            headers=[console(here), *asking()])
    assert answer.status == 204
    assert cors(answer) == {
        "access-control-allow-origin": here.origin(CONSOLE),
        "access-control-allow-headers": "authorization, content-type",
        "access-control-allow-methods": "GET, POST",
        "access-control-expose-headers": "Retry-After",
        "access-control-max-age": "600",
    }
    assert answer.all("vary") == ["Origin"]
    assert here.reached() == 0


async def test_no_other_origin_is_allowed(here: Lab) -> None:
    """However much it looks like the console's; the question is then a request without identity."""
    for what, origin in other_origins(here).items():
        for method, headers in (("OPTIONS", asking()), ("GET", [])):
            answer = await here.ask(method=method, headers=[("Origin", origin), *headers])
            assert answer.status == 401, what
            assert cors(answer) == {}, what
    both = [console(here), ("Origin", "https://evil.example"), *asking()]
    for headers in (both, list(reversed(both))):
        answer = await here.ask(method="OPTIONS", headers=headers)
        assert (answer.status, cors(answer)) == (401, {})
    assert here.reached() == 0


async def test_a_question_is_only_a_question(here: Lab) -> None:
    """OPTIONS that asks nothing, and what asks with another method, needs an identity like every
    other request; a body with the question goes nowhere."""
    for method, headers in (("OPTIONS", ()), ("GET", asking()), ("POST", asking())):
        answer = await here.ask(method=method, headers=[console(here), *headers])
        assert answer.status == 401
    answer = await here.ask(method="OPTIONS", headers=[console(here), *asking()], body=b"{}")
    assert answer.status == 204
    assert here.reached() == 0


async def test_the_console_reads_answers_to_a_token(here: Lab) -> None:
    """And refusals too, so that its chat can say what is wrong; a token is still the tenant's."""
    good = await here.ask(headers=[console(here), bearer()])
    assert (good.status, good.name) == (200, "acme")
    assert cors(good)["access-control-allow-origin"] == here.origin(CONSOLE)
    wrong = await here.ask(headers=[console(here), bearer(GLOBEX)])
    assert wrong.status == 401
    assert cors(wrong)["access-control-allow-origin"] == here.origin(CONSOLE)
    await here.change(ACME, requests_per_minute=1)
    slow = await here.ask(headers=[console(here), bearer()])
    assert slow.status == 429
    assert cors(slow)["access-control-expose-headers"] == "Retry-After"


async def test_a_runtime_hears_nothing_of_where_the_console_is(here: Lab) -> None:
    """OpenClaw refuses another origin than its own, whatever the token. From anybody else it hears
    what was sent, and judges by itself."""
    sent = [("Origin", "x"), ("Sec-Fetch-Site", "cross-site"), ("Referer", "https://x.example/")]
    for origin, arrives in ((here.origin(CONSOLE), False), ("https://evil.example", True)):
        headers = [("Origin", origin), *sent[1:], bearer()]
        assert (await here.ask(headers=headers)).status == 200
        seen = here.runtimes[ACME].seen[-1]
        assert all((seen.header(name) is not None) is arrives for name, _ in sent)


async def test_a_cookie_from_the_console_is_refused(here: Lab) -> None:
    """A session of the tenant's own, sent by a browser to a request of the console's page: reading
    and writing are refused, and credentials never allowed."""
    for method in ("GET", "POST", "HEAD", "OPTIONS"):
        answer = await here.ask(method=method, headers=[console(here), here.session()])
        assert answer.status == 403, method
        assert "access-control-allow-credentials" not in cors(answer)
    assert here.reached() == 0


async def test_a_runtime_cannot_widen_it(here: Lab) -> None:
    """What a hostile runtime says of origins and credentials is not what the console's browser
    hears."""
    here.runtimes[ACME].more = {
        "Access-Control-Allow-Origin": "https://evil.example",
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Expose-Headers": "*",
    }
    answer = await here.ask(headers=[console(here), bearer()])
    assert answer.status == 200
    assert cors(answer) == {
        "access-control-allow-origin": here.origin(CONSOLE),
        "access-control-expose-headers": "Retry-After",
    }


async def test_unknown_hosts_the_console_and_the_reserved_path_answer_no_question(
    here: Lab,
) -> None:
    """No such tenant is no such tenant; the api gives no origin leave; a ticket's path neither."""
    headers = [console(here), *asking()]
    unknown = await here.ask("nobody.t.localhost", method="OPTIONS", headers=headers)
    assert (unknown.status, cors(unknown)) == (404, {})
    ours = await here.ask(CONSOLE, "/api/v1/tenants", "OPTIONS", headers)
    assert cors(ours) == {}
    reserved = await here.ask(target="/.stateroom/enter", method="OPTIONS", headers=headers)
    assert (reserved.status, cors(reserved)) == (405, {})


async def test_only_the_console_says_that_it_is_the_console(here: Lab) -> None:
    """Its header reaches the api from the console's host, as 1 or not at all; on a tenant's host
    it is a claim like any other, and on loopback there is no session that it could be for."""
    for sent, arrives in (("1", "1"), ("2", None), ("1, 1", None)):
        await here.ask(CONSOLE, "/api/v1/session", headers=[("X-Stateroom-Console", sent)])
        assert here.api.seen[-1].header("x-stateroom-console") == arrives
    await here.ask(CONSOLE, "/api/v1/session", headers=[("X-Stateroom-Tenant", "t1")])
    assert here.api.seen[-1].header("x-stateroom-tenant") is None
    await here.ask(headers=[bearer(), ("X-Stateroom-Console", "1")])
    assert here.runtimes[ACME].seen[-1].header("x-stateroom-console") is None

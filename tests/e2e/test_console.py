"""The console as the control plane serves it: a person's way in, what the browser holds, and what
other pages can do with it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.e2e.installation import Stateroom
from tests.e2e.test_browser import browser

__all__ = ["browser"]

COOKIE = "__Host-stateroom-console"
ASK = """async ([url, options]) => {
  try { const answer = await fetch(url, options); return [answer.status, await answer.text()]; }
  catch (error) { return [0, String(error)]; }
}"""


@pytest.fixture
def person(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(ignore_https_errors=True)
    yield context
    context.close()


def console(stateroom: Stateroom) -> str:
    return f"https://console.localhost:{stateroom.ports[0]}"


def link(stateroom: Stateroom) -> str:
    return str(stateroom.cli("console", "--json").document["url"])


def signed_in(stateroom: Stateroom, person: BrowserContext) -> tuple[Page, list[str]]:
    """A page of the console, and what its browser complains of."""
    page, said = person.new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(link(stateroom))
    page.get_by_role("heading", name="Overview").wait_for(timeout=60_000)
    return page, said


def ask(page: Page, url: str, **options: object) -> tuple[int, str]:
    status, text = page.evaluate(ASK, [url, options])
    return int(status), str(text)


def test_the_first_up_prints_a_link_and_the_next_one_none(stateroom: Stateroom) -> None:
    """Whoever starts it is let in without a second command; nothing lies about later."""
    assert stateroom.first_up is not None
    assert f"{console(stateroom)}/sign-in#" in stateroom.first_up.out
    again = stateroom.cli("up", "--empty")
    assert "/sign-in#" not in again.out
    assert "stateroom console" in again.out


def test_a_link_signs_a_person_in_once(stateroom: Stateroom, person: BrowserContext) -> None:
    """The code is gone from the address, the cookie is out of scripts' reach, the policy stops
    nothing of our own, and a second browser is not let in by the same link."""
    used = link(stateroom)
    page, said = person.new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.goto(used)
    page.get_by_role("heading", name="Overview").wait_for(timeout=60_000)
    assert "#" not in page.url
    assert [line for line in said if "Content Security Policy" in line] == []
    (cookie,) = [c for c in person.cookies() if c["name"] == COOKIE]
    assert (cookie["httpOnly"], cookie["secure"], cookie["sameSite"]) == (True, True, "Strict")
    assert page.evaluate("document.cookie") == ""
    other = person.browser.new_context(ignore_https_errors=True)  # type: ignore[union-attr]
    second = other.new_page()
    second.goto(used)
    second.get_by_text("does not work any more").wait_for(timeout=60_000)
    assert other.cookies() == []
    other.close()


def test_the_consoles_page_may_ask_a_tenant_with_its_token(
    stateroom: Stateroom, person: BrowserContext
) -> None:
    """As its chat does: across origins, by a preflight that the edge answers; without the token
    it is told 401, and no credentials of the browser's go along."""
    page, _ = signed_in(stateroom, person)
    url = f"https://acme.t.localhost:{stateroom.ports[0]}/v1/models"
    token = stateroom.access("acme")["api_token"]
    status, said = ask(page, url, headers={"authorization": f"Bearer {token}"})
    assert status == 200, said
    assert ask(page, url, headers={"authorization": "Bearer wrong"})[0] == 401
    with_cookies = {"authorization": f"Bearer {token}"}
    assert ask(page, url, headers=with_cookies, credentials="include")[0] == 0


def test_a_tenants_page_can_do_nothing_with_the_session(
    stateroom: Stateroom, person: BrowserContext
) -> None:
    """A script on a tenant's own host, in the operator's own browser, neither reads the api nor
    changes anything."""
    signed_in(stateroom, person)
    page = person.new_page()
    page.goto(f"https://acme.t.localhost:{stateroom.ports[0]}/.stateroom/leave")
    before = stateroom.tenant("acme")["generation"]
    api = f"{console(stateroom)}/api/v1"
    for options in (
        {"credentials": "include"},
        {"credentials": "include", "method": "POST", "mode": "no-cors"},
        {"credentials": "include", "method": "POST", "headers": {"x-stateroom-console": "1"}},
    ):
        for path in ("/tenants", "/tenants/acme/restart", "/session-links"):
            assert ask(page, api + path, **options) in ((0, ""), (0, "TypeError: Failed to fetch"))
    assert stateroom.tenant("acme")["generation"] == before

"""The control plane goes away, and a session ends: no edit is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import expect

from tests.e2e.console.canvas import Canvas
from tests.e2e.console.deploying import planned, roll_out
from tests.e2e.console.documents import document
from tests.e2e.console.looking import glance
from tests.e2e.console.person import Person
from tests.e2e.installation import Stateroom, docker, eventually
from tests.e2e.talk import must


def test_the_server_goes_away_and_comes_back(person: Person) -> None:
    """With the api stopped the page says so and is worked on. Once it is back the page goes on by
    itself and what was edited meanwhile is deployed; a second page that was loaded while nobody
    answered says so, comes by itself too, and has every edit."""
    stateroom, canvas, page = person.stateroom, Canvas(person), person.page
    must(stateroom.api("PUT", "/blueprints/harbour", document("harbour")))
    person.go("/blueprints/harbour")
    memory = canvas.options("agent").get_by_label("Memory MiB", exact=True)
    memory.fill("1600")
    with away(stateroom):
        person.sees("The control plane does not answer.")
        memory.fill("1664")
        expect(canvas.block("agent")).to_contain_text("1664")
        glance(page, "away")
        person.press("Deploy")
        expect(person.dialog.get_by_role("alert").first).to_contain_text("does not answer")
        person.dialog.get_by_role("button", name="Close").click()
        second = person.another_page()
        person.go_to(page.url, second)
        expect(second.get_by_role("heading", name="Stateroom is not answering")).to_be_visible()
    expect(page.get_by_text("The control plane does not answer.")).to_have_count(0)
    expect(second.get_by_text("Your unsaved edits are back, as you left them.")).to_be_visible()
    expect(second.get_by_role("group", name="Canvas").first).to_contain_text("1664")
    second.close()
    person.press("Deploy")
    planned(person).get_by_role("button", name="Deploy").last.click()
    roll_out(person, "Revision 2 is deployed")


def test_a_session_that_is_over_costs_no_edit(person: Person) -> None:
    """The cookie is worth nothing any more when the edits are deployed: the page asks to sign in on
    top of what is open, and goes on with the edits as they were."""
    stateroom, canvas, page = person.stateroom, Canvas(person), person.page
    must(stateroom.api("PUT", "/blueprints/quay", document("quay")))
    person.go("/blueprints/quay")
    canvas.options("agent").get_by_label("Memory MiB", exact=True).fill("1600")
    cookie = person.context.cookies()[0]
    person.context.add_cookies([{**cookie, "value": "x" * 43}])  # type: ignore[typeddict-item]

    person.press("Deploy")
    asked = page.get_by_role("dialog", name="Your session is over")
    expect(asked).to_be_visible()
    glance(page, "session-over")
    asked.get_by_label("Or give the link or the admin key here").fill(person.link())
    asked.get_by_role("button", name="Sign in").click()
    expect(asked).to_have_count(0)
    planned(person).get_by_role("button", name="Deploy").last.click()
    roll_out(person, "Revision 2 is deployed")
    assert page.url == f"{person.origin}/blueprints/quay"


def test_a_link_signs_in_once_and_leaves_the_address(person: Person) -> None:
    """The code is out of the address and of the history once it was used; used again it signs
    nobody in, and the page says what to do: a new link, pasted into the same tab, is enough."""
    link = person.link()
    person.context.clear_cookies()
    person.go_to(link)
    expect(person.navigation).to_be_visible()
    assert person.page.url == f"{person.origin}/"
    code = link.partition("#")[2]
    assert code not in str(person.page.evaluate("JSON.stringify([history.state, location.href])"))
    person.context.clear_cookies()
    person.go_to(link)
    expect(person.page.get_by_role("alert")).to_be_visible()
    expect(person.page.get_by_text("stateroom console", exact=True)).to_be_visible()
    assert person.context.cookies() == []
    person.go_to(person.link())
    expect(person.navigation).to_be_visible()


def test_a_page_whose_script_is_lost_on_the_way_says_so(person: Person) -> None:
    """It is not left blank, and its link is enough to go on."""
    page, script = person.page, re.compile(r"/assets/.*\.js$")
    page.route(script, lambda route: route.abort())
    page.goto(person.origin)
    expect(page.get_by_text("The console did not load whole.")).to_be_visible()
    page.unroute(script)
    page.get_by_role("link", name="Open it again").click()
    expect(person.navigation).to_be_visible()


@contextmanager
def away(stateroom: Stateroom) -> Iterator[None]:
    """The api's container is stopped; the edge and every tenant go on."""
    name = f"{stateroom.prefix}-api"
    docker("stop", "--time", "1", name)
    try:
        yield
    finally:
        docker("start", name)
        eventually(lambda: stateroom.insist("GET", "/health").is_success, 60)

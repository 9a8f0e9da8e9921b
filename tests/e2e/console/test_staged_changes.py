"""What is changed stays in the browser, is listed in words and as a diff, and is taken back one by
one; Deploy says what it would do before it does it."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.e2e.console.canvas import Canvas
from tests.e2e.console.deploying import review
from tests.e2e.console.person import Person
from tests.e2e.talk import must


def test_changes_are_staged_and_discarded(person: Person) -> None:
    """Two options are changed and a block is added: three staged changes, of which the server knows
    nothing. One is discarded, undo brings it back, all are discarded: nothing is left."""
    page, canvas = person.page, Canvas(person)
    person.go("/blueprints/small-agent")
    before = must(person.stateroom.api("GET", "/blueprints/small-agent")).json()["revision"]
    agent = canvas.options("agent")
    agent.get_by_label("Memory MiB", exact=True).fill("1792")
    agent.get_by_label("Processes and threads", exact=True).fill("256")
    page.get_by_label("Find a block to add").fill("variables")
    page.get_by_label("Find a block to add").press("Enter")
    variables = canvas.options("variables")
    expect(variables).to_contain_text("Variables")

    changes = canvas.view("Changes")
    items = changes.get_by_role("listitem")
    count = items.count()
    assert count >= 3, changes.inner_text()
    expect(changes).to_contain_text("memory_mb is 1792 (was 1536)")
    changes.get_by_label("As a diff").check()
    expect(changes.get_by_label("Differences")).to_contain_text("memory_mb: 1792")
    changes.get_by_label("As a diff").uncheck()

    changes.get_by_role("button", name=re.compile("^Discard: .*1792")).click()
    expect(items).to_have_count(count - 1)
    expect(canvas.block("agent")).to_contain_text("1536")
    person.press("Undo (Ctrl Z)")
    expect(canvas.block("agent")).to_contain_text("1792")

    changes.get_by_role("button", name="Discard all").click()
    expect(changes).to_contain_text("Nothing is staged")
    expect(canvas.block("variables")).to_have_count(0)
    expect(page.get_by_text("No changes", exact=True)).to_be_visible()
    assert must(person.stateroom.api("GET", "/blueprints/small-agent")).json()["revision"] == before


def test_the_plan_says_what_would_happen_and_to_whom(person: Person) -> None:
    """A change of memory is made in place for both tenants of the sample, and the panel says so
    before anything is saved; closing it leaves the change staged."""
    canvas = Canvas(person)
    person.go("/blueprints/support-agent")
    canvas.options("agent").get_by_label("Memory MiB", exact=True).fill("2176")
    panel = review(person)
    expect(panel.get_by_label("Staged changes")).to_contain_text("2176")
    plan = panel.get_by_label("Plan", exact=True)
    expect(plan).to_contain_text("in place")
    plan.locator("summary").first.click()
    for slug in ("acme", "globex"):
        expect(plan).to_contain_text(slug)
    panel.get_by_role("button", name="Not yet").click()
    expect(person.page.get_by_role("button", name="1 staged change")).to_be_visible()
    saved = must(person.stateroom.api("GET", "/blueprints/support-agent")).json()
    assert "2176" not in str(saved)

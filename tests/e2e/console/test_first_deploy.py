"""From an empty installation to a runtime that answers, guided."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Playwright, expect

from tests.e2e.console.chromium import chromium
from tests.e2e.console.guided import walk
from tests.e2e.console.looking import glance
from tests.e2e.console.person import DESK, Person
from tests.e2e.installation import OTHER, Stateroom, sweep
from tests.e2e.quiet import quiet
from tests.e2e.talk import must


@pytest.fixture
def empty(stateroom: Stateroom) -> Iterator[Stateroom]:
    """Beside the shared one, whose images it uses."""
    sweep(OTHER)
    try:
        OTHER.cli("up", "--empty")
        yield OTHER
    finally:
        sweep(OTHER)


def test_five_steps_from_nothing_to_an_answer(
    playwright: Playwright, empty: Stateroom, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Signing in leads there by itself. In at most five steps, none of them more than a click or a
    name, a tenant is there that answers in the chat; all of it is saved as an operator would have
    it: a deployed revision, one tenant, ready."""
    profile = tmp_path_factory.mktemp("profile")
    with (
        quiet(empty) as inside,
        chromium(playwright, empty.home / "ca.pem", profile, inside) as browser,
    ):
        person = Person(empty, browser.new_context(viewport=DESK))
        person.sign_in()
        expect(person.page).to_have_url(f"{person.origin}/first")

        def seen(step: str) -> None:
            glance(person.page, f"first-{step}")

        steps = walk(person, "Support agent", "First Mate", "who are you?", seen=seen)
        assert len(steps) <= 5, steps
        person.sees("You help the customers of First Mate.")
        person.page.get_by_role("link", name="Go to the overview").click()
        person.sees("support-agent")
        person.leave()
    tenant = must(empty.api("GET", "/tenants/first-mate")).json()
    assert tenant["status"]["phase"] == "ready"
    blueprint = must(empty.api("GET", f"/blueprints/{tenant['blueprint']}")).json()
    assert blueprint["deployed_revision"] == tenant["revision"]

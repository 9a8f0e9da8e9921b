"""Deploy, as a person goes through it: what is staged, the plan, and the roll-out to its end."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from tests.e2e.console.person import BOOTING, Person
from tests.e2e.installation import Stateroom
from tests.e2e.talk import must


def review(person: Person) -> Locator:
    """The panel that says what deploying would do, with its plan there."""
    person.press("Deploy")
    return planned(person)


def planned(person: Person) -> Locator:
    plan = person.dialog.get_by_label("Plan", exact=True)
    expect(plan.get_by_role("status")).not_to_be_empty()
    return person.dialog


def deploy(person: Person, *, is_open: bool = False) -> None:
    """is_open: the panel is there already."""
    panel = planned(person) if is_open else review(person)
    panel.get_by_role("button", name=re.compile("^Deploy")).click()


def roll_out(person: Person, ends_with: str) -> Locator:
    """It runs in the panel until the headline says how it ended."""
    progress = person.dialog.get_by_label("Progress")
    expect(progress).to_contain_text(ends_with, timeout=BOOTING)
    return progress


def create_tenant(person: Person, name: str, blueprint: str) -> None:
    """On the page of all tenants; the slug is what the form makes of the name."""
    person.go("/tenants")
    person.press("New tenant")
    form = person.dialog
    form.get_by_label("Blueprint").select_option(blueprint)
    form.get_by_label("Name").fill(name)
    form.get_by_role("button", name="Create tenant").click()


def leave_to_be_erased(stateroom: Stateroom, slug: str) -> None:
    """Nobody waits for a runtime to end that no story needs any more."""
    must(stateroom.api("DELETE", f"/tenants/{slug}", data="erase"))

"""Without a mouse: a blueprint is begun, drawn, linked, set and deployed by keys alone."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from tests.e2e.console.canvas import Canvas
from tests.e2e.console.deploying import roll_out
from tests.e2e.console.person import Person

FARTHEST = 60
"""Tabs after which something counts as not to be reached."""


def test_drawn_and_deployed_by_keyboard_alone(person: Person) -> None:
    """Tab, Enter, the arrows and a few letters are enough; what has the focus is always seen, and a
    dialog gives it back to where it was."""
    page, canvas = person.page, Canvas(person)
    keys = page.keyboard
    person.go("/blueprints")
    expect(page.get_by_role("heading", name="Blueprints")).to_be_visible()
    keys.press("Tab")
    expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
    keys.press("Enter")
    walk_to(person, page.get_by_role("button", name="New blueprint"))
    keys.press("Enter")
    expect(person.dialog.get_by_label("Name")).to_be_focused()
    keys.type("typed")
    keys.press("Enter")
    expect(canvas.frame).to_be_visible()

    search = page.get_by_label("Find a block to add")
    walk_to(person, search)
    # Each is linked by itself as it comes: there is one possible link only.
    for word in ("openclaw", "url", "model", "volume", "vari"):
        keys.type(word)
        keys.press("Enter")
        expect(search).to_have_value("")
    expect(canvas.blocks).to_have_count(5)
    expect(canvas.links).to_have_count(4)

    walk_to(person, canvas.block("variables"))
    keys.press("Delete")
    expect(canvas.blocks).to_have_count(4)
    keys.press("Control+z")
    expect(canvas.blocks).to_have_count(5)
    walk_to(person, canvas.block("variables"))
    keys.press("Delete")
    expect(canvas.links).to_have_count(3)

    # A link by keys: take one out, and put it back with L.
    walk_to(person, canvas.frame.get_by_label("openclaw to volume"))
    keys.press("Enter")
    keys.press("Delete")
    expect(canvas.links).to_have_count(2)
    walk_to(person, canvas.block("volume"))
    keys.press("l")
    expect(person.dialog.get_by_role("button", name=re.compile("openclaw"))).to_be_focused()
    keys.press("Enter")
    expect(canvas.links).to_have_count(3)

    walk_to(person, canvas.block("openclaw"))
    before = canvas.block("openclaw").get_attribute("style")
    keys.press("ArrowRight")
    expect(canvas.block("openclaw")).not_to_have_attribute("style", before or "")
    keys.press("Enter")
    memory = page.get_by_role("tabpanel").get_by_label("Memory MiB", exact=True)
    walk_to(person, memory)
    keys.type("1792")
    expect(canvas.block("openclaw")).to_contain_text("1792")

    walk_to(person, page.get_by_role("button", name="Deploy", exact=True))
    keys.press("Enter")
    expect(person.dialog.get_by_label("Plan", exact=True).get_by_role("status")).not_to_be_empty()
    walk_to(person, person.dialog.get_by_role("button", name=re.compile("^Deploy")))
    keys.press("Enter")
    roll_out(person, "Revision 1 is deployed")
    keys.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.get_by_role("button", name="Deploy", exact=True)).to_be_focused()


def walk_to(person: Person, target: Locator) -> None:
    """Tab until it has the focus. Whatever has it on the way is seen."""
    target.first.wait_for()
    for _ in range(FARTHEST):
        if target.first.evaluate("element => element === document.activeElement"):
            return
        person.page.keyboard.press("Tab")
    raise AssertionError(f"{FARTHEST} times Tab does not lead to {target}")

"""Documents from elsewhere: broken, huge or hostile ones are refused with their problems, and
nothing that stands in one is ever markup."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.console.canvas import Canvas
from tests.e2e.console.person import Person

MARKUP = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
GOOD = """
name: foreign
blocks:
  - {id: door, kind: url, options: {}}
  - {id: agent, kind: openclaw, options: {version: "2026.9.6"}}
  - {id: brain, kind: model, options: {model: "demo-1"}}
  - {id: voice, kind: prompt, options: {text: %s}}
links: [[door, agent], [agent, brain], [agent, voice]]
"""
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{this}: &{this} [{', '.join(['*' + before] * 9)}]\n"
    for before, this in zip("abcdefgh", "bcdefghi", strict=True)
)


def test_documents_that_cannot_be_drawn_are_refused(person: Person, tmp_path: Path) -> None:
    """Broken YAML, one that unfolds into gigabytes, one with another shape, and a file of a
    megabyte: each is refused with a sentence, the canvas stays as it was, and the page is alive."""
    person.go("/blueprints/support-agent")
    canvas = Canvas(person)
    expect(canvas.blocks).to_have_count(7)
    for text in ("blocks: [", BOMB, "[1, 2, 3]", f"blocks: {MARKUP}", "__proto__: {blocks: []}"):
        refused = import_text(person, text)
        expect(refused).to_contain_text("Refused")
        person.dialog.get_by_role("button", name="Cancel").click()
    huge = tmp_path / "huge.yaml"
    huge.write_text("# " + "x" * 1_000_000)
    person.press("Import")
    person.page.locator("input[type=file]").set_input_files(huge)
    expect(person.dialog.get_by_role("alert")).to_contain_text("KiB")
    person.dialog.get_by_role("button", name="Cancel").click()
    expect(canvas.blocks).to_have_count(7)
    person.sees("No changes")
    nothing_ran(person)


@pytest.mark.parametrize("place", ["text", "block", "name"])
def test_markup_in_a_document_is_text(person: Person, place: str) -> None:
    """A prompt, the id of a block and the name of a blueprint that hold tags: shown as they were
    written, on the canvas, in the inspector, the YAML, the problems and the changes, or refused in
    words that show them."""
    person.go("/blueprints/support-agent")
    canvas, quoted = Canvas(person), "'" + MARKUP.replace("'", "''") + "'"
    text = GOOD % (quoted if place == "text" else "hello")
    if place == "block":
        text = text.replace("id: voice", f"id: {quoted}").replace("[agent, voice]", "")
    if place == "name":
        text = text.replace("name: foreign", f"name: {quoted}")
    person.press("Import")
    person.dialog.get_by_label("Or paste it here").fill(text)
    person.dialog.get_by_role("button", name="Import", exact=True).click()
    person.page.wait_for_timeout(200)
    if person.page.locator("dialog[open]").count() == 0:
        for view in ("YAML", "Problems", "Changes", "Options"):
            canvas.view(view)
        canvas.blocks.last.locator(".block__head").click()
    if place == "text":
        expect(canvas.block("voice")).to_contain_text("<img src=x")
    nothing_ran(person)


def import_text(person: Person, text: str) -> Locator:
    person.press("Import")
    person.dialog.get_by_label("Or paste it here").fill(text)
    person.dialog.get_by_role("button", name="Import", exact=True).click()
    return person.dialog.get_by_role("alert")


def nothing_ran(person: Person) -> None:
    assert person.page.title() != "owned"
    assert person.page.locator("img[src=x]").count() == 0

"""Documents from elsewhere: broken, huge or hostile ones are refused with their problems, and
nothing that stands in one is ever markup."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import expect

from tests.e2e.console.canvas import Canvas
from tests.e2e.console.person import Person

MARKUP = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
QUOTED = "'" + MARKUP.replace("'", "''") + "'"
GOOD = """
name: foreign
blocks:
  - {id: door, kind: url, options: {}}
  - {id: agent, kind: openclaw, options: {version: "2026.9.6"}}
  - {id: brain, kind: model, options: {model: "demo-1"}}
  - {id: voice, kind: prompt, options: {text: hello}}
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
        import_text(person, text)
        expect(person.dialog.get_by_role("alert")).to_contain_text("Refused")
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


def test_markup_in_a_document_is_text(person: Person) -> None:
    """A prompt full of tags is drawn as it was written, in every view of it; the name of another
    blueprint is not taken over; a block's id of that kind is refused in words that quote it."""
    person.go("/blueprints/support-agent")
    canvas = Canvas(person)
    import_text(person, GOOD.replace("hello", QUOTED))
    expect(canvas.block("voice")).to_contain_text("<img src=x onerror=")
    for view in ("YAML", "Problems", "Changes"):
        expect(canvas.view(view)).not_to_be_empty()
        nothing_ran(person)
    canvas.view("Options")
    text = canvas.options("voice").get_by_role("textbox", name=re.compile("^Text"))
    expect(text).to_have_value(MARKUP)

    import_text(person, GOOD.replace("foreign", QUOTED))
    expect(canvas.block("voice")).to_contain_text("hello")
    expect(person.page.get_by_role("heading", name="support-agent").first).to_be_visible()

    import_text(person, GOOD.replace("voice", QUOTED))
    expect(person.dialog.get_by_role("alert")).to_contain_text("<img src=x onerror=")
    nothing_ran(person)


def import_text(person: Person, text: str) -> None:
    person.press("Import")
    person.dialog.get_by_label("Or paste it here").fill(text)
    person.dialog.get_by_role("button", name="Import", exact=True).click()


def nothing_ran(person: Person) -> None:
    assert person.page.title() != "owned"
    assert person.page.locator("img[src=x]").count() == 0

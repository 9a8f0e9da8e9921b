"""From an empty canvas to a tenant that answers, with a mouse."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.e2e.console.canvas import Canvas
from tests.e2e.console.chatting import chat
from tests.e2e.console.deploying import create_tenant, deploy, leave_to_be_erased, roll_out
from tests.e2e.console.person import BOOTING, Person
from tests.e2e.talk import must


def test_drawn_by_mouse_deployed_and_answering(person: Person) -> None:
    """Five blocks are dragged onto an empty canvas and linked; what the rules refuse says why
    while it is drawn; Deploy saves and deploys it; a tenant made from it gets ready on its page and
    answers under the prompt that was written on the canvas."""
    page, canvas = person.page, Canvas(person)
    person.go("/blueprints")
    person.press("New blueprint")
    page.get_by_label("Name").fill("drawn")
    person.press("Draw it")
    expect(canvas.frame).to_be_visible()

    canvas.drag_in("URL", 300, 200)
    canvas.drag_in("Model", 640, 90)
    canvas.drag_in("Prompt", 640, 240)
    canvas.drag_in("Volume", 640, 380)
    # The last one may be linked with any of them, so it is linked with none by itself.
    canvas.drag_in("OpenClaw", 420, 330)
    expect(canvas.blocks).to_have_count(5)
    expect(canvas.links).to_have_count(0)
    expect(canvas.view("Problems")).to_contain_text(re.compile("link", re.IGNORECASE))
    canvas.view("Options")
    person.press("Arrange all blocks (A)")

    canvas.hold_link("url", "OpenClaw", "model")
    expect(canvas.block("model").locator(".block__why")).to_be_visible()
    canvas.let_go()
    expect(canvas.links).to_have_count(0)

    canvas.link("url", "OpenClaw", "openclaw")
    for port in ("Model", "Prompt", "Volume"):
        canvas.link("openclaw", port, port.lower())
    expect(canvas.links).to_have_count(4)
    prompt = canvas.options("prompt")
    prompt.get_by_label("Default", exact=True).fill("You are drawn by hand for ${tenant.name}.")
    expect(canvas.block("prompt")).to_contain_text("You are drawn by hand")
    expect(page.get_by_text(re.compile(r"\d+ problems?$"))).to_have_count(0)

    deploy(person)
    roll_out(person, "Revision 1 is deployed")
    saved = must(person.stateroom.api("GET", "/blueprints/drawn")).json()
    assert len(saved["document"]["links"]) == 4
    assert len(saved["layout"]["blocks"]) == 5

    create_tenant(person, "Drawn One", "drawn")
    expect(page).to_have_url(f"{person.origin}/tenants/drawn-one")
    expect(page.get_by_text("ready", exact=True).first).to_be_visible(timeout=BOOTING)
    page.get_by_role("tab", name="Chat").click()
    assert "You are drawn by hand for Drawn One." in chat(person, "who are you?")
    leave_to_be_erased(person.stateroom, "drawn-one")

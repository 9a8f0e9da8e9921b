"""The guided first deploy, as somebody goes through it who has never seen it: from the page that an
empty installation opens on to an answer in the chat."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.e2e.console.chatting import chat
from tests.e2e.console.person import BOOTING, Person


def walk(
    person: Person,
    template: str,
    tenant: str,
    question: str,
    reached: Callable[[str], object] = lambda moment: None,
    seen: Callable[[str], object] = lambda step: None,
) -> list[str]:
    """The steps as the page names them. Ends when the question is answered.

    reached: told of each moment that somebody would wait for, in words. seen: told of each step
    once it is filled in."""
    page = person.page
    expect(page.get_by_role("heading", name="Your first deploy")).to_be_visible()
    reached("the first step is shown")
    steps = page.get_by_label("Steps of the first deploy").locator(".stepper__title")
    named = [text.partition(",")[0] for text in steps.all_inner_texts()]

    # Its button is named by title and description; another's may speak of it.
    page.get_by_role("button", name=re.compile(rf"^{re.escape(template)}\b")).click()
    expect(page.get_by_label("Built-in demo")).to_be_checked()
    seen("provider")
    person.press("Continue")
    seen("drawing")
    person.press("Accept it")
    page.get_by_label("Name").fill(tenant)
    seen("tenant")
    person.press("Continue")
    seen("deploy")
    person.press("Deploy")
    reached("Deploy is pressed")
    expect(page.get_by_label("Your message")).to_be_visible(timeout=BOOTING)
    reached("the tenant answers")
    chat(person, question)
    reached("a question is answered")
    seen("chat")
    return named

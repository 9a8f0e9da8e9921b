"""The chat panel, as somebody uses it who reads what it says."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.console.person import BOOTING, Person


def chat(person: Person, question: str) -> str:
    """The whole answer. One that breaks off is asked for again, with the button that is there for
    it: a network of somebody's cabin came or went."""
    page = person.page
    page.get_by_label("Your message").fill(question)
    page.get_by_label("Your message").press("Enter")
    answer = page.get_by_role("log").locator(".bubble:not(.bubble--mine)").last
    send, again = page.get_by_role("button", name="Send"), answer.get_by_role("button")
    for _ in range(4):
        expect(answer).to_be_visible()
        expect(send).to_be_visible(timeout=BOOTING)
        if again.count() == 0:
            break
        again.click()
    return answer.locator(".bubble__text").inner_text(timeout=BOOTING)

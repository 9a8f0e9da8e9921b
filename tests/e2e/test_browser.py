"""A person in a real browser: the one-time link signs in, nothing is typed but the question."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.installation import Stateroom
from tests.e2e.quiet import quiet

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip


@pytest.fixture(scope="module")
def browser(stateroom: Stateroom, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with sync_playwright() as playwright, quiet(stateroom) as inside:
        program = started_by(inside, tmp_path_factory.mktemp("browser"))
        chromium = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield chromium
        chromium.close()


def started_by(words: Sequence[str], folder: Path) -> str:
    """Chromium by a program of its own, for those who take a path and no words."""
    chromium = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    assert chromium, "This test needs Chromium: apt-get install chromium, or run scripts/test."
    if not words:
        return chromium
    program = folder / "chromium"
    program.write_text(f'#!/bin/sh\nexec {shlex.join((*words, chromium))} "$@"\n')
    program.chmod(0o755)
    return str(program)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Everything that a person would have: no key, no certificate of ours, an empty profile.
    Our CA is checked by every other test; a browser's trust store is not what this is about."""
    context = browser.new_context(ignore_https_errors=True, reduced_motion="reduce")
    yield context.new_page()
    context.close()


def test_a_person_signs_in_by_a_link_types_and_reads(stateroom: Stateroom, page: Page) -> None:
    """`tenants open` prints a link; behind it is OpenClaw's own UI, signed in: a question typed
    there is answered by the tenant's model under the tenant's prompt. The link works once."""
    link = stateroom.cli("tenants", "open", "acme", "--json").document["open_url"]
    opened = page.goto(link)
    assert opened is not None
    assert opened.status == 200
    assert page.url.startswith(f"https://acme.t.localhost:{stateroom.ports[0]}/")
    assert "ticket" not in page.url
    box = page.locator("textarea")
    box.wait_for(timeout=120_000)
    box.fill("a question from the browser")
    box.press("Enter")
    answer = page.get_by_text("You help the customers of Acme.").first
    answer.wait_for(timeout=120_000)
    assert page.get_by_text("a question from the browser").count() > 0

    again = page.context.browser.new_context(ignore_https_errors=True)  # type: ignore[union-attr]
    refused = again.new_page().goto(link)
    assert refused is not None
    assert refused.status == 403
    assert again.cookies() == []
    again.close()


def test_a_person_without_a_link_is_sent_to_sign_in(stateroom: Stateroom, page: Page) -> None:
    """The bare URL leads to the console's sign-in with the way back, and shows nothing of the
    tenant's; a session of one tenant is none at another's."""
    link = stateroom.access("acme")["open_url"]
    assert page.goto(link)
    page.goto(f"https://globex.t.localhost:{stateroom.ports[0]}/chat")
    assert page.url.startswith(f"https://console.localhost:{stateroom.ports[0]}/")
    assert "globex.t.localhost" in page.url

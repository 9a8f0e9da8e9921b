"""Somebody who operates Stateroom in a browser: signs in by a one-time link, goes to pages, says
what they see."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    ViewportSize,
    expect,
)
from playwright.sync_api import Error as BrowserError
from playwright.sync_api import TimeoutError as BrowserTimeout

from tests.e2e.installation import Stateroom
from tests.e2e.talk import must

PATIENCE = 15_000
"""Milliseconds that something on a page may take before it counts as never."""
BOOTING = 240_000
"""The same for what waits for a runtime."""
DESK: ViewportSize = {"width": 1280, "height": 800}
NETWORK_CHANGED = ("ERR_NETWORK_CHANGED", "by another navigation to \"chrome-error:")
"""What Chromium ends every request with when a network comes or goes, here those of cabins; and
what the next one may meet, while the page about that is still on its way."""

expect.set_options(timeout=PATIENCE)


@dataclass
class Person:
    """complaints: what the browser had to say about the console: errors of scripts, and what the
    content security policy refused."""

    stateroom: Stateroom
    context: BrowserContext
    complaints: list[str] = field(default_factory=list)
    page: Page = field(init=False)

    def __post_init__(self) -> None:
        self.context.set_default_timeout(PATIENCE)
        self.page = self.another_page()

    @property
    def origin(self) -> str:
        return f"https://console.localhost:{self.stateroom.ports[0]}"

    def another_page(self) -> Page:
        page = self.context.new_page()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def link(self) -> str:
        made = must(self.stateroom.api("POST", "/session-links")).json()
        self.note("code", made["code"])
        return str(made["url"])

    def sign_in(self) -> None:
        """With a new link where the answer to the first one was lost on its way."""
        refused = self.page.get_by_role("alert")
        for _ in range(3):
            self.go_to(self.link())
            expect(self.navigation.or_(refused)).to_be_visible()
            if refused.count() == 0:
                break
        expect(self.navigation).to_be_visible()
        for cookie in self.context.cookies():
            self.note("cookie", str(cookie.get("value")))

    def note(self, word: str, value: str) -> None:
        """For the tests that look whether a secret of this run stands anywhere."""
        self.stateroom.revealed[f"console {word} {value[-4:]}"] = value

    def go(self, path: str) -> None:
        self.go_to(self.origin + path)

    def go_to(self, address: str, page: Page | None = None) -> None:
        """A person presses reload where the page did not come, or came without its program."""
        shown = page or self.page
        load: Callable[[], object] = partial(shown.goto, address)
        for _ in range(5):
            try:
                load()
                shown.locator("#root > :not(.unloaded), body > main").first.wait_for()
                return
            except BrowserTimeout:
                load = shown.reload
            except BrowserError as error:
                if not any(sign in error.message for sign in NETWORK_CHANGED):
                    raise
        raise AssertionError(f"{address} does not load")

    def reload(self) -> None:
        self.go_to(self.page.url)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    @property
    def navigation(self) -> Locator:
        return self.page.get_by_role("navigation", name="Stateroom")

    @property
    def dialog(self) -> Locator:
        return self.page.locator("dialog[open]").last

    def sees(self, text: str | re.Pattern[str], within: int = PATIENCE) -> None:
        expect(self.page.get_by_text(text).first).to_be_visible(timeout=within)

    def leave(self) -> None:
        self.context.close()
        assert not self.complaints, self.complaints

    def _hear(self, message: ConsoleMessage) -> None:
        """What does not load is the console's affair; it says so itself."""
        said = message.text
        is_missing = said.startswith("Failed to load resource") or "its MIME type" in said
        if message.type == "error" and not is_missing:
            self.complaints.append(said)

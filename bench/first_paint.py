"""How soon a person sees something of the console, in Debian's Chromium: the sign-in, and the
overview of somebody who is signed in. Each time with an empty cache, over TLS, from the start of
the navigation to the browser's own first contentful paint.

Target: under one second on loopback.

    scripts/bench first_paint        needs a running installation with a blueprint (`scripts/up`)
"""

from __future__ import annotations

import statistics
import sys

from playwright.sync_api import Browser, StorageState, expect

from bench._browsing import browsing
from bench._installation import Running
from bench._machine import machine
from bench._report import report
from tests.e2e.console.person import DESK, Person
from tests.e2e.installation import Stateroom

TIMES = 15
TARGET = 1_000
PAINT = """() => new Promise((resolve) => {
  new PerformanceObserver((list) => {
    const first = list.getEntriesByName("first-contentful-paint")[0];
    if (first) resolve(first.startTime);
  }).observe({ type: "paint", buffered: true });
})"""


def main() -> None:
    running = Running()
    if not running.api("GET", "/blueprints")["items"]:
        sys.exit("The overview of an empty installation is its guide. Draw something: scripts/up")
    head = machine()
    with browsing(running) as (installation, browser):
        session = signed_in(installation, browser)
        found = {
            "the sign-in": [sign_in(installation, browser) for _ in range(TIMES)],
            "the overview, signed in": [
                overview(installation, browser, session) for _ in range(TIMES)
            ],
        }
    say = [head, "", f"first contentful paint, {TIMES} times each, with an empty cache", ""]
    for page, times in found.items():
        median, most = statistics.median(times), max(times)
        say.append(f"{page:<32} median {median:5.0f} ms  max {most:5.0f} ms  (target: {TARGET} ms)")
    report("first_paint", say)


def signed_in(installation: Stateroom, browser: Browser) -> StorageState:
    """What a browser keeps that a one-time link has signed in."""
    person = Person(installation, browser.new_context())
    person.sign_in()
    kept = person.context.storage_state()
    person.leave()
    return kept


def sign_in(installation: Stateroom, browser: Browser) -> float:
    """Milliseconds until somebody who is not signed in sees something."""
    person = Person(installation, browser.new_context(viewport=DESK))
    person.go("/sign-in")
    expect(person.page.get_by_role("heading", name="Stateroom")).to_be_visible()
    return painted(person)


def overview(installation: Stateroom, browser: Browser, session: StorageState) -> float:
    """The same for somebody who is."""
    person = Person(installation, browser.new_context(viewport=DESK, storage_state=session))
    person.go("/")
    expect(person.navigation).to_be_visible()
    return painted(person)


def painted(person: Person) -> float:
    first = float(person.page.evaluate(PAINT))
    person.leave()
    return first


if __name__ == "__main__":
    main()

"""The guided first deploy by the clock, in Debian's Chromium: from a one-time link to the console
of an empty installation to the first answer of its first tenant.

A program presses what a person would; the person reads as well, and that is not in the figure. The
images are there: obtaining them is part of `scripts/up`.

Target: at most five steps, and under five minutes.

    scripts/bench first_deploy       needs an empty installation (`scripts/up --empty`)
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field

from bench._browsing import browsing
from bench._installation import Running
from bench._machine import machine
from bench._report import report
from tests.e2e.console.guided import walk
from tests.e2e.console.person import DESK, Person

TEMPLATE = "Support agent"
TARGET = 300


@dataclass
class Clock:
    """Moments in the order in which they were reached, in seconds since it was made."""

    began: float = field(default_factory=time.monotonic)
    moments: list[tuple[str, float]] = field(default_factory=list)

    def reached(self, moment: str) -> None:
        self.moments.append((moment, time.monotonic() - self.began))


def main() -> None:
    running = Running()
    if running.api("GET", "/tenants")["items"] or running.api("GET", "/blueprints")["items"]:
        sys.exit("This installation is not empty. Start another one: scripts/up --empty")
    head = machine()
    steps, clock = first_deploy(running)
    running.erase("first-mate")
    say = [head, "", f"steps  {len(steps)}: {', '.join(steps)}  (target: at most 5)", ""]
    say += [f"{moment:<32} {at:6.1f} s" for moment, at in clock.moments]
    whole = clock.moments[-1][1]
    say.append(f"{'from the link to the answer':<32} {whole:6.1f} s  (target: {TARGET} s)")
    report("first_deploy", say)


def first_deploy(running: Running) -> tuple[list[str], Clock]:
    with browsing(running) as (installation, browser):
        person = Person(installation, browser.new_context(viewport=DESK))
        clock = Clock()
        person.sign_in()
        steps = walk(person, TEMPLATE, "First Mate", "Who are you?", clock.reached)
        person.leave()
    return steps, clock


if __name__ == "__main__":
    main()

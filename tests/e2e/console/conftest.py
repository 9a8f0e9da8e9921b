"""A browser that trusts the installation's CA, and people who sit before it.

Every person is a context of their own: cookies, storage and nothing else of anybody's."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.e2e.console.chromium import chromium
from tests.e2e.console.person import Person
from tests.e2e.console.pictures import FOLDER
from tests.e2e.installation import Stateroom


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="package")
def browser(
    playwright: Playwright, stateroom: Stateroom, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    profile = tmp_path_factory.mktemp("profile")
    with chromium(playwright, stateroom.home / "ca.pem", profile) as started:
        yield started


DESK = {"viewport": {"width": 1280, "height": 800}}
_failed = pytest.StashKey[bool]()


@pytest.fixture
def people(
    request: pytest.FixtureRequest, stateroom: Stateroom, browser: Browser
) -> Iterator[Callable[..., Person]]:
    """Makes signed-in people; options are those of a browser's context. What they saw last is kept
    as pictures where the test failed."""
    made: list[Person] = []
    with ExitStack() as stack:

        def make(**options: object) -> Person:
            person = Person(stateroom, browser.new_context(**{**DESK, **options}))  # type: ignore[arg-type]
            stack.callback(person.leave)
            made.append(person)
            person.sign_in()
            return person

        yield make
        if request.node.stash.get(_failed, False):
            for number, person in enumerate(made):
                person.page.screenshot(path=FOLDER / f"failed-{request.node.name}-{number}.png")


@pytest.fixture
def person(people: Callable[..., Person]) -> Person:
    return people()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fixtures that end after the test ask here how it went."""
    report = yield
    if report.when == "call":
        item.stash[_failed] = report.failed
    return report

"""A browser that trusts the installation's CA, and people who sit before it.

Every person is a context of their own: cookies, storage and nothing else of anybody's."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Playwright, StorageState, sync_playwright

from tests.e2e.console.chromium import chromium
from tests.e2e.console.documents import document
from tests.e2e.console.person import DESK, Person
from tests.e2e.console.pictures import FOLDER
from tests.e2e.installation import Stateroom
from tests.e2e.quiet import quiet
from tests.e2e.talk import must


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="package")
def browser(
    playwright: Playwright, stateroom: Stateroom, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    profile = tmp_path_factory.mktemp("profile")
    with (
        quiet(stateroom) as inside,
        chromium(playwright, stateroom.home / "ca.pem", profile, inside) as started,
    ):
        yield started


@pytest.fixture(scope="package", autouse=True)
def ship(stateroom: Stateroom) -> str:
    """A tenant of a blueprint that is deployed, for the one story that needs a runtime which was
    there before: it boots while the others are told."""
    must(stateroom.api("PUT", "/blueprints/ship", document("ship")))
    must(stateroom.api("POST", "/blueprints/ship/deploy", {}))
    must(stateroom.api("POST", "/tenants", {"slug": "sailor", "blueprint": "ship"}))
    return "sailor"


@pytest.fixture(scope="package")
def signed_in(stateroom: Stateroom, browser: Browser) -> StorageState:
    """What a browser keeps that a one-time link has signed in."""
    person = Person(stateroom, browser.new_context())
    person.sign_in()
    kept = person.context.storage_state()
    person.leave()
    return kept


_failed = pytest.StashKey[bool]()


@pytest.fixture
def people(
    request: pytest.FixtureRequest,
    stateroom: Stateroom,
    browser: Browser,
    signed_in: StorageState,
) -> Iterator[Callable[[], Person]]:
    """Makes signed-in people. What they saw last is kept as pictures where the test failed."""
    made: list[Person] = []
    with ExitStack() as stack:

        def make() -> Person:
            # Who asks for less motion sees at once where things go: nobody waits for animations.
            context = browser.new_context(
                viewport=DESK, reduced_motion="reduce", storage_state=signed_in
            )
            person = Person(stateroom, context)
            stack.callback(person.leave)
            made.append(person)
            return person

        yield make
        if request.node.stash.get(_failed, False):
            for number, person in enumerate(made):
                person.page.screenshot(path=FOLDER / f"failed-{request.node.name}-{number}.png")


@pytest.fixture
def person(people: Callable[[], Person]) -> Person:
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

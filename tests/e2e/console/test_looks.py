"""Every page and panel in both schemes, on a desk and on a phone: axe finds nothing serious, no
page is wider than the screen, and a picture of each is kept to be looked at."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.console.canvas import Canvas
from tests.e2e.console.deploying import review
from tests.e2e.console.looking import glance, look
from tests.e2e.console.person import DESK, Person

PAGES = {
    "overview": "/",
    "blueprints": "/blueprints",
    "editor": "/blueprints/support-agent",
    "tenants": "/tenants",
    "tenants-new": "/tenants?new=1",
    "tenants-none": "/tenants?search=nobody-is-called-so",
    "tenant": "/tenants/acme",
    "tenant-limits": "/tenants/acme?tab=limits",
    "tenant-logs": "/tenants/acme?tab=logs",
    "tenant-events": "/tenants/acme?tab=events",
    "tenant-chat": "/tenants/acme?tab=chat",
    "tenant-missing": "/tenants/nobody",
    "first": "/first",
    "sign-up": "/sign-up?blueprint=support-agent",
    "providers": "/providers",
    "settings": "/settings",
    "missing": "/no/such/page",
}


def test_every_page_can_be_used_by_everybody(person: Person) -> None:
    """WCAG 2.2 AA as far as a program can tell, on each page and panel, and nobody has to scroll
    sideways."""
    found: list[str] = []
    for name, path in PAGES.items():
        person.page.set_viewport_size(DESK)
        person.go(path)
        found += look(person.page, name)
    for name, show in PANELS.items():
        person.page.set_viewport_size(DESK)
        show(person)
        found += look(person.page, name)
    person.context.clear_cookies()
    person.page.set_viewport_size(DESK)
    person.go("/sign-in")
    found += look(person.page, "sign-in")
    assert not found, "\n".join(found)


def test_every_question_can_be_answered_by_everybody(person: Person) -> None:
    """The dialogs that ask before something is done to a tenant, or to several."""
    page = person.page
    for name, button in DIALOGS.items():
        person.go("/tenants/globex")
        page.get_by_role("button", name=button, exact=True).first.click()
        expect(person.dialog).to_be_visible()
        glance(page, f"dialog-{name}")
    person.go("/tenants")
    page.get_by_label("Choose globex").check()
    glance(page, "tenants-chosen")
    page.get_by_role("button", name="Restart", exact=True).click()
    expect(person.dialog).to_be_visible()
    glance(page, "dialog-bulk")


DIALOGS = {
    "restart": "Restart",
    "safe-mode": "Safe mode",
    "suspend": "Suspend",
    "delete": "Delete",
    "secret": "Add",
    "rename": "Rename",
}


def chosen(person: Person) -> None:
    person.go("/blueprints/support-agent")
    Canvas(person).options("brain")


def yaml(person: Person) -> None:
    person.go("/blueprints/support-agent")
    Canvas(person).view("YAML")


def problems(person: Person) -> None:
    chosen(person)
    person.page.get_by_role("tabpanel").get_by_label("Id", exact=True).fill("Not An Id")
    Canvas(person).options("agent").get_by_label("Memory MiB", exact=True).fill("12")
    Canvas(person).view("Problems")


def changes(person: Person) -> None:
    person.go("/blueprints/support-agent")
    Canvas(person).options("agent").get_by_label("Memory MiB", exact=True).fill("2176")
    Canvas(person).view("Changes")


def deploy(person: Person) -> None:
    changes(person)
    review(person)


def revisions(person: Person) -> None:
    person.go("/blueprints/small-agent")
    person.page.get_by_title("Revisions and their differences").click()
    expect(person.dialog.get_by_role("button", name="Deploy").first).to_be_visible()


PANELS = {
    "editor-block": chosen,
    "editor-yaml": yaml,
    "editor-problems": problems,
    "editor-changes": changes,
    "editor-deploy": deploy,
    "editor-revisions": revisions,
}

"""Every page and panel in both schemes, on a desk and on a phone: axe finds nothing serious, no
page is wider than the screen, and a picture of each is kept to be looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Page, ViewportSize, expect

from tests.e2e.console.canvas import Canvas
from tests.e2e.console.deploying import review
from tests.e2e.console.person import DESK, Person
from tests.e2e.console.pictures import FOLDER

AXE = Path(__file__).parents[3] / "console" / "node_modules" / "axe-core" / "axe.min.js"
PHONE: ViewportSize = {"width": 390, "height": 844}
SCHEMES: tuple[Literal["dark", "light"], ...] = ("dark", "light")
GRAVE = ("serious", "critical")

COLOURS = "color-contrast"
# Of WCAG 2.2, and not asked for by axe itself.
SIZES = {"target-size": {"enabled": True}}
LOOKED_AT: dict[tuple[str, str], dict[str, Any]] = {
    ("desk", "dark"): {"resultTypes": ["violations"], "rules": SIZES},
    ("desk", "light"): {"resultTypes": ["violations"], "runOnly": [COLOURS]},
    # A phone has the colours of the desk: there it is its own layout that is looked at.
    ("phone", "dark"): {
        "resultTypes": ["violations"],
        "rules": {**SIZES, COLOURS: {"enabled": False}},
    },
}

JUMPS = """() => {
  const watcher = new PerformanceObserver(() => {});
  watcher.observe({ type: "layout-shift", buffered: true });
  const jumps = watcher.takeRecords().filter(({ hadRecentInput }) => !hadRecentInput);
  const sum = jumps.reduce((sum, { value }) => sum + value, 0);
  const what = ({ node }) => node?.outerHTML?.slice(0, 120) ?? node?.nodeName;
  return sum < 0.03 ? [] : jumps.map(({ value, sources }) =>
    `jumps by ${value.toFixed(3)}: ${sources.map(what).join(" ")}`);
}"""
"""What moved without being asked to while the page loaded; up to there nobody sees it."""

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


def look(page: Page, name: str) -> list[str]:
    """What is wrong with what is shown; and a picture of each screen in each scheme."""
    settle(page)
    found = [f"{name}: {jump}" for jump in page.evaluate(JUMPS)]
    for screen, size in (("desk", DESK), ("phone", PHONE)):
        page.set_viewport_size(size)
        bring_into_view(page)
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            still(page)
            shown = f"{name}-{scheme}-{screen}"
            page.screenshot(path=FOLDER / f"{shown}.png")
            found += [f"{shown}: {one}" for one in grave(page, LOOKED_AT.get((screen, scheme)))]
        if (wide := int(page.evaluate("document.documentElement.scrollWidth"))) > size["width"]:
            found.append(f"{name} {screen}: {wide} px wide")
    return found


def settle(page: Page) -> None:
    """What loads is there."""
    expect(page.locator("h1, h2").first).to_be_visible()
    expect(page.locator(".loading")).to_have_count(0)


def still(page: Page) -> None:
    """What moves is where it goes to, but for what never gets anywhere."""
    page.evaluate(
        """() => document.getAnimations()
          .filter((one) => one.effect.getComputedTiming().endTime !== Infinity)
          .forEach((one) => one.finish())"""
    )


def bring_into_view(page: Page) -> None:
    """What the page is about, as a person would scroll or press to see it on a small screen."""
    if page.locator("dialog[open]").count():
        return
    if page.get_by_role("button", name="Fit into the window (F)").count():
        page.get_by_role("button", name="Fit into the window (F)").click()
    elif page.locator(".tenant__tabs").count():
        page.locator(".tenant__tabs").evaluate("tabs => tabs.scrollIntoView()")


def grave(page: Page, rules: dict[str, Any] | None) -> list[str]:
    """axe is run by the browser's own debugger, past the content security policy and not against
    it."""
    if rules is None:
        return []
    if not page.evaluate("typeof window.axe === 'object'"):
        page.evaluate(AXE.read_text())
    result: Any = page.evaluate("(options) => axe.run(options)", rules)
    assert result["passes"], "axe looked at nothing"
    return [
        f"{rule['id']}: {node['html'][:160]} {node['failureSummary'][:240]}"
        for rule in result["violations"]
        if rule["impact"] in GRAVE
        for node in rule["nodes"][:4]
    ]

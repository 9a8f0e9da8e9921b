"""What a program can tell of a page as it is shown: axe, layout that jumps, a page that is wider
than its screen. A picture of each is kept to be looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Page, ViewportSize, expect

from tests.e2e.console.person import DESK
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

def glance(page: Page, name: str) -> None:
    """For what a story comes by: as it is shown now, on the screen that it is on."""
    settle(page)
    found: list[str] = []
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        still(page)
        page.screenshot(path=FOLDER / f"{name}-{scheme}.png")
        found += [f"{name}-{scheme}: {one}" for one in grave(page, LOOKED_AT["desk", scheme])]
    assert not found, "\n".join(found)


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

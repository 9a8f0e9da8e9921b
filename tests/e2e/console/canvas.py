"""The canvas as a hand with a mouse uses it."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import FloatRect, Locator, expect

from tests.e2e.console.person import Person

STILL = """async (frame) => {
  const places = () => JSON.stringify([...frame.querySelectorAll(".react-flow__node")]
    .map((block) => block.getBoundingClientRect()));
  let before = "";
  for (let same = 0; same < 6; ) {
    await new Promise(requestAnimationFrame);
    const now = places();
    same = now === before ? same + 1 : 0;
    before = now;
  }
}"""


@dataclass(frozen=True)
class Canvas:
    person: Person

    @property
    def frame(self) -> Locator:
        return self.person.page.get_by_role("group", name="Canvas")

    @property
    def blocks(self) -> Locator:
        return self.frame.locator(".react-flow__node")

    @property
    def links(self) -> Locator:
        return self.frame.locator(".react-flow__edge")

    def block(self, block: str) -> Locator:
        return self.frame.locator(f".react-flow__node[data-id='{block}']")

    def be_still(self) -> None:
        """Blocks that are arranged or fitted into the window are there some frames later."""
        self.frame.evaluate(STILL)

    def drag_in(self, title: str, right: float, down: float) -> None:
        """From the palette to a place in the canvas' frame."""
        box = _box(self.frame)
        kind = self.person.page.get_by_label("Blocks to add").get_by_role("button", name=title)
        self._drag(_middle(kind), (box["x"] + right, box["y"] + down))

    def link(self, start: str, port: str, end: str) -> None:
        """From the port of that name to the block at its other end."""
        self.be_still()
        out = self.block(start).get_by_title(f"Draw a link to {port}", exact=True)
        self._drag(_middle(out), _middle(self.block(end).locator(".port--in")))

    def hold_link(self, start: str, port: str, end: str) -> None:
        """A link that is being drawn and not let go."""
        self.be_still()
        out = self.block(start).get_by_title(f"Draw a link to {port}", exact=True)
        self._drag(_middle(out), _middle(self.block(end)), let_go=False)

    def let_go(self) -> None:
        self.person.page.mouse.up()

    def options(self, block: str) -> Locator:
        """The inspector, with the options of this block."""
        self.block(block).locator(".block__head").click()
        panel = self.person.page.get_by_role("tabpanel")
        expect(panel.get_by_label("Id", exact=True)).to_have_value(block)
        return panel

    def view(self, name: str) -> Locator:
        self.person.page.get_by_role("tab", name=name).click()
        return self.person.page.get_by_role("tabpanel")

    def _drag(
        self, start: tuple[float, float], end: tuple[float, float], *, let_go: bool = True
    ) -> None:
        mouse = self.person.page.mouse
        mouse.move(*start)
        mouse.down()
        mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, steps=4)
        mouse.move(*end, steps=6)
        if let_go:
            mouse.up()


def _box(of: Locator) -> FloatRect:
    of.wait_for()
    box = of.bounding_box()
    assert box is not None
    return box


def _middle(of: Locator) -> tuple[float, float]:
    box = _box(of)
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

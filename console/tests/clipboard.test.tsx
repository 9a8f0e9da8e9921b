// Copy, cut and paste by the browser's own events. What is pasted is anybody's text: it is read
// with the bounds of a document, and whatever is none changes nothing.
import { cleanup, createEvent, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Blueprint } from "../src/blueprint/document";
import { useClipboard } from "../src/canvas/clipboardEvents";
import { EditingContext } from "../src/canvas/editing";
import { arrange } from "../src/canvas/layout";
import { createEditor, type Editor } from "../src/canvas/store";
import { Toasts } from "../src/ui/Toast";

const BASE: Blueprint = {
  name: "sample",
  blocks: [
    { id: "door", kind: "url", options: {} },
    { id: "agent", kind: "openclaw", options: { version: "2026.9.6" } },
    { id: "key", kind: "secret", options: { name: "KEY" } },
  ],
  links: [
    ["door", "agent"],
    ["agent", "key"],
  ],
};

let editor: Editor;

function Frame() {
  const { copy, cut, paste } = useClipboard();
  return (
    <section aria-label="Frame" onCopy={copy} onCut={cut} onPaste={paste}>
      <input aria-label="A field" />
    </section>
  );
}

beforeEach(() => {
  const drawing = { document: BASE, places: arrange(BASE) };
  editor = createEditor("sample", { revision: 1, drawing }, null);
  render(
    <EditingContext value={{ editor, starters: new Map() }}>
      <Frame />
      <Toasts />
    </EditingContext>,
  );
});
afterEach(cleanup);

const frame = () => screen.getByLabelText("Frame");
const now = () => editor.getState().now.document;
const ids = () => now().blocks.map(({ id }) => id);

/** What such an event leaves in the clipboard, and whether the browser's own act was kept back. */
function event(what: "copy" | "cut" | "paste", at: Element, clipboard = "") {
  let text = clipboard;
  const clipboardData = {
    getData: () => text,
    setData: (type: string, data: string) => {
      if (type === "text/plain") text = data;
    },
  };
  const made = createEvent[what](at, { clipboardData });
  fireEvent(at, made);
  return { text, isTaken: made.defaultPrevented };
}

describe("on the canvas", () => {
  it("a copy is what is chosen, and pasted it has a free name and its link", () => {
    editor.getState().select(["key"]);
    const { text, isTaken } = event("copy", frame());
    expect(isTaken).toBe(true);
    expect(ids()).toEqual(["door", "agent", "key"]);
    expect(event("paste", frame(), text).isTaken).toBe(true);
    expect(ids()).toEqual(["door", "agent", "key", "key-2"]);
    expect(now().links).toContainEqual(["agent", "key-2"]);
    expect([...editor.getState().selection]).toEqual(["key-2"]);
  });

  it("a cut takes it away, in one step of undo, and a paste brings it back", () => {
    editor.getState().select(["key"]);
    const { text } = event("cut", frame());
    expect(ids()).toEqual(["door", "agent"]);
    event("paste", frame(), text);
    expect(now().blocks.at(-1)).toEqual(BASE.blocks[2]);
    editor.getState().undo();
    editor.getState().undo();
    expect(now()).toEqual(BASE);
  });

  it("nothing chosen leaves the clipboard as it is", () => {
    for (const what of ["copy", "cut"] as const) {
      expect(event(what, frame(), "theirs")).toEqual({ text: "theirs", isTaken: false });
    }
    expect(now()).toBe(BASE);
  });

  it("in a field it is the field's own affair", () => {
    editor.getState().select(["key"]);
    const field = screen.getByLabelText("A field");
    for (const what of ["copy", "cut", "paste"] as const) {
      const blocks = "name: a\nblocks: [{id: x, kind: prompt}]\nlinks: []";
      expect(event(what, field, blocks)).toEqual({ text: blocks, isTaken: false });
    }
    expect(now()).toBe(BASE);
  });
});

describe("a hostile text", () => {
  const HOSTILE = "<img src=x onerror='globalThis.hurt = true'>";
  const laughs = ["a: &a [x, x, x, x, x, x, x, x, x]"];
  for (let depth = 1; depth < 9; depth += 1) {
    const [one, before] = ["abcdefghi"[depth], "abcdefghi"[depth - 1]];
    laughs.push(`${one}: &${one} [${Array(9).fill(`*${before}`).join(", ")}]`);
  }

  it.each([
    ["that is empty", ""],
    ["of prose", "Dear all, see you tomorrow."],
    ["of mark-up", HOSTILE],
    ["of no blocks", "name: a\nblocks: []\nlinks: []"],
    ["of blocks that are none", `blocks: [7, null, "${HOSTILE}"]`],
    ["that is no YAML", "blocks: [{{{"],
    ["with a tag", "!!js/function 'function () { globalThis.hurt = true }'"],
    ["that grows without end", laughs.join("\n")],
    ["nested too deeply", "[".repeat(20_000)],
    ["beyond all bounds", `blocks: [${"{id: x, kind: prompt},".repeat(100_000)}]`],
  ])("%s changes nothing and is said to be none", (_, text) => {
    expect(event("paste", frame(), text).isTaken).toBe(false);
    expect(now()).toBe(BASE);
    expect(screen.getAllByText(/^Not pasted: /).length).toBeGreaterThan(0);
    expect(document.querySelector("img")).toBeNull();
    expect(globalThis).not.toHaveProperty("hurt");
  });

  it("in the place of names is text, and no prototype", () => {
    const text = JSON.stringify({
      name: HOSTILE,
      blocks: [
        { id: "__proto__", kind: "prompt", options: { text: HOSTILE } },
        { id: "constructor", kind: HOSTILE, options: {} },
      ],
      links: [["__proto__", "constructor"]],
    }).replace('"options":{"text"', '"options":{"__proto__":{"hurt":true},"text"');
    event("paste", frame(), text);
    expect(now().name).toBe("sample");
    expect({}).not.toHaveProperty("hurt");
    expect(Object.getPrototypeOf(editor.getState().now.places)).toBe(Object.prototype);
    expect(document.querySelector("img")).toBeNull();
    editor.getState().undo();
    expect(now()).toEqual(BASE);
  });
});

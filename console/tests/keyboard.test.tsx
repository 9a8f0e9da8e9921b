// The canvas without a mouse: walking, choosing several, moving them or the view, and removing.

import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { ReactFlowProvider, useViewport } from "@xyflow/react";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Canvas } from "../src/canvas/Canvas";
import { placeOf } from "../src/canvas/drawing";
import { EditingContext } from "../src/canvas/editing";
import { arrange } from "../src/canvas/layout";
import { createEditor, type Editor } from "../src/canvas/store";
import { SAMPLE } from "./sample";

let editor: Editor;

function Viewport() {
  const { x, y } = useViewport();
  return <output aria-label="Viewport">{`${x} ${y}`}</output>;
}

beforeEach(() => {
  const drawing = { document: SAMPLE, places: arrange(SAMPLE) };
  editor = createEditor("sample", { revision: 1, drawing }, null);
  render(
    <EditingContext value={{ editor, starters: new Map() }}>
      <ReactFlowProvider>
        <Canvas onOpenOptions={() => undefined} onHelp={() => undefined} />
        <Viewport />
      </ReactFlowProvider>
    </EditingContext>,
  );
});
afterEach(cleanup);

const canvas = () => screen.getByRole("group", { name: "Canvas" });
const block = (id: string) => {
  const found = document.querySelector<HTMLElement>(`.react-flow__node[data-id="${id}"]`);
  if (!found) throw new Error(`There is no block ${id}.`);
  return found;
};
const chosen = () => [...editor.getState().selection].sort();
const place = (id: string) => placeOf(editor.getState().now.places, id);
const view = () => screen.getByLabelText("Viewport").textContent;
const walkTo = (id: string) => act(() => block(id).focus());
const press = (key: string, on: HTMLElement = canvas(), shiftKey = false) =>
  fireEvent.keyDown(on, { key, shiftKey });
const hold = (id: string) => press(" ", block(id), true);

describe("walking", () => {
  it("chooses the block that one comes to", () => {
    walkTo("door");
    expect(chosen()).toEqual(["door"]);
    walkTo("data");
    expect(chosen()).toEqual(["data"]);
  });

  it("gathers the blocks that are held, and takes them out again", () => {
    walkTo("door");
    hold("door");
    walkTo("agent");
    expect(chosen()).toEqual(["door"]);
    walkTo("data");
    hold("data");
    expect(chosen()).toEqual(["data", "door"]);
    hold("data");
    expect(chosen()).toEqual(["door"]);
    expect(document.activeElement).toBe(block("data"));
  });

  it("leaves several that are chosen alone, until one is chosen", () => {
    act(() => editor.getState().select(["door", "agent"]));
    walkTo("data");
    expect(chosen()).toEqual(["agent", "door"]);
    press(" ", block("data"));
    expect(chosen()).toEqual(["data"]);
    walkTo("brain");
    expect(chosen()).toEqual(["brain"]);
    act(() => editor.getState().select(["door", "agent"]));
    press("Enter", block("agent"));
    expect(chosen()).toEqual(["agent"]);
  });

  it("chooses again what one comes to, once nothing is held any more", () => {
    walkTo("door");
    hold("door");
    press("Escape");
    expect(chosen()).toEqual([]);
    walkTo("data");
    expect(chosen()).toEqual(["data"]);
  });
});

describe("the arrows", () => {
  it("move all that are chosen, wherever on the canvas the focus is", () => {
    const [door, data] = [place("door"), place("data")];
    act(() => editor.getState().select(["door", "agent"]));
    press("ArrowRight");
    press("ArrowDown", block("data"), true);
    expect(place("door")).toEqual({ x: (door?.x ?? 0) + 8, y: (door?.y ?? 0) + 32 });
    expect(place("data")).toEqual(data);
  });

  it("move the view where nothing is chosen, and no block", () => {
    const { now } = editor.getState();
    expect(view()).toBe("0 0");
    press("ArrowRight");
    expect(view()).toBe("-48 0");
    press("ArrowUp", canvas(), true);
    expect(view()).toBe("-48 192");
    expect(editor.getState().now).toBe(now);
  });
});

describe("what does nothing", () => {
  it("is no step of undo, and leaves the way forth open", () => {
    walkTo("data");
    press("Delete", block("data"));
    expect(editor.getState().now.document.blocks).toHaveLength(3);
    act(() => editor.getState().undo());
    act(() => editor.getState().select([]));
    press("Delete");
    press("Backspace");
    // There is one agent, so it cannot be there twice.
    act(() => editor.getState().select(["agent"]));
    fireEvent.keyDown(canvas(), { key: "d", ctrlKey: true });
    expect(editor.getState().past).toHaveLength(0);
    expect(editor.getState().future).toHaveLength(1);
  });
});

// What happened meanwhile: somebody else's revision, or edits that this browser kept from before.
// Nothing that was drawn, moved or typed is lost on the way.
import { act, cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeApi } from "../src/api/fake";
import { type Drawing, movedTo, setOption } from "../src/canvas/drawing";
import { EditingContext } from "../src/canvas/editing";
import { arrange } from "../src/canvas/layout";
import { type Base, createEditor, type Editor } from "../src/canvas/store";
import { keep, olderEdits, recall } from "../src/canvas/unsaved";
import { Meanwhile } from "../src/pages/editor/Meanwhile";
import { Yaml } from "../src/panels/Yaml";
import { optionsOf } from "./deployLab";
import { SAMPLE } from "./sample";

const HALF = "blocks: [";
const drawing: Drawing = { document: SAMPLE, places: arrange(SAMPLE) };
const theirs = setOption(drawing, "brain", "model", "demo-2");

beforeEach(() => {
  localStorage.clear();
  const api = new FakeApi().on("get", "/api/v1/blueprints/{name}/revisions/{number}", () => ({
    blueprint: "sample",
    revision: 1,
    digest: "x",
    created_at: "2026-01-01T00:00:00Z",
    document: { ...SAMPLE },
    layout: {},
  }));
  vi.stubGlobal("fetch", (input: RequestInfo | URL, init?: RequestInit) => api.fetch(input, init));
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

/** An editor at a revision that keeps nothing itself, beside a server that has this one. */
function open(
  revision: number,
  saved: number,
  begin: (editor: Editor) => void = () => undefined,
  storage: Storage | null = null,
) {
  const editor = createEditor("sample", { revision, drawing }, storage);
  begin(editor);
  render(around(editor, { revision: saved, drawing: theirs }));
  return editor;
}

/** What stands around the canvas, beside a server that has this. */
function around(editor: Editor, saved: Base) {
  return (
    <EditingContext value={{ editor, starters: new Map() }}>
      <Meanwhile saved={saved} onCompare={() => undefined} />
      <Yaml />
    </EditingContext>
  );
}

const button = (name: string) => screen.getByRole<HTMLButtonElement>("button", { name });
const yaml = () => screen.getByLabelText<HTMLTextAreaElement>("The blueprint as YAML").value;

describe("a revision of somebody else", () => {
  it("is shown at once where nothing is unsaved", () => {
    expect(open(1, 2).getState().base.revision).toBe(2);
  });

  it("takes no text away that is half typed, and nothing goes on top of it", () => {
    const editor = open(1, 2, (one) => one.getState().keepText(HALF));
    expect(editor.getState().base.revision).toBe(1);
    expect(yaml()).toBe(HALF);
    expect(button("Put mine on top and compare").disabled).toBe(true);
    expect(screen.getByText(/cannot be drawn yet: solve what it says/)).toBeTruthy();
    fireEvent.click(button("Take theirs"));
    expect(editor.getState().text).toBeNull();
    expect(yaml()).toContain("demo-2");
  });

  it("puts no box back that was moved", () => {
    const at = { x: 800, y: 8 };
    const move = (one: Editor) => one.getState().edit((now) => movedTo(now, { data: at }));
    const editor = open(1, 2, move);
    expect(editor.getState().base.revision).toBe(1);
    fireEvent.click(button("Put mine on top and compare"));
    expect(editor.getState().now.places.data).toEqual(at);
    expect(optionsOf(editor, "brain")).toEqual({ model: "demo-2" });
  });
});

describe("boxes that somebody moved without another revision", () => {
  it("go along, but for those that I moved", () => {
    const editor = createEditor("sample", { revision: 1, drawing }, null);
    const { rerender } = render(around(editor, { revision: 1, drawing }));
    const mine = { x: 800, y: 8 };
    act(() => editor.getState().edit((now) => movedTo(now, { data: mine })));
    const [door, data] = [
      { x: 0, y: 400 },
      { x: 0, y: 0 },
    ];
    const places = { ...drawing.places, door, data };
    rerender(around(editor, { revision: 1, drawing: { ...drawing, places } }));
    expect(editor.getState().now.places).toMatchObject({ door, data: mine });
    expect(editor.getState().base.drawing.places).toMatchObject({ door, data });
    expect(editor.getState().past).toHaveLength(1);
  });
});

describe("edits of before", () => {
  const mine = setOption(drawing, "agent", "cpu", 2);

  it("of an older revision go on top, with the text that could not be drawn", async () => {
    keep(localStorage, "sample", 1, { drawing: mine, text: HALF });
    const editor = open(2, 2);
    fireEvent.click(button("Put them on top"));
    await waitFor(() => expect(optionsOf(editor, "agent")).toMatchObject({ cpu: 2 }));
    expect(editor.getState().text).toBe(HALF);
    expect(yaml()).toBe(HALF);
    expect(olderEdits(localStorage, "sample", 2)).toEqual([]);
  });

  it("stay where they are while a text of now cannot be drawn", async () => {
    keep(localStorage, "sample", 1, { drawing: mine, text: "name: [" });
    const editor = open(2, 2, (one) => one.getState().keepText(HALF));
    await act(async () => fireEvent.click(button("Put them on top")));
    expect(editor.getState().text).toBe(HALF);
    expect(recall(localStorage, "sample", 1)?.text).toBe("name: [");
  });

  it("of a blueprint that was new are there once its name is taken", async () => {
    keep(localStorage, "sample", null, { drawing: mine, text: null });
    const editor = open(1, 1);
    expect(screen.getByText(/a drawing of that name that was never saved/)).toBeTruthy();
    fireEvent.click(button("Put them on top"));
    await waitFor(() => expect(optionsOf(editor, "agent")).toMatchObject({ cpu: 2 }));
    expect(olderEdits(localStorage, "sample", 1)).toEqual([]);
  });
});

it("discarding what came back lets a half typed text go too", () => {
  keep(localStorage, "sample", 1, { drawing, text: HALF });
  const editor = open(1, 1, () => undefined, localStorage);
  fireEvent.click(button("Discard them"));
  expect(editor.getState().text).toBeNull();
  expect(yaml()).toContain("demo-1");
  expect(screen.queryByText(/Your unsaved edits are back/)).toBeNull();
});

// The panels beside the canvas: what is typed reaches the drawing, what is wrong is said, and what
// comes from elsewhere is text.
import { act, cleanup, fireEvent, render, screen, within } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { drawingOf } from "../src/blueprint/document";
import { KINDS } from "../src/blueprint/kinds";
import { addBlock, setOption } from "../src/canvas/drawing";
import { EditingContext } from "../src/canvas/editing";
import { arrange } from "../src/canvas/layout";
import { createEditor, type Editor } from "../src/canvas/store";
import { startersOf } from "../src/pages/Editor";
import { ImportDialog } from "../src/pages/editor/Transfer";
import { Changes } from "../src/panels/Changes";
import { Inspector } from "../src/panels/Inspector";
import { Problems } from "../src/panels/Problems";
import { Yaml } from "../src/panels/Yaml";
import { SAMPLE } from "./sample";

beforeAll(() => {
  // happy-dom has dialogs without the part that opens them.
  HTMLDialogElement.prototype.showModal ??= () => undefined;
});
afterEach(cleanup);

function open(panel: ReactNode): Editor {
  const drawing = { document: SAMPLE, places: arrange(SAMPLE) };
  const editor = createEditor("sample", { revision: 1, drawing }, null);
  render(<EditingContext value={{ editor, starters: new Map() }}>{panel}</EditingContext>);
  return editor;
}

const document_ = (editor: Editor) => editor.getState().now.document;
const optionsOf = (editor: Editor, id: string) =>
  document_(editor).blocks.find((block) => block.id === id)?.options;

describe("the inspector", () => {
  const choose = (id: string) => {
    const editor = open(<Inspector />);
    act(() => editor.getState().select([id]));
    return editor;
  };

  it("writes numbers as numbers and says what is wrong with others", () => {
    const editor = choose("agent");
    fireEvent.change(screen.getByLabelText(/^Memory/, { selector: "input" }), {
      target: { value: "1024" },
    });
    expect(optionsOf(editor, "agent")).toMatchObject({ memory_mb: 1024 });
    fireEvent.change(screen.getByLabelText(/^Memory/, { selector: "input" }), {
      target: { value: "lots" },
    });
    expect(optionsOf(editor, "agent")).toMatchObject({ memory_mb: "lots" });
    expect(screen.getByText(/memory_mb must be a whole number, not text/)).toBeTruthy();
    fireEvent.change(screen.getByLabelText(/^Memory/, { selector: "input" }), {
      target: { value: "" },
    });
    expect(optionsOf(editor, "agent")).toEqual({ version: "2026.9.6" });
  });

  it("keeps a number that no document can hold as text, so that the drawing can be read back", () => {
    const editor = choose("agent");
    fireEvent.change(screen.getByLabelText(/^Memory/, { selector: "input" }), {
      target: { value: "9007199254740993" },
    });
    expect(optionsOf(editor, "agent")).toMatchObject({ memory_mb: "9007199254740993" });
    expect(screen.getByText(/memory_mb must be a whole number, not text/)).toBeTruthy();
    expect(drawingOf(document_(editor))).toEqual(document_(editor));
  });

  it("leaves half a number as it is typed", () => {
    const editor = choose("agent");
    const cpu = screen.getByLabelText<HTMLInputElement>(/^CPU/, { selector: "input" });
    fireEvent.change(cpu, { target: { value: "1." } });
    expect(cpu.value).toBe("1.");
    fireEvent.change(cpu, { target: { value: "1.5" } });
    expect(optionsOf(editor, "agent")).toMatchObject({ cpu: 1.5 });
  });

  it("makes an option a value of each tenant, and one for all again", () => {
    const editor = choose("brain");
    fireEvent.click(screen.getByRole("button", { name: "Model per tenant" }));
    expect(optionsOf(editor, "brain")).toEqual({
      model: { per_tenant: "model", default: "demo-1" },
    });
    fireEvent.change(screen.getByLabelText("Help for whoever fills it in"), {
      target: { value: "Which?" },
    });
    fireEvent.change(screen.getByLabelText("Set by"), { target: { value: "tenant" } });
    expect(optionsOf(editor, "brain")).toEqual({
      model: { per_tenant: "model", default: "demo-1", help: "Which?", set_by: "tenant" },
    });
    fireEvent.click(screen.getByRole("button", { name: "Model per tenant" }));
    expect(optionsOf(editor, "brain")).toEqual({ model: "demo-1" });
  });

  it("renames a block with its links, once its field is left", () => {
    const editor = choose("data");
    const id = screen.getByLabelText("Id");
    fireEvent.change(id, { target: { value: "disk" } });
    expect(document_(editor).blocks[3]?.id).toBe("data");
    fireEvent.blur(id);
    expect(document_(editor).links).toContainEqual(["agent", "disk"]);
  });

  it("keeps the keyboard where it is while a block is renamed", () => {
    const editor = choose("data");
    const id = screen.getByLabelText<HTMLInputElement>("Id");
    id.focus();
    fireEvent.change(id, { target: { value: "disk" } });
    const next = screen.getByLabelText(/^Size/, { selector: "input" });
    // As Tab does it: the field that is left renames the block, the next one has the focus.
    act(() => next.focus());
    expect([...editor.getState().selection]).toEqual(["disk"]);
    expect(document.activeElement).toBe(next);
    act(() => id.focus());
    fireEvent.change(id, { target: { value: "store" } });
    fireEvent.keyDown(id, { key: "Enter" });
    expect([...editor.getState().selection]).toEqual(["store"]);
    expect(document.activeElement).toBe(id);
    act(() => editor.getState().select(["brain"]));
    expect(screen.getByLabelText<HTMLInputElement>("Id").value).toBe("brain");
  });

  it("refuses a name that another block has", () => {
    const editor = choose("data");
    fireEvent.change(screen.getByLabelText("Id"), { target: { value: "brain" } });
    expect(screen.getByText("Another block is called brain.")).toBeTruthy();
    fireEvent.blur(screen.getByLabelText("Id"));
    expect(document_(editor).blocks[3]?.id).toBe("data");
  });

  it.each([...KINDS.keys()])("draws every option of %s", (kind) => {
    const editor = open(<Inspector />);
    act(() => {
      const { edit, now, select } = editor.getState();
      edit(() =>
        addBlock({ ...now, document: { ...now.document, blocks: [], links: [] } }, kind, null),
      );
      select([kind]);
    });
    for (const { schema } of KINDS.get(kind)?.options ?? []) {
      const label = schema.title.replace(/ \(.*/, "");
      expect(
        screen.getAllByText((_, element) => element?.textContent?.startsWith(label) ?? false)
          .length,
      ).toBeGreaterThan(0);
    }
  });
});

describe("a list in the inspector", () => {
  const NAMES = ["a.example.com", "b.example.com"];
  const start = (domains: unknown = NAMES) => {
    const editor = open(<Inspector />);
    act(() => {
      const { edit, select } = editor.getState();
      edit((now) => addBlock(now, "egress", null, { domains }));
      select(["egress"]);
    });
    return editor;
  };
  const entry = (number: number) =>
    screen.getByRole<HTMLInputElement>("textbox", { name: `Domains, entry ${number}` });
  const domains = (editor: Editor) => optionsOf(editor, "egress")?.domains;
  const press = (number: number, key: string, altKey = false) =>
    fireEvent.keyDown(entry(number), { key, altKey });

  it("grows, shrinks and is put in order by keyboard, and the keyboard goes along", () => {
    const editor = start();
    press(1, "Enter");
    expect(domains(editor)).toEqual(["a.example.com", "", "b.example.com"]);
    expect(document.activeElement).toBe(entry(2));
    press(2, "Backspace");
    expect(domains(editor)).toEqual(NAMES);
    expect(document.activeElement).toBe(entry(1));
    press(1, "ArrowDown", true);
    expect(domains(editor)).toEqual(["b.example.com", "a.example.com"]);
    expect(document.activeElement).toBe(entry(2));
    press(2, "ArrowDown", true);
    expect(domains(editor)).toEqual(["b.example.com", "a.example.com"]);
    press(2, "ArrowUp");
    expect(document.activeElement).toBe(entry(1));
  });

  it("does the same by its buttons, each a step of undo", () => {
    const editor = start();
    fireEvent.click(screen.getByRole("button", { name: "Move up Domains, entry 2" }));
    expect(domains(editor)).toEqual(["b.example.com", "a.example.com"]);
    fireEvent.click(screen.getByRole("button", { name: "Remove Domains, entry 1" }));
    fireEvent.click(screen.getByRole("button", { name: "Remove Domains, entry 1" }));
    expect(domains(editor)).toEqual([]);
    expect(screen.getByText(/domains is empty/)).toBeTruthy();
    fireEvent.click(screen.getByRole("button", { name: "Add an entry to Domains" }));
    expect(domains(editor)).toEqual([""]);
    act(() => editor.getState().undo());
    act(() => editor.getState().undo());
    expect(domains(editor)).toEqual(["a.example.com"]);
  });

  it("says at its entry what is wrong with it", () => {
    start(["a.example.com", "https://b.example.com", "a.example.com"]);
    expect(entry(1).getAttribute("aria-invalid")).toBeNull();
    const said = (number: number) => {
      const ids = entry(number).getAttribute("aria-describedby")?.split(" ") ?? [];
      return document.getElementById(ids[0] ?? "")?.textContent;
    };
    expect(said(2)).toContain("Write api.example.com");
    expect(said(3)).toContain("stands here twice");
  });

  it("takes several lines as several entries, into an empty one only", () => {
    const editor = start([""]);
    const clipboardData = { getData: () => "a.example.com\nb.example.com\n" };
    fireEvent.paste(entry(1), { clipboardData });
    expect(domains(editor)).toEqual(NAMES);
    fireEvent.paste(entry(1), { clipboardData });
    expect(domains(editor)).toEqual(NAMES);
  });

  it("that nobody needs is not there once it is empty", () => {
    const editor = open(<Inspector />);
    act(() => {
      const { edit, select } = editor.getState();
      edit((now) => addBlock(now, "service", null, { image: "db", command: ["a\nb"] }));
      select(["service"]);
    });
    expect(screen.getByLabelText("Command, entry 1").tagName).toBe("TEXTAREA");
    fireEvent.click(screen.getByRole("button", { name: "Remove Command, entry 1" }));
    expect(optionsOf(editor, "service")).toEqual({ image: "db", user: 1 });
  });
});

describe("the YAML", () => {
  const area = () => screen.getByLabelText<HTMLTextAreaElement>("The blueprint as YAML");
  const type = (change: (text: string) => string) =>
    fireEvent.change(area(), { target: { value: change(area().value) } });

  it("is in step with the drawing in both directions", () => {
    const editor = open(<Yaml />);
    type((text) => text.replace("demo-1", "demo-2"));
    expect(optionsOf(editor, "brain")).toEqual({ model: "demo-2" });
    act(() => editor.getState().edit((now) => setOption(now, "brain", "model", "demo-3")));
    expect(area().value).toContain("model: demo-3");
  });

  it("keeps what somebody typed while it means the same", () => {
    open(<Yaml />);
    type((text) => `# a remark\n${text}`);
    expect(area().value).toContain("# a remark");
  });

  it("with an error keeps the last good drawing, and the text, and says where", () => {
    const editor = open(<Yaml />);
    const before = document_(editor);
    type((text) => text.replace("- id: brain", "- id brain: ["));
    expect(document_(editor)).toBe(before);
    expect(area().value).toContain("- id brain: [");
    expect(editor.getState().text).toBe(area().value);
    expect(screen.getByText(/cannot be drawn/)).toBeTruthy();
    expect(screen.getAllByText(/^Line \d+$/).length).toBeGreaterThan(0);
    type((text) => text.replace("- id brain: [", "- id: brain"));
    expect(screen.queryByText(/cannot be drawn/)).toBeNull();
    expect(editor.getState().text).toBeNull();
  });

  it("draws what has problems, and tells them with their lines", () => {
    const editor = open(<Yaml />);
    type((text) => text.replace("kind: volume", "kind: telegram"));
    expect(document_(editor).blocks[3]?.kind).toBe("telegram");
    expect(screen.getByText(/There is no kind "telegram"/)).toBeTruthy();
  });
});

describe("changes and problems", () => {
  it("are listed in words, and taken back one by one", () => {
    const editor = open(<Changes />);
    act(() => {
      const { edit } = editor.getState();
      edit((now) => setOption(now, "agent", "cpu", 2));
      edit((now) => addBlock(now, "secret", null));
    });
    expect(screen.getByText("agent: cpu is 2 (was its default, 1).")).toBeTruthy();
    fireEvent.click(screen.getByRole("button", { name: /^Discard: agent: cpu/ }));
    expect(optionsOf(editor, "agent")).toEqual({ version: "2026.9.6" });
    fireEvent.click(screen.getByRole("button", { name: "Discard all" }));
    expect(screen.getByText("Nothing is staged")).toBeTruthy();
  });

  it("lead to the block that has one", () => {
    const editor = open(<Problems onGo={() => undefined} />);
    act(() => editor.getState().edit((now) => setOption(now, "agent", "cpu", 0)));
    fireEvent.click(screen.getByRole("button", { name: /cpu must be from 0.1 to 64/ }));
    expect([...editor.getState().selection]).toEqual(["agent"]);
  });

  it("stand beside what is worth knowing and is not wrong", () => {
    const editor = open(<Problems onGo={() => undefined} />);
    expect(screen.queryByText("Good to know")).toBeNull();
    const options = { domains: ["api.example.com"] };
    act(() => editor.getState().edit((now) => addBlock(now, "egress", null, options)));
    expect(screen.getByText("No problems")).toBeTruthy();
    fireEvent.click(screen.getByRole("button", { name: /nothing opens them yet/ }));
    expect([...editor.getState().selection]).toEqual(["egress"]);
  });
});

describe("importing", () => {
  const HOSTILE = "<img src=x onerror='globalThis.hurt = true'>";
  const paste = (text: string) => {
    const taken: unknown[] = [];
    render(<ImportDialog onTake={(imported) => taken.push(imported)} onClose={() => undefined} />);
    fireEvent.change(screen.getByLabelText("Or paste it here"), { target: { value: text } });
    fireEvent.click(screen.getByText("Import", { selector: "button" }));
    return taken;
  };

  it("shows what a hostile text says as text", () => {
    expect(paste(`name: "${HOSTILE}"\nblocks: [{id: "${HOSTILE}"}]\nlinks: []`)).toEqual([]);
    const alert = screen.getByText("Refused: this cannot be drawn.").closest("div");
    if (!alert) throw new Error("Nothing is said.");
    expect(within(alert).getAllByText(/<img src=x/).length).toBeGreaterThan(0);
    expect(document.querySelector("img")).toBeNull();
  });

  it("takes what has problems that the canvas can show", () => {
    const taken = paste(
      "name: a\nblocks: [{id: x, kind: prompt}]\nlinks: []\nlayout: {blocks: {x: {x: 1, y: 2}}}",
    );
    expect(taken).toEqual([
      {
        document: { name: "a", blocks: [{ id: "x", kind: "prompt", options: {} }], links: [] },
        layout: { blocks: { x: { x: 1, y: 2 } } },
      },
    ]);
  });
});

describe("a new block", () => {
  it("begins with what its kind needs, as a template has it, and with no name of somebody", () => {
    const blocks = [
      ...SAMPLE.blocks,
      { id: "crm", kind: "secret", options: { name: "CRM_API_KEY" } },
      { id: "flags", kind: "variables", options: { values: { A: "x" } } },
    ];
    const document = { ...SAMPLE, blocks } as unknown as { [key: string]: unknown };
    const starters = startersOf([{ name: "t", title: "T", description: "", document, layout: {} }]);
    expect(starters.get("openclaw")).toEqual({ version: "2026.9.6" });
    expect(starters.get("variables")).toEqual({ values: {} });
    expect(starters.has("secret")).toBe(false);
  });
});

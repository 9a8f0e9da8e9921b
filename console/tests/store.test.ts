// Edits and the way back: undo is the inverse of everything, a reload loses nothing, and taking
// back every change gives the base.
import fc from "fast-check";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { changes, discard, merge } from "../src/blueprint/changes";
import {
  type Blueprint,
  drawingOf,
  emptyBlueprint,
  type LinkPair,
  MOST_BLOCKS,
  MOST_LINKS,
  meaningOf,
} from "../src/blueprint/document";
import { canonical } from "../src/blueprint/perTenant";
import { TOO_MANY_LINKS, whyNotLink } from "../src/blueprint/rules";
import { isObject } from "../src/blueprint/safe";
import { copied, paste, pasteable } from "../src/canvas/clipboard";
import { NO_MARKS, toGraph, toLink, toPlaces } from "../src/canvas/convert";
import * as edits from "../src/canvas/drawing";
import { align, arrange, withPlaces } from "../src/canvas/layout";
import { createEditor, hasChanges } from "../src/canvas/store";
import { draftsBeside, olderEdits } from "../src/canvas/unsaved";
import { anything, drawn } from "./arbitrary";

const drawing = (document: Blueprint) => ({ document, places: arrange(document) });
const open = (document: Blueprint, storage: Storage | null = null) =>
  createEditor("sample", { revision: 3, drawing: drawing(document) }, storage);

describe("convert", () => {
  it("loses nothing on the way to the graph and back", () => {
    fc.assert(
      fc.property(drawn, (document) => {
        const { nodes, edges } = toGraph(drawing(document), NO_MARKS);
        const blocks = nodes.map(({ data }) => data.block);
        const back = { name: document.name, blocks, links: edges.map(toLink) };
        return (
          meaningOf(back) === meaningOf(document) &&
          canonical(toPlaces(nodes)) === canonical(arrange(document))
        );
      }),
    );
  });
});

/** An edit by chance, as a person could make it. */
const edit = fc.oneof(
  fc
    .constantFrom("url", "prompt", "secret", "volume")
    .map((kind) => (now: edits.Drawing) => edits.addBlock(now, kind, { x: 8, y: 8 })),
  fc.nat(9).map((at) => (now: edits.Drawing) => {
    const id = now.document.blocks[at % (now.document.blocks.length || 1)]?.id;
    return id ? edits.removeBlocks(now, new Set([id])) : now;
  }),
  fc.tuple(fc.nat(9), anything).map(([at, value]) => (now: edits.Drawing) => {
    const block = now.document.blocks[at % (now.document.blocks.length || 1)];
    return block ? edits.setOption(now, block.id, "cpu", value) : now;
  }),
  fc.tuple(fc.nat(9), fc.nat(9)).map(([one, other]) => (now: edits.Drawing) => {
    const { blocks } = now.document;
    return edits.addLink(
      now,
      blocks[one % blocks.length]?.id ?? "",
      blocks[other % blocks.length]?.id ?? "",
    );
  }),
  fc.nat(9).map((at) => (now: edits.Drawing) => {
    const link = now.document.links[at % (now.document.links.length || 1)];
    return link ? edits.removeLinks(now, [link]) : now;
  }),
  fc.nat(9).map((at) => (now: edits.Drawing) => {
    const id = now.document.blocks[at % (now.document.blocks.length || 1)]?.id;
    return id ? edits.renameBlock(now, id, "renamed") : now;
  }),
);

describe("undo and redo", () => {
  it("are the inverse of each other, whatever was done", () => {
    fc.assert(
      fc.property(drawn, fc.array(edit, { maxLength: 12 }), (document, list) => {
        const editor = open(document);
        const { edit: make, undo, redo } = editor.getState();
        const first = editor.getState().now;
        for (const one of list) make(one);
        const last = editor.getState().now;
        const steps = editor.getState().past.length;
        for (let step = 0; step < steps; step += 1) undo();
        expect(editor.getState().now).toBe(first);
        for (let step = 0; step < steps; step += 1) redo();
        expect(editor.getState().now).toBe(last);
      }),
      { numRuns: 60 },
    );
  });

  it("take edits that belong together as one step", () => {
    const editor = open({
      name: "a",
      blocks: [{ id: "x", kind: "prompt", options: {} }],
      links: [],
    });
    const { edit: make, undo } = editor.getState();
    for (const text of ["H", "Hi", "Hi!"])
      make((now) => edits.setOption(now, "x", "text", text), "x/text");
    undo();
    expect(editor.getState().now.document.blocks[0]?.options).toEqual({});
  });
});

describe("the change set", () => {
  it("taken back one by one, in any order, gives the base", () => {
    fc.assert(
      fc.property(drawn, drawn, fc.infiniteStream(fc.nat(50)), (base, now, chance) => {
        let left = now;
        for (let round = 0; round < 60; round += 1) {
          const found = changes(base, left);
          if (found.length === 0) break;
          const one = found[(chance.next().value ?? 0) % found.length];
          if (one) left = discard(left, base, one.place);
        }
        expect(meaningOf(left)).toBe(meaningOf(base));
      }),
      { numRuns: 150 },
    );
  });

  it("is empty exactly for the same meaning", () => {
    fc.assert(
      fc.property(drawn, drawn, (one, other) => {
        expect(changes(one, one)).toEqual([]);
        expect(changes(one, other).length === 0).toBe(meaningOf(one) === meaningOf(other));
      }),
      { numRuns: 150 },
    );
  });

  it("speaks the server's words", () => {
    const base: Blueprint = {
      name: "a",
      blocks: [
        { id: "agent", kind: "openclaw", options: { version: "2026.9.6", cpu: 1 } },
        { id: "flags", kind: "variables", options: { values: { A: "on" } } },
      ],
      links: [["agent", "flags"]],
    };
    const now: Blueprint = {
      name: "a",
      blocks: [
        {
          id: "agent",
          kind: "openclaw",
          options: { version: "2026.9.6", memory_mb: { per_tenant: "size", default: 1024 } },
        },
        { id: "flags", kind: "variables", options: { values: { A: "on", B: "off" } } },
        { id: "crm", kind: "secret", options: { name: "CRM" } },
      ],
      links: [["agent", "crm"]],
    };
    expect(changes(base, now).map(({ text }) => text)).toEqual([
      "agent: cpu is its default, 1 (was 1).",
      "agent: memory_mb is each tenant's size, else 1024 (was its default, 2048).",
      "The block crm (secret) is added.",
      'flags: values.B is "off" (was not there).',
      "agent is no longer linked with flags.",
      "agent is linked with crm.",
    ]);
  });

  it("of mine goes on top of theirs, and names what both changed", () => {
    const base: Blueprint = {
      name: "a",
      blocks: [{ id: "agent", kind: "openclaw", options: { cpu: 1, pids: 100 } }],
      links: [],
    };
    const with_ = (options: object) => ({
      ...base,
      blocks: [{ id: "agent", kind: "openclaw", options: { ...options } }],
    });
    const { merged, both } = merge(
      base,
      with_({ cpu: 2, pids: 100 }),
      with_({ cpu: 3, pids: 200 }),
    );
    expect(merged.blocks[0]?.options).toEqual({ cpu: 2, pids: 200 });
    expect(both.map(({ place }) => place)).toEqual([
      { part: "option", id: "agent", option: "cpu" },
    ]);
  });
});

describe("unsaved edits", () => {
  beforeEach(() => {
    localStorage.clear();
    vi.useFakeTimers();
    return () => vi.useRealTimers();
  });
  const base: Blueprint = {
    name: "a",
    blocks: [{ id: "x", kind: "prompt", options: {} }],
    links: [],
  };

  it("survive a reload, for the same revision only", () => {
    open(base, localStorage)
      .getState()
      .edit((now) => edits.setOption(now, "x", "text", "Hello"));
    vi.runAllTimers();
    expect(open(base, localStorage).getState().now.document.blocks[0]?.options).toEqual({
      text: "Hello",
    });
    const newer = createEditor("sample", { revision: 4, drawing: drawing(base) }, localStorage);
    expect(newer.getState().wasRecalled).toBe(false);
    expect(olderEdits(localStorage, "sample", 4)).toEqual([3]);
  });

  it("are known by name, also of a new blueprint whose name somebody else has saved", () => {
    for (const [name, revision] of [
      ["mine", null],
      ["taken", null],
      ["saved", 3],
      ["gone", 3],
    ] as const) {
      createEditor(name, { revision, drawing: drawing(base) }, localStorage)
        .getState()
        .edit((now) => edits.setOption(now, "x", "text", "Hello"));
    }
    vi.runAllTimers();
    const names = draftsBeside(localStorage, new Set(["saved", "taken", "other"]));
    expect(names.sort()).toEqual(["mine", "saved", "taken"]);
    expect(olderEdits(localStorage, "taken", 1)).toEqual([null]);
  });

  it("are forgotten once they are taken back or saved", () => {
    const editor = open(base, localStorage);
    editor.getState().edit((now) => edits.setOption(now, "x", "text", "Hello"));
    vi.runAllTimers();
    expect(localStorage.length).toBe(1);
    editor.getState().saved(4, editor.getState().now);
    vi.runAllTimers();
    expect(localStorage.length).toBe(0);
    expect(hasChanges(editor.getState())).toBe(false);
  });

  it("go on top of what somebody else saved, or give way to it", () => {
    const theirs = { ...base, blocks: [{ id: "x", kind: "prompt", options: { text: "Theirs" } }] };
    const start = () => {
      const editor = open(base);
      editor.getState().edit((now) => edits.addBlock(now, "secret", null));
      return editor;
    };
    const kept = start();
    kept.getState().rebase(4, drawing(theirs), true);
    expect(kept.getState().now.document.blocks.map(({ options }) => options)).toEqual([
      { text: "Theirs" },
      {},
    ]);
    expect(kept.getState().base.revision).toBe(4);
    const given = start();
    given.getState().rebase(4, drawing(theirs), false);
    expect(hasChanges(given.getState())).toBe(false);
  });

  it("leave every box where they put it, but for those that I moved", () => {
    const two: Blueprint = {
      ...base,
      blocks: [...base.blocks, { id: "y", kind: "secret", options: {} }],
    };
    const editor = open(two);
    const { edit: make, rebase } = editor.getState();
    make((now) => edits.movedTo(now, { x: { x: 800, y: 8 } }));
    rebase(4, edits.movedTo(drawing(two), { x: { x: 0, y: 0 }, y: { x: 0, y: 400 } }), true);
    expect(editor.getState().now.places).toEqual({ x: { x: 800, y: 8 }, y: { x: 0, y: 400 } });
  });

  it("keep a text that cannot be drawn yet", () => {
    open(base, localStorage).getState().keepText("blocks: [");
    vi.runAllTimers();
    expect(open(base, localStorage).getState().text).toBe("blocks: [");
  });

  it("keep that text while boxes are moved, there and back, and no longer", () => {
    const editor = open(base);
    const { edit: make, keepText, undo, redo } = editor.getState();
    keepText("blocks: [");
    const move = (now: edits.Drawing) => edits.movedTo(now, { x: { x: 800, y: 8 } });
    for (const act of [() => make(move), undo, redo]) {
      act();
      expect(editor.getState().text).toBe("blocks: [");
    }
    make((now) => edits.setOption(now, "x", "text", "Hello"));
    expect(editor.getState().text).toBeNull();
  });

  it("that are damaged are not drawn", () => {
    localStorage.setItem("stateroom:unsaved:sample:3", '{"document": [1, 2');
    expect(open(base, localStorage).getState().wasRecalled).toBe(false);
  });
});

describe("blocks", () => {
  const base: Blueprint = {
    name: "a",
    blocks: [
      { id: "door", kind: "url", options: {} },
      { id: "agent", kind: "openclaw", options: {} },
      { id: "key", kind: "secret", options: { name: "KEY" } },
    ],
    links: [
      ["door", "agent"],
      ["agent", "key"],
    ],
  };

  it("are linked at once where only one link is possible", () => {
    const { document } = edits.addBlock(drawing(base), "prompt", { x: 0, y: 0 });
    expect(document.links).toContainEqual(["agent", "prompt"]);
  });

  it("of which each has a number get the next free one, and keep it", () => {
    const users = ({ document }: edits.Drawing) =>
      document.blocks.filter(({ kind }) => kind === "service").map(({ options }) => options.user);
    const add = (now: edits.Drawing) => edits.addBlock(now, "service", null, { image: "db" });
    const two = add(add(drawing(base)));
    expect(users(two)).toEqual([1, 2]);
    expect(users(add(edits.removeBlocks(two, new Set(["service"]))))).toEqual([2, 1]);
    const own = edits.addBlock(two, "service", null, { image: "db", user: 7 });
    expect(users(own)).toEqual([1, 2, 7]);
  });

  it("that could belong to several are the agent's, unless they are drawn from another", () => {
    const now = edits.addBlock(drawing(base), "service", null);
    expect(edits.addBlock(now, "secret", null).document.links).toContainEqual(["agent", "secret"]);
    const from = edits.addBlock(now, "secret", null, {}, (id) => ["service", id]);
    expect(from.document.links).toContainEqual(["service", "secret"]);
    expect(from.document.links).not.toContainEqual(["agent", "secret"]);
  });

  it("are pasted with what belongs to them", () => {
    let now = edits.addBlock(drawing(base), "service", null, { image: "db" });
    now = edits.addBlock(now, "volume", null, {}, (id) => ["service", id]);
    const part = pasteable(copied(now, new Set(["service", "volume"])));
    if (!part) throw new Error("What was copied cannot be pasted.");
    const { document } = paste(now, part).drawing;
    expect(document.links).toContainEqual(["service-2", "volume-2"]);
    expect(document.links).toContainEqual(["agent", "service-2"]);
    expect(document.blocks.find(({ id }) => id === "service-2")?.options.user).toBe(2);
  });

  it("are copied with their links and pasted under free names", () => {
    const part = pasteable(copied(drawing(base), new Set(["agent", "key"])));
    if (!part) throw new Error("What was copied cannot be pasted.");
    const { drawing: after, ids, refused } = paste(drawing(base), part);
    expect(ids).toEqual(["key-2"]);
    expect(refused).toHaveLength(1);
    expect(after.document.links).toContainEqual(["agent", "key-2"]);
    expect(after.places["key-2"]).not.toEqual(after.places.key);
  });

  it("are arranged along their links without lying on each other", () => {
    fc.assert(
      fc.property(drawn, (document) => {
        const places = Object.values(arrange(document));
        expect(new Set(places.map(({ x, y }) => `${x} ${y}`)).size).toBe(document.blocks.length);
      }),
    );
    const { door, agent, key } = arrange(base);
    expect([door?.x, agent?.x, key?.x]).toEqual([0, 296, 592]);
  });

  it("are no more, and have no more links, than can be read back", () => {
    const ids = Array.from({ length: MOST_BLOCKS - 2 }, (_, index) => `s${index}`);
    const blocks = ids.map((id) => ({ id, kind: "secret", options: {} }));
    const many: Blueprint = {
      name: "a",
      blocks: [...base.blocks.slice(0, 2), ...blocks],
      links: [],
    };
    const full = { document: many, places: {} };
    expect(edits.addBlock(full, "secret", null)).toBe(full);
    const some = edits.removeBlocks(full, new Set(ids.slice(0, 8)));
    const part = { ...many, links: ids.map((id): LinkPair => ["agent", id]) };
    const pasted = paste(some, part);
    expect(pasted.refused).toContain("A blueprint has at most 100 blocks: remove one first.");
    expect(pasted.ids).toHaveLength(8);
    expect(drawingOf(pasted.drawing.document)).toEqual(pasted.drawing.document);
  });

  it("linked as often as can be take no link more", () => {
    const ids = Array.from({ length: 60 }, (_, index) => `s${index}`);
    const pairs = ids.flatMap((from) => ids.map((to): LinkPair => [from, to]));
    const links = pairs.filter(([from, to]) => from !== to).slice(0, MOST_LINKS);
    const blocks = ids.map((id) => ({ id, kind: "secret", options: {} }));
    const full = { name: "a", blocks: [...base.blocks, ...blocks], links };
    expect(whyNotLink(full, "door", "agent")).toBe(TOO_MANY_LINKS);
    const part = { ...base, blocks: ["a", "b"].map((id) => ({ id, kind: "secret", options: {} })) };
    const { refused, drawing: after } = paste(
      { document: full, places: {} },
      { ...part, links: [["a", "b"]] },
    );
    expect(refused).toEqual([TOO_MANY_LINKS]);
    expect(drawingOf(after.document)).toEqual(after.document);
  });

  it("may be called as something that every object has", () => {
    const called = "constructor";
    const isPlace = (at: unknown) => isObject(at) && Number.isFinite(at.x) && Number.isFinite(at.y);
    fc.assert(
      fc.property(drawn, fc.nat(8), (document, at) => {
        const id = document.blocks[at % (document.blocks.length || 1)]?.id ?? "";
        const bare = edits.renameBlock({ document, places: {} }, id, called);
        expect(toGraph(bare).nodes.every(({ position }) => isPlace(position))).toBe(true);
        const whole = { ...bare, places: withPlaces(bare.document, bare.places) };
        const saved = edits.placesOf(edits.layoutOf(whole));
        expect(Object.keys(saved)).toHaveLength(bare.document.blocks.length);
        expect(Object.values(saved).every(isPlace)).toBe(true);
        const back = edits.renameBlock(whole, called, "another");
        expect(edits.placeOf(back.places, called)).toBeUndefined();
        expect(withPlaces(back.document, back.places)).toBe(back.places);
        const part = pasteable(copied(whole, new Set([called])));
        const { drawing: after, ids } = paste(back, part ?? emptyBlueprint("a"), {});
        expect(ids.every((one) => isPlace(edits.placeOf(after.places, one)))).toBe(true);
      }),
      { numRuns: 60 },
    );
    expect(align({ a: { x: 0, y: 0 } }, ["a", called], "left")).toEqual({});
  });

  it("are aligned", () => {
    const places = { a: { x: 0, y: 0 }, b: { x: 16, y: 40 }, c: { x: 8, y: 200 } };
    expect(align(places, ["a", "b", "c"], "left")).toMatchObject({ b: { x: 0, y: 40 } });
    expect(align(places, ["a", "b", "c"], "spread")).toMatchObject({ b: { y: 104 } });
  });
});

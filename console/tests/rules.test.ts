// The canvas' rules are the server's: the same problems at the same places, for every shared file
// and for whatever else may come.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drawingOf } from "../src/blueprint/document";
import { EXACT, PREFIXES } from "../src/blueprint/reserved";
import {
  check,
  noticesOf,
  obviousLink,
  possibleLinks,
  whyNotAdd,
  whyNotLink,
} from "../src/blueprint/rules";
import { readYaml } from "../src/blueprint/yaml";
import { anything, drawn } from "./arbitrary";
import { fixtures } from "./fixtures";

const told = (document: unknown) =>
  [...new Set(check(document).map(({ code, pointer }) => `${code} ${pointer}`))].sort();

describe("shared blueprints", () => {
  it.each(fixtures("good"))("$name has no problem", ({ document, text }) => {
    expect(check(document)).toEqual([]);
    expect(check(readYaml(text).value)).toEqual([]);
  });

  it.each(fixtures("good"))("$name tells what it says it does", ({ document, notices }) => {
    const drawing = drawingOf(document);
    const found = drawing ? noticesOf(drawing) : [];
    expect(found.map(({ code, pointer }) => `${code} ${pointer}`)).toEqual(notices);
  });

  it.each(fixtures("bad"))("$name has exactly the problems it says", ({ document, expected }) => {
    expect(told(document)).toEqual(expected);
  });
});

describe("problems", () => {
  it("never throw, are sentences, and can be sent", () => {
    fc.assert(
      fc.property(anything, (document) => {
        for (const { code, detail, pointer, hint } of check(document)) {
          expect(code).not.toBe("");
          expect(detail).toMatch(/[.?]$/);
          expect(encodeURIComponent(pointer + detail + hint)).toBeTruthy();
        }
      }),
      { numRuns: 500 },
    );
  });

  it("are found where a document cannot be drawn at all", () => {
    const broken = fc.tuple(drawn, fc.constantFrom("name", "blocks", "links", "more"), anything);
    fc.assert(
      fc.property(broken, ([document, key, value]) => {
        const damaged = { ...document, [key]: value };
        return drawingOf(damaged) !== null || check(damaged).length > 0;
      }),
      { numRuns: 500 },
    );
  });

  it("name their block or their link", () => {
    const document = fixtures("good").find(({ name }) => name === "minimal.yaml")?.document as {
      blocks: { options?: object }[];
      links: string[][];
    };
    const tooSmall = structuredClone(document);
    if (tooSmall.blocks[1]) tooSmall.blocks[1].options = { version: "2026.9.6", cpu: 0 };
    expect(check(tooSmall)).toMatchObject([{ block: "agent", link: null }]);
    const turned = structuredClone(document);
    turned.links[1] = ["brain", "agent"];
    const [only] = check(turned);
    expect(only).toMatchObject({ block: null, link: ["brain", "agent"] });
    expect(only?.hint).toContain("[agent, brain]");
  });

  it.each([
    ["memroy_mb", "Did you mean memory_mb?"],
    ["mem", "Known options:"],
  ])("guess what %s was meant to be", (name, hint) => {
    const document = { name: "a", blocks: [{ id: "a", kind: "openclaw", options: { [name]: 1 } }] };
    const found = check(document).find(({ code }) => code === "unknown_option");
    expect(found?.hint).toContain(hint);
  });

  it("refuse the same environment names as the server", () => {
    const source = readFileSync(
      join(import.meta.dirname, "../../src/stateroom/domain/names.py"),
      "utf8",
    );
    const words = (start: string, end: string) => {
      const from = source.indexOf(start);
      const lines = source.slice(from, source.indexOf(end, from)).split("\n");
      const code = lines.filter((line) => !line.trim().startsWith("#")).join("\n");
      return [...code.matchAll(/"([^"]+)"/g)].map(([, word]) => word).sort();
    };
    expect([...PREFIXES].sort()).toEqual(words("_PREFIXES = (", "\n)\n"));
    expect([...EXACT].sort()).toEqual(words("_EXACT = frozenset({", "})"));
  });
});

describe("notices", () => {
  it("say what is drawn and does nothing yet", () => {
    const block = (id: string, kind: string) => ({ id, kind, options: {} });
    const document = { name: "a", blocks: [block("x", "url"), block("out", "egress")], links: [] };
    expect(noticesOf(document)).toMatchObject([
      { code: "not_enforced", block: "out", pointer: "/blocks/1" },
    ]);
  });
});

describe("links", () => {
  it("that may be drawn bring no problem of a link", () => {
    fc.assert(
      fc.property(drawn, (document) => {
        const before = check(document).filter(({ link }) => link).length;
        for (const { id } of document.blocks) {
          for (const link of possibleLinks(document, id)) {
            const after = check({ ...document, links: [...document.links, link] });
            if (after.filter((found) => found.link).length !== before) return false;
          }
        }
        return true;
      }),
      { numRuns: 100 },
    );
  });

  it("that are refused would be problems", () => {
    fc.assert(
      fc.property(drawn, (document) => {
        const isKnown = new Set(
          document.blocks.filter(({ kind }) => kind !== "telegram").map(({ id }) => id),
        );
        for (const from of isKnown) {
          for (const to of isKnown) {
            if (whyNotLink(document, from, to) === null) continue;
            const after = check({ ...document, links: [...document.links, [from, to]] });
            if (!after.some(({ link }) => link?.[0] === from && link[1] === to)) return false;
          }
        }
        return true;
      }),
      { numRuns: 100 },
    );
  });

  it("say why not in words", () => {
    const document = {
      name: "a",
      blocks: ["url", "openclaw", "prompt"].map((kind) => ({ id: kind, kind, options: {} })),
      links: [["url", "openclaw"]] as [string, string][],
    };
    expect(whyNotLink(document, "url", "openclaw")).toContain("already");
    expect(whyNotLink(document, "url", "prompt")).toBe(
      "Prompt is linked from OpenClaw only, not from URL.",
    );
    expect(whyNotLink(document, "openclaw", "url")).toContain("Nothing leads to a URL");
    expect(whyNotAdd(document, "url")).toContain("one URL");
    expect(whyNotAdd(document, "secret")).toBeNull();
    expect(obviousLink(document, "prompt")).toEqual(["openclaw", "prompt"]);
  });

  describe("of what belongs to the agent or to a service", () => {
    const kinds = {
      agent: "openclaw",
      db: "service",
      data: "volume",
      rows: "volume",
      key: "secret",
    };
    const document = {
      name: "a",
      blocks: Object.entries(kinds).map(([id, kind]) => ({ id, kind, options: {} })),
      links: [
        ["agent", "db"],
        ["agent", "data"],
        ["agent", "key"],
      ] as [string, string][],
    };

    it("say why not: it has an owner, or the owner has all that it may have", () => {
      expect(whyNotLink(document, "db", "key")).toBe("key belongs to agent already.");
      expect(whyNotLink(document, "agent", "rows")).toBe("agent has at most 1 of kind volume.");
      expect(whyNotLink(document, "rows", "db")).toContain("linked from OpenClaw only");
      expect(whyNotLink(document, "db", "rows")).toBeNull();
    });

    it("are obvious where one owner has room, and the agent's where several have", () => {
      expect(obviousLink(document, "rows")).toEqual(["db", "rows"]);
      const loose = { ...document, links: document.links.slice(0, 2) };
      expect(obviousLink(loose, "key")).toEqual(["agent", "key"]);
    });
  });
});

// YAML in and out: what is written is read back, and what is hostile is refused with a line.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drawingOf, meaningOf } from "../src/blueprint/document";
import { hunks, lineDiff } from "../src/blueprint/lines";
import { LARGEST_TEXT, readYaml, writeYaml } from "../src/blueprint/yaml";
import { drawn } from "./arbitrary";

describe("yaml", () => {
  it("is read back as what was written", () => {
    fc.assert(
      fc.property(drawn, (document) => {
        const { value, problems } = readYaml(writeYaml(document));
        expect(problems).toEqual([]);
        const back = drawingOf(value);
        return back !== null && meaningOf(back) === meaningOf(document);
      }),
    );
  });

  it("never throws", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => Array.isArray(readYaml(text).problems)),
    );
  });

  it("says on which line a part is", () => {
    const { lineOf } = readYaml(
      "name: a\nblocks:\n  - id: x\n    options:\n      cpu: 1\nlinks: []\n",
    );
    expect(lineOf("/blocks/0/options/cpu")).toBe(5);
    expect(lineOf("/blocks/0/options/missing")).toBe(4);
    expect(lineOf("/blocks/7")).toBe(2);
    expect(lineOf("")).toBe(1);
  });

  it.each([
    ["an alias", "a: &x [1]\nb: *x", "alias", 1],
    ["a tag", "a: 1\nb: !js/function 'x'", "tag", 2],
    ["a name twice", "a: 1\nb: 2\na: 3", "duplicate_key", 3],
    ["a name that is no text", "1: a", "not_text", 1],
    ["broken text", "a: [1", "malformed", 1],
    ["infinity", "a: .inf", "not_a_number", 1],
    ["too much", `a: ${"x".repeat(LARGEST_TEXT)}`, "too_large", 1],
    ["fifty levels", `${"[".repeat(50)}${"]".repeat(50)}`, "too_deep", 1],
    ["brackets without end", "[".repeat(200_000), "too_deep", 1],
    ["names in names without end", "{a: ".repeat(60_000), "too_deep", 1],
    ["lists in lists without end", `${"- ".repeat(100_000)}x`, "too_deep", 1],
    ["keys in keys without end", `${"? ".repeat(100_000)}x`, "too_deep", 1],
  ])("refuses %s", (_, text, code, line) => {
    const read = readYaml(text);
    expect(read.problems[0]?.code).toBe(code);
    expect(read.lineOf("")).toBe(line);
    expect(read.value).toBeUndefined();
  });

  it("takes off and no as text, and __proto__ as a name like any other", () => {
    expect(readYaml("a: off\nb: no").value).toEqual({ a: "off", b: "no" });
    const { value } = readYaml("__proto__: {polluted: true}");
    expect(Object.keys(value as object)).toEqual(["__proto__"]);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

describe("the difference of two texts", () => {
  it("gives both texts back", () => {
    const text = fc
      .array(fc.constantFrom("a", "b", "c", ""), { maxLength: 12 })
      .map((all) => all.join("\n"));
    fc.assert(
      fc.property(text, text, (before, after) => {
        const lines = lineDiff(before, after);
        const without = (kind: string) =>
          lines.filter((line) => line.kind !== kind).map((line) => line.text);
        expect(without("come").join("\n")).toBe(before);
        expect(without("gone").join("\n")).toBe(after);
      }),
    );
  });

  it("shows what differs with a little around it", () => {
    const before = "1\n2\n3\n4\n5\n6\n7\n8";
    const shown = hunks(lineDiff(before, before.replace("8", "9")), 1);
    expect(shown.map((line) => line?.text ?? "…")).toEqual(["…", "7", "8", "9"]);
  });
});

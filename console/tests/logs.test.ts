// A log without end in a browser with one: bounded, searchable, and text whatever is written.
import { describe, expect, it } from "vitest";
import { added, found, LONGEST, lineOf, MOST_LINES, NOTHING } from "../src/panels/logs/lines";

const some = (count: number, text = "line") =>
  Array.from({ length: count }, (_, index) => ({ at: "", text: `${text} ${index}` }));

describe("the window", () => {
  it("holds the newest lines and says how many it let go", () => {
    let kept = NOTHING;
    for (let turn = 0; turn < 4; turn += 1) kept = added(kept, some(MOST_LINES / 2));
    expect(kept.lines.length).toBe(MOST_LINES);
    expect(kept.gone).toBe(MOST_LINES);
    expect(kept.lines[0]?.number).toBe(MOST_LINES + 1);
  });

  it("cuts a line that is absurdly long", () => {
    const [line] = added(NOTHING, [{ at: "", text: "x".repeat(1_000_000) }]).lines;
    expect(line?.text.length).toBe(LONGEST + 1);
  });

  it("that nothing came to is the very same", () => {
    expect(added(NOTHING, [])).toBe(NOTHING);
  });
});

describe("a search", () => {
  const { lines } = added(NOTHING, [
    { at: "", text: "[Model] POST 200" },
    { at: "", text: "[model] POST 429" },
    { at: "", text: "heartbeat" },
  ]);
  it("finds lines with all of its words, in any case", () => {
    expect(found(lines, "MODEL 429").map(({ text }) => text)).toEqual(["[model] POST 429"]);
    expect(found(lines, "  ")).toBe(lines);
    expect(found(lines, ".*")).toEqual([]);
  });
});

describe("a message", () => {
  it("is a line, without a terminal's colours", () => {
    const data = JSON.stringify({ at: "t", text: "\u001b[31mred\u001b[0m", line: "" });
    expect(lineOf(data)).toEqual({ at: "t", text: "red" });
  });

  it("of another form is none", () => {
    for (const data of ["", "null", "7", "{}", '{"text": 3}']) expect(lineOf(data)).toBeNull();
  });
});

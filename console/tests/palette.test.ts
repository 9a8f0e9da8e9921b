// What the palette finds, and what Enter would add.
import { describe, expect, it } from "vitest";
import { KINDS } from "../src/blueprint/kinds";
import { foundBy } from "../src/panels/Palette";

describe("finding a block to add", () => {
  it("shows a kind that is called so before those that only speak of it", () => {
    for (const { name, title } of KINDS.values()) {
      expect(foundBy(name)[0]?.name).toBe(name);
      expect(foundBy(title)[0]?.name).toBe(name);
    }
  });
  it("finds by what a kind is for, and everything by nothing", () => {
    expect(foundBy("instructions").map(({ name }) => name)).toContain("prompt");
    expect(foundBy("")).toHaveLength(KINDS.size);
    expect(foundBy("nothing is called so")).toEqual([]);
  });
});

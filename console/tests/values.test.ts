// The form of a tenant's values: what the schema asks, what an edit means, and what is sent.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ApiError } from "../src/api/client";
import { asWritten, edited, meant, patchOf, unanswered, wrongIn } from "../src/pages/values/edits";
import { allPlaced, problemAt } from "../src/pages/values/problemAt";
import { inWords, type Question, questionsOf } from "../src/pages/values/questions";

const SCHEMA = {
  type: "object",
  properties: {
    budget: { title: "Budget", type: "number", minimum: 0, maximum: 100, default: 20 },
    model: { type: "string", enum: ["small", "large"], "x-set-by": "tenant" },
    isOpen: { type: "boolean", default: false },
    hosts: { type: "array" },
    constructor: { type: "string", description: "a name like any other" },
    strange: { type: "object" },
    broken: 7,
  },
  required: ["model"],
};
const questions = questionsOf(SCHEMA);
const named = (name: string) => {
  const found = questions.find((question) => question.name === name);
  if (!found) throw new Error(`no question ${name}`);
  return found;
};

describe("a schema", () => {
  it("is asked as far as a form can show it, needed ones first", () => {
    expect(questions.map(({ name }) => name)).toEqual([
      "model",
      "budget",
      "isOpen",
      "hosts",
      "constructor",
    ]);
    expect(named("model")).toMatchObject({ required: true, setBy: "tenant" });
    expect(named("budget")).toMatchObject({ required: false, setBy: "operator", default: 20 });
  });

  it("that is none asks nothing", () => {
    for (const schema of [null, 7, "x", [], {}, { properties: 3 }]) {
      expect(questionsOf(schema)).toEqual([]);
    }
  });

  it.each([
    ["monthly_budget", "Monthly budget"],
    ["monthlyBudget", "Monthly budget"],
    ["CRM_KEY", "CRM KEY"],
    ["x", "X"],
  ])("names %s in words", (name, words) => {
    expect(inWords(name)).toBe(words);
  });
});

describe("an edit", () => {
  it("that says what was there before is none", () => {
    const budget = named("budget");
    const once = edited({}, budget, { budget: 30 }, "40");
    expect(once).toEqual({ budget: "40" });
    expect(edited(once, budget, { budget: 30 }, "30.0")).toEqual({});
    expect(edited({}, budget, {}, null)).toEqual({});
  });

  it("becomes a patch, and null where a value goes back to what it inherits", () => {
    const edits = {
      budget: "40,5",
      model: null,
      isOpen: true,
      hosts: "a\n\n b ",
      constructor: "x",
    };
    expect(patchOf(questions, edits)).toEqual({
      budget: 40.5,
      model: null,
      isOpen: true,
      hosts: ["a", " b "],
      constructor: "x",
    });
    expect(patchOf(questions, {})).toEqual({});
  });

  it("that is wrong is said before it is sent", () => {
    expect(wrongIn(questions, { budget: "lots" }).budget).toMatch(/must be a number, not text/);
    expect(wrongIn(questions, { budget: "101" }).budget).toMatch(/from 0 to 100/);
    expect(wrongIn(questions, { model: "huge" }).model).toMatch(/cannot be "huge"/);
    expect(wrongIn(questions, { budget: null, model: "small" })).toEqual({});
  });

  it("answers what is needed, and nothing else does", () => {
    expect(unanswered(questions, {}, {})).toEqual(["model"]);
    expect(unanswered(questions, {}, { model: "small" })).toEqual([]);
    expect(unanswered(questions, { model: null }, {})).toEqual(["model"]);
    const bare: Question = { ...named("constructor"), required: true };
    expect(unanswered([bare], {}, {})).toEqual(["constructor"]);
  });

  it("shows every number as it is meant", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        const budget = named("budget");
        const back = meant(budget, asWritten(budget, number));
        // -0 is written 0.
        expect(back === number).toBe(true);
      }),
    );
  });
});

describe("what a server refused", () => {
  const error = (...pointers: string[]) =>
    new ApiError({
      type: "about:blank",
      title: "Refused",
      status: 422,
      detail: "No.",
      errors: pointers.map((pointer) => ({
        pointer,
        code: "c",
        detail: `At ${pointer}.`,
        hint: "Mend it.",
        block: null,
        link: null,
      })),
    });

  it("stands at the field that it is about", () => {
    expect(problemAt(error("/values/budget"), "values", "budget")).toBe(
      "At /values/budget. Mend it.",
    );
    expect(problemAt(error("/values/budget/0"), "values", "budget")).toMatch(/^At/);
    expect(problemAt(error("/values/budgets"), "values", "budget")).toBeUndefined();
    expect(problemAt(null, "values")).toBeUndefined();
  });

  it("is said elsewhere where a part of it has no field", () => {
    expect(allPlaced(error("/slug", "/values/x"), ["/slug", "/values"])).toBe(true);
    expect(allPlaced(error("/slug", "/limits/cpu"), ["/slug", "/values"])).toBe(false);
    expect(allPlaced(error(), ["/slug"])).toBe(false);
  });
});

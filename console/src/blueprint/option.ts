// An option of a block: what is wrong with a value for it. The same as `domain/blocks/option.py`.
import type { Option, OptionType } from "./kinds";
import { environmentProblem, kindOf, shown } from "./names";
import { near } from "./nearest";
import { type Problem, problem } from "./problem";
import { isObject } from "./safe";

const WORDS: { [type in OptionType]: string } = {
  text: "text",
  integer: "a whole number",
  number: "a number",
  boolean: "true or false",
  map: "an object of names and values",
  list: "a list",
};

const patterns = new Map<string, RegExp>();

/** A pattern of the tables, compiled once. They mean the same in Python and here. */
function compiled(pattern: string): RegExp {
  let found = patterns.get(pattern);
  if (!found) {
    found = new RegExp(pattern, "u");
    patterns.set(pattern, found);
  }
  return found;
}

/** What is wrong with a plain value, or null. Maps and lists are looked at entry by entry
 *  elsewhere. */
export function optionProblem(option: Option, value: unknown, at: string): Problem | null {
  if (!fits(option.kind, value)) return wrongType(option, value, at);
  if (typeof value === "string") return textProblem(option, value, at);
  if (typeof value === "number") return numberProblem(option, value, at);
  return null;
}

export function labelOf(option: Option): string {
  return option.name || "The value";
}

function wrongType(option: Option, value: unknown, at: string): Problem {
  const isBare = typeof value === "boolean" || typeof value === "number";
  const hint = option.kind === "text" && isBare ? "Put it in quotes." : option.hint;
  // "A whole number, not a number" says nothing to whoever wrote 1.5.
  const isBroken = typeof value === "number" && !Number.isInteger(value);
  const given = isBroken ? shown(value) : kindOf(value);
  const detail = `${labelOf(option)} must be ${WORDS[option.kind]}, not ${given}.`;
  return problem(at, "wrong_type", detail, hint);
}

function textProblem(option: Option, value: string, at: string): Problem | null {
  const { schema, hint } = option;
  const label = labelOf(option);
  if (schema.enum && !schema.enum.includes(value)) {
    const choices = near(value, schema.enum, "choices");
    return problem(at, "unknown_choice", `${label} cannot be ${shown(value)}.`, choices);
  }
  const length = schema.minLength || schema.maxLength ? lengthOf(value) : 0;
  if (schema.minLength !== undefined && length < schema.minLength) {
    return problem(at, "too_short", `${label} is empty.`, hint);
  }
  if (schema.maxLength !== undefined && length > schema.maxLength) {
    const detail = `${label} is longer than ${schema.maxLength} characters.`;
    return problem(at, "too_long", detail, hint || "Shorten it.");
  }
  if (schema.pattern && !compiled(schema.pattern).test(value)) {
    const rule = option.rule || hint || schema.description;
    return problem(at, "bad_format", `${label} cannot be ${shown(value)}.`, rule);
  }
  return schema["x-form"] === "environment" ? environmentProblem(value, at) : null;
}

// Characters as JSON Schema counts them: a picture outside of the first plane is one.
export function lengthOf(text: string): number {
  let pairs = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.codePointAt(at) ?? 0;
    if (code > 0xffff) {
      pairs += 1;
      at += 1;
    }
  }
  return text.length - pairs;
}

function numberProblem(option: Option, value: number, at: string): Problem | null {
  const { minimum, maximum } = option.schema;
  if ((minimum === undefined || value >= minimum) && (maximum === undefined || value <= maximum)) {
    return null;
  }
  const allowed =
    minimum !== undefined && maximum !== undefined
      ? `from ${minimum} to ${maximum}`
      : minimum !== undefined
        ? `at least ${minimum}`
        : `at most ${maximum}`;
  const detail = `${labelOf(option)} must be ${allowed}, not ${shown(value)}.`;
  return problem(at, "out_of_range", detail, option.hint);
}

function fits(type: OptionType, value: unknown): boolean {
  switch (type) {
    case "text":
      return typeof value === "string";
    case "boolean":
      return typeof value === "boolean";
    case "map":
      return isObject(value);
    case "list":
      return Array.isArray(value);
    case "number":
      return typeof value === "number";
    case "integer":
      return typeof value === "number" && Number.isInteger(value);
  }
}

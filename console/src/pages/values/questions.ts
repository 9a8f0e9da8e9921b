// PURE. A blueprint's values as questions to a person: the JSON Schema, read with care. It comes
// from a server, and only what a form can show of it is taken.
import type { Option, OptionType, Schema } from "../../blueprint/kinds";
import { isObject } from "../../blueprint/safe";

export interface Question {
  name: string;
  /** What a person reads: the name in words. */
  label: string;
  option: Option;
  setBy: "operator" | "tenant";
  required: boolean;
  /** What holds where nobody says anything; undefined for nothing. */
  default: unknown;
}

const TYPES: { [type: string]: OptionType } = {
  string: "text",
  integer: "integer",
  number: "number",
  boolean: "boolean",
  array: "list",
};

/** Required ones first, then by name. */
export function questionsOf(schema: unknown): Question[] {
  if (!isObject(schema) || !isObject(schema.properties)) return [];
  const required = Array.isArray(schema.required) ? schema.required : [];
  const questions = Object.entries(schema.properties).flatMap(([name, shape]) => {
    const found = isObject(shape) ? questionOf(name, shape, required.includes(name)) : null;
    return found ? [found] : [];
  });
  return questions.sort((one, other) => Number(other.required) - Number(one.required));
}

function questionOf(name: string, shape: object, required: boolean): Question | null {
  const given = shape as Partial<Schema> & { default?: unknown; "x-set-by"?: unknown };
  const kind = typeof given.type === "string" ? TYPES[given.type] : undefined;
  if (!kind) return null;
  const schema: Schema = {
    ...given,
    title: textOr(given.title, name),
    description: textOr(given.description, ""),
    type: given.type ?? "",
  };
  const option: Option = {
    name,
    kind,
    schema,
    default: given.default ?? null,
    required,
    per_tenant: true,
    expands: false,
    limit: "",
    hint: "",
    item: null,
    unique: "",
    taken: [],
    needs: [],
    only_for: null,
  };
  const setBy = given["x-set-by"] === "tenant" ? "tenant" : "operator";
  return { name, label: inWords(name), option, setBy, required, default: given.default };
}

function textOr(given: unknown, otherwise: string): string {
  return typeof given === "string" && given !== "" ? given : otherwise;
}

/** `monthly_budget` and `monthlyBudget` are both "Monthly budget". */
export function inWords(name: string): string {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/_+/g, " ")
    .trim();
  const isShouted = words === words.toUpperCase();
  const text = isShouted ? words : words.toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1) || name;
}

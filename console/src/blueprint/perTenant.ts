// Values: an option written `{per_tenant: NAME, …}` is left open for each tenant to fill. The
// same name may stand in several options, if they want the same of it: it is one value then.
import type { Kind, Option } from "./kinds";
import { environmentProblem, kindOf, placeholderProblem, shown, VALUE } from "./names";
import { near } from "./nearest";
import { labelOf, lengthOf, optionProblem } from "./option";
import { pointer } from "./pointer";
import { type Problem, problem } from "./problem";
import { isObject, REFUSED } from "./safe";

export const SETTERS = ["operator", "tenant"] as const;
const KEYS = ["per_tenant", "default", "required", "set_by", "help"];
const LONGEST_HELP = 300;
const EXAMPLE = "Write {per_tenant: NAME, default: ..., required: ..., set_by: operator}.";

type Given = { [key: string]: unknown };

export interface Value {
  name: string;
  option: Option;
  default: unknown;
  required: boolean;
  setBy: string;
}

export function isValue(given: unknown): given is Given {
  return isObject(given) && Object.hasOwn(given, "per_tenant");
}

/** The value that `{per_tenant: …}` declares. */
export function declaredBy(option: Option, given: Given): Value {
  const fallback = own(given, "default") ?? null;
  const required = own(given, "required") ?? (option.required && option.default === null);
  return {
    name: asName(own(given, "per_tenant")),
    option,
    default: fallback,
    required: required === true && fallback === null,
    setBy: asName(own(given, "set_by") ?? "operator"),
  };
}

/** What two options must agree on to share one value: all that is not for reading. */
export function demandsOf({ option, default: fallback, required, setBy }: Value): string {
  const { title: _, description: __, "x-form": ___, ...schema } = option.schema;
  return canonical([schema, fallback, required, setBy]);
}

/** Every value that a block's options declare, each with its pointer inside the options. */
export function declared(kind: Kind, options: Given): { at: string; value: Value }[] {
  const found: { at: string; value: Value }[] = [];
  for (const option of kind.options) {
    const given = own(options, option.name);
    if (option.kind === "map" && option.item && isObject(given)) {
      for (const [name, entry] of Object.entries(given)) {
        if (!isValue(entry)) continue;
        const item = { ...option.item, schema: { ...option.item.schema, title: name } };
        found.push({ at: pointer(option.name, name), value: declaredBy(item, entry) });
      }
    } else if (isValue(given) && option.per_tenant) {
      found.push({ at: pointer(option.name), value: declaredBy(option, given) });
    }
  }
  return found;
}

/** What is wrong with an option as the blueprint gives it: plain, per tenant, a map or a list. */
export function givenProblems(option: Option, given: unknown, at: string): Problem[] {
  if (given === REFUSED) return [];
  if (option.kind === "map") return mapProblems(option, given, at);
  if (isObject(given)) return valueProblems(option, given, at);
  if (option.kind === "list") return listProblems(option, given, at);
  return plainProblems(option, given, at);
}

function plainProblems(option: Option, given: unknown, at: string): Problem[] {
  const found =
    optionProblem(option, given, at) ??
    (option.expands ? placeholderProblem(String(given), at) : null);
  return found ? [found] : [];
}

function mapProblems(option: Option, given: unknown, at: string): Problem[] {
  if (!isObject(given)) {
    const found = optionProblem(option, given, at);
    return found ? [found] : [];
  }
  if (Object.hasOwn(given, "per_tenant")) {
    const hint = "Let each entry be a value: {NAME: {per_tenant: ...}}.";
    return [problem(at, "not_per_tenant", `${option.name} as a whole cannot be a value.`, hint)];
  }
  const most = option.schema.maxLength;
  if (most !== undefined && Object.keys(given).length > most) {
    return [problem(at, "too_many", `${option.name} holds more than ${most} names.`)];
  }
  const { item } = option;
  if (!item) return [];
  return Object.entries(given).flatMap(([name, entry]) => {
    const place = at + pointer(name);
    const wrong = environmentProblem(name, place);
    return [...(wrong ? [wrong] : []), ...givenProblems({ ...item, name }, entry, place)];
  });
}

function listProblems(option: Option, given: unknown, at: string): Problem[] {
  const { item, schema, name, hint } = option;
  const wrong = optionProblem(option, given, at);
  if (wrong || !Array.isArray(given) || !item) return wrong ? [wrong] : [];
  if (schema.minItems !== undefined && given.length < schema.minItems) {
    return [problem(at, "too_short", `${name} is empty.`, hint)];
  }
  if (schema.maxItems !== undefined && given.length > schema.maxItems) {
    const detail = `${name} has more than ${schema.maxItems} entries.`;
    return [problem(at, "too_many", detail, "Leave some out.")];
  }
  return given.flatMap((entry: unknown, index) => {
    const place = at + pointer(index);
    const label = `Entry ${index + 1} of ${name}`;
    const found = givenProblems({ ...item, name: label }, entry, place);
    const isTwice = schema.uniqueItems && typeof entry === "string";
    if (!isTwice || !given.slice(0, index).includes(entry)) return found;
    const detail = `${shown(entry)} stands here twice.`;
    return [...found, problem(place, "duplicate_entry", detail, "Remove one of them.")];
  });
}

function valueProblems(option: Option, given: Given, at: string): Problem[] {
  if (!option.per_tenant) {
    const detail = `${labelOf(option)} cannot differ between tenants.`;
    return [problem(at, "not_per_tenant", detail, "Give it a value for all of them.")];
  }
  const found: Problem[] = [];
  for (const key of Object.keys(given)) {
    if (KEYS.includes(key)) continue;
    const detail = `${shown(key)} means nothing in a value.`;
    found.push(problem(at + pointer(key), "unknown_key", detail, near(key, KEYS, "keys")));
  }
  found.push(...nameProblems(own(given, "per_tenant"), at), ...needProblems(option, given, at));
  found.push(...helpProblems(Object.hasOwn(given, "help") ? given.help : "", at));
  const fallback = own(given, "default");
  if (fallback !== undefined && fallback !== REFUSED) {
    found.push(...plainProblems(option, fallback, `${at}/default`));
  }
  return found;
}

function nameProblems(name: unknown, at: string): Problem[] {
  if (name === REFUSED) return [];
  const place = `${at}/per_tenant`;
  if (name === undefined || name === null) {
    return [problem(place, "missing", "The value has no name.", EXAMPLE)];
  }
  if (typeof name === "string" && VALUE.test(name)) return [];
  const hint = "Use 1 to 64 letters, digits and _; begin with a letter.";
  return [problem(place, "bad_name", `${shown(name)} cannot name a value.`, hint)];
}

function helpProblems(text: unknown, at: string): Problem[] {
  if (text === REFUSED) return [];
  if (typeof text !== "string") {
    return [problem(`${at}/help`, "wrong_type", `help is text, not ${kindOf(text)}.`)];
  }
  if (lengthOf(text) <= LONGEST_HELP) return [];
  const detail = `help is longer than ${LONGEST_HELP} characters.`;
  return [problem(`${at}/help`, "too_long", detail, "One or two sentences are read.")];
}

function needProblems(option: Option, given: Given, at: string): Problem[] {
  const found: Problem[] = [];
  const required = Object.hasOwn(given, "required") ? given.required : true;
  if (required !== REFUSED && typeof required !== "boolean") {
    const detail = `required is true or false, not ${shown(required)}.`;
    found.push(problem(`${at}/required`, "wrong_type", detail));
  }
  if (required === false && option.required && !Object.hasOwn(given, "default")) {
    const hint = "Give a default, or let the tenant have to set it (required: true).";
    const detail = `${labelOf(option)} must come from somewhere.`;
    found.push(problem(`${at}/required`, "needs_default", detail, hint));
  }
  const setter = Object.hasOwn(given, "set_by") ? given.set_by : "operator";
  if (setter !== REFUSED && !SETTERS.some((known) => known === setter)) {
    const hint = typeof setter === "string" ? near(setter, SETTERS, "choices") : "";
    const detail = `set_by cannot be ${shown(setter)}.`;
    found.push(problem(`${at}/set_by`, "unknown_choice", detail, hint));
  }
  return found;
}

function own(given: Given, name: string): unknown {
  return Object.hasOwn(given, name) ? given[name] : undefined;
}

// A name that is no text is told elsewhere; here it only has to be the same for the same.
function asName(name: unknown): string {
  return typeof name === "string" ? name : canonical(name);
}

/** The same text for the same value, in whatever order its names stand. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (isObject(value)) {
    const names = Object.keys(value).sort();
    return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join()}}`;
  }
  return typeof value === "symbol" ? "refused" : (JSON.stringify(value) ?? "nothing");
}

// Names: what may be called what. The same rules as the server's `domain/names.py`; a test holds
// the lists together.
import { nearest } from "./nearest";
import { cut } from "./pointer";
import type { Problem } from "./problem";
import { problem } from "./problem";
import { EXACT, PREFIXES } from "./reserved";

export const SLUG = /^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/;
export const BLOCK = /^[a-z]([a-z0-9_-]{0,38}[a-z0-9])?$/;
export const VALUE = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;
const ENVIRONMENT = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

/** What is wrong with the name of a variable or a secret, or null. */
export function environmentProblem(name: string, at: string): Problem | null {
  if (!ENVIRONMENT.test(name)) {
    const hint = "Use 1 to 128 of A-Z, a-z, 0-9 and _; do not begin with a digit.";
    return problem(at, "bad_name", `${shown(name)} cannot be an environment name.`, hint);
  }
  const upper = name.toUpperCase();
  const isReserved =
    EXACT.has(upper) || upper.endsWith("_PROXY") || PREFIXES.some((part) => upper.startsWith(part));
  if (!isReserved) return null;
  const detail = `${name} is refused: it changes how programs run, or belongs to the platform.`;
  const own = upper.slice(0, 20).replace(/^_+|_+$/g, "");
  return problem(at, "reserved_name", detail, `Choose another name, such as APP_${own}.`);
}

const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]*$/u;

/** A sent value inside a sentence: short, on one line, printable, whatever it is. */
export function shown(value: unknown): string {
  if (typeof value === "string") {
    const short = cut(value, 40);
    const text = short === value ? short : `${short}…`;
    return PRINTABLE.test(text) ? `"${text}"` : JSON.stringify(text);
  }
  if (typeof value === "boolean") return String(value);
  if (typeof value === "number") return String(value);
  return kindOf(value);
}

/** How people call the type of a JSON value. */
export function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "boolean") return "true or false";
  if (typeof value === "number") return "a number";
  if (typeof value === "string") return "text";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : "something that JSON does not have";
}

const PLACEHOLDERS: ReadonlyMap<string, string> = new Map(
  ["name", "slug", "url"].map((name) => [name, `\${tenant.${name}}`]),
);
const MEANT = /\$\{\s*tenant\b([^}\n]{0,64})\}/g;

/** Something that was surely meant as a placeholder and is none, or null. */
export function placeholderProblem(text: string, at: string): Problem | null {
  const known = new Set(PLACEHOLDERS.values());
  for (const [found, rest = ""] of text.matchAll(MEANT)) {
    if (known.has(found)) continue;
    const meant = nearest(rest.replace(/^[ .]+|[ .]+$/g, ""), PLACEHOLDERS.keys());
    const all = `There are ${[...known].join(", ")}.`;
    const hint = meant ? `Did you mean ${PLACEHOLDERS.get(meant)}?` : all;
    const detail = `${shown(found)} is not replaced by anything.`;
    return problem(at, "unknown_placeholder", detail, hint);
  }
  return null;
}

// A document that somebody sent, made safe to look at: a copy under fixed bounds. What is left
// has JSON's types only, and a place that was refused holds REFUSED, so that no later rule
// complains about it a second time.
import { kindOf, shown } from "./names";
import { pointer } from "./pointer";
import { type Problem, problem } from "./problem";

export const REFUSED = Symbol("refused");
export type Safe =
  | null
  | boolean
  | number
  | string
  | typeof REFUSED
  | Safe[]
  | { [key: string]: Safe };
export type SafeObject = { [key: string]: Safe };

const DEEPEST = 12;
const MOST_NODES = 20_000;
const MOST_KEYS = 200;
const MOST_TEXT = 2_000_000;
const LARGEST = Number.MAX_SAFE_INTEGER;
const UNSTORABLE = /[\0\ud800-\udfff]/u;

class TooLarge extends Error {}

/** A copy in JSON's types and what had to be refused. Too large as a whole: REFUSED, and why. */
export function read(document: unknown): { copy: Safe; refused: Problem[] } {
  const reader = new Reader();
  try {
    return { copy: reader.copy(document, "", 0), refused: reader.problems };
  } catch (error) {
    if (!(error instanceof TooLarge)) throw error;
    const why = problem("", "too_large", error.message, "Split or shorten it.");
    return { copy: REFUSED, refused: [why] };
  }
}

class Reader {
  readonly problems: Problem[] = [];
  private nodes = 0;
  private text = 0;

  copy(value: unknown, at: string, depth: number): Safe {
    this.nodes += 1;
    if (this.nodes > MOST_NODES) {
      throw new TooLarge(`The document has more than ${MOST_NODES} parts.`);
    }
    if (depth > DEEPEST) {
      return this.refuse(at, "too_deep", `This is nested deeper than ${DEEPEST} levels.`);
    }
    if (value === null || typeof value === "boolean") return value;
    if (typeof value === "string") return this.copyText(value, at);
    if (typeof value === "number") return this.copyNumber(value, at);
    if (Array.isArray(value)) {
      return value.map((entry, index) => this.copy(entry, at + pointer(index), depth + 1));
    }
    if (isPlain(value)) return this.copyObject(value, at, depth);
    const hint = value instanceof Date ? "Put it in quotes." : "";
    return this.refuse(at, "not_json", `There is ${kindOf(value)} that JSON does not have.`, hint);
  }

  private copyText(value: string, at: string): Safe {
    this.text += value.length;
    if (this.text > MOST_TEXT) {
      throw new TooLarge(`The document has more than ${MOST_TEXT} characters of text.`);
    }
    if (!UNSTORABLE.test(value)) return value;
    return this.refuse(at, "not_text", "This text holds a NUL or broken Unicode.");
  }

  private copyNumber(value: number, at: string): Safe {
    if (!Number.isFinite(value)) {
      return this.refuse(at, "not_a_number", `${shown(value)} is not a number in JSON.`);
    }
    if (Math.abs(value) > LARGEST) {
      return this.refuse(at, "out_of_range", "This number is too large.");
    }
    // -0 and 0 are the same meaning, and JSON writes them alike.
    return value === 0 ? 0 : value;
  }

  private copyObject(value: { [key: string]: unknown }, at: string, depth: number): Safe {
    const entries = Object.entries(value);
    if (entries.length > MOST_KEYS) {
      return this.refuse(at, "too_many", `More than ${MOST_KEYS} names are in here.`);
    }
    const copied: [string, Safe][] = [];
    for (const [key, entry] of entries) {
      if (UNSTORABLE.test(key)) {
        this.refuse(at, "not_text", `${shown(key)} is not a name here: names are text.`);
      } else copied.push([key, this.copy(entry, at + pointer(key), depth + 1)]);
    }
    // fromEntries makes a key of every name, also of __proto__.
    return Object.fromEntries(copied);
  }

  private refuse(at: string, code: string, detail: string, hint = ""): typeof REFUSED {
    this.problems.push(problem(at, code, detail, hint));
    return REFUSED;
  }
}

function isPlain(value: unknown): value is { [key: string]: unknown } {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

export function isObject(value: unknown): value is SafeObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

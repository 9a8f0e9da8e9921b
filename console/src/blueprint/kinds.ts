// The kinds of blocks: what can be drawn. Everything about them comes from kinds.json, which the
// server's own tables are written to; nothing here knows a kind by its name.
import described from "./kinds.json";
import { pointer } from "./pointer";
import { isObject } from "./safe";

export type OptionType = "text" | "integer" | "number" | "boolean" | "map" | "list";

export interface Schema {
  title: string;
  description: string;
  type: string;
  enum?: string[];
  minimum?: number;
  maximum?: number;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  "x-form"?: string;
}

export interface Option {
  name: string;
  kind: OptionType;
  schema: Schema;
  default: unknown;
  required: boolean;
  per_tenant: boolean;
  expands: boolean;
  limit: string;
  hint: string;
  rule?: string;
  item: Option | null;
}

export interface Kind {
  name: string;
  title: string;
  help: string;
  links_from: string[];
  at_least: number;
  at_most: number | null;
  options: Option[];
}

const { root, kinds } = described as unknown as { root: string; kinds: Kind[] };

/** The kind that every other one is linked with. */
export const ROOT = root;
export const KINDS: ReadonlyMap<string, Kind> = new Map(kinds.map((kind) => [kind.name, kind]));

export function titleOf(kind: string): string {
  return KINDS.get(kind)?.title ?? kind;
}

/** Kinds that a block of this kind may lead to: its ports. */
export function leadsTo(kind: string): Kind[] {
  return kinds.filter((other) => other.links_from.includes(kind));
}

export function optionOf(kind: Kind | undefined, name: string): Option | undefined {
  return kind?.options.find((option) => option.name === name);
}

/** Environment names that a block with these options defines, each with its pointer inside of
 *  them: what a form marks as such, and every name of a map. */
export function environmentNames(kind: Kind, options: { [name: string]: unknown }) {
  const found: { name: string; at: string }[] = [];
  for (const option of kind.options) {
    const given = Object.hasOwn(options, option.name) ? options[option.name] : undefined;
    if (option.kind === "map" && isObject(given)) {
      for (const name of Object.keys(given)) found.push({ name, at: pointer(option.name, name) });
    } else if (option.schema["x-form"] === "environment" && typeof given === "string") {
      found.push({ name: given, at: pointer(option.name) });
    }
  }
  return found;
}

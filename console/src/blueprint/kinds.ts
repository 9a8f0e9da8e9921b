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
  minItems?: number;
  maxItems?: number;
  uniqueItems?: boolean;
  items?: Schema;
  "x-form"?: string;
}

/** Among which blocks of a kind something is given once only: those of one owner, or all. */
export type Unique = "" | "owner" | "blueprint";

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
  unique: Unique;
  /** What nobody may say, and who has it. */
  taken: [value: unknown, by: string][];
  /** Other options that must be given, by choice of this one. */
  needs: [choice: string, option: string][];
  /** Another option and the choice of it without which this one does nothing. */
  only_for: [option: string, choice: string] | null;
}

/** What holds for the blocks of a kind that one block of the kind `owner` links to. */
export interface Owned {
  owner: string;
  at_least: number;
  at_most: number | null;
  /** Options that say exactly this. */
  fixed: [option: string, value: unknown][];
  reserved_ids: string[];
}

export interface Kind {
  name: string;
  title: string;
  help: string;
  links_from: string[];
  at_least: number;
  at_most: number | null;
  names_unique: Unique;
  most_owners: number | null;
  owned: Owned[];
  reserved_ids: string[];
  /** What is worth knowing about each of its blocks, and is not wrong. */
  notice: { code: string; detail: string; hint: string } | null;
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

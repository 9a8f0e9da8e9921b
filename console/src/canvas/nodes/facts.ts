// What a card says about its block: the options that matter, shortly. Those that differ from their
// default come first; of the others, those that bound what a tenant uses.
import type { Block } from "../../blueprint/document";
import { KINDS, type Option } from "../../blueprint/kinds";
import { canonical, isValue } from "../../blueprint/perTenant";
import { cut } from "../../blueprint/pointer";
import { isObject } from "../../blueprint/safe";

export interface Fact {
  name: string;
  label: string;
  text: string;
  /** The tenant's value that decides, if one does. */
  perTenant: string | null;
  isDefault: boolean;
}

const MOST = 4;
const LONGEST = 60;

export function factsOf({ kind, options }: Block): { facts: Fact[]; more: number } {
  const known = KINDS.get(kind)?.options ?? [];
  const isGiven = (option: Option) => Object.hasOwn(options, option.name);
  const isDefault = (option: Option) =>
    !isGiven(option) || canonical(options[option.name]) === canonical(option.default);
  const own = known
    .filter((option) => !isDefault(option))
    .flatMap((option) => factsOfOption(option, options[option.name]));
  const bounds = known
    .filter((option) => isDefault(option) && option.limit && option.default !== null)
    .map((option) => fact(option.name, option, option.default, true));
  const all = [...own, ...bounds];
  return { facts: all.slice(0, MOST), more: Math.max(0, all.length - MOST) };
}

function factsOfOption(option: Option, given: unknown): Fact[] {
  if (option.kind !== "map" || !isObject(given) || !option.item) {
    return [fact(option.name, option, given, false)];
  }
  const { item } = option;
  return Object.entries(given).map(([name, entry]) => ({
    ...fact(`${option.name}.${name}`, item, entry, false),
    label: name,
  }));
}

function fact(name: string, option: Option, given: unknown, isDefault: boolean): Fact {
  const { label, unit } = labelOf(option);
  const perTenant = isValue(given) ? String(given.per_tenant) : null;
  const value = isValue(given) ? (given.default ?? option.default) : given;
  const text = value === null || value === undefined ? "" : brief(value);
  return { name, label, text: text && unit ? `${text} ${unit}` : text, perTenant, isDefault };
}

/** "Memory (MiB)" is a label and its unit. */
export function labelOf({ schema }: Option): { label: string; unit: string } {
  const [, label = schema.title, unit = ""] = /^(.*) \((.+)\)$/.exec(schema.title) ?? [];
  return { label, unit };
}

function brief(value: unknown): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  const text = Array.isArray(value)
    ? value.map(String).join(", ")
    : typeof value === "object"
      ? JSON.stringify(value)
      : String(value);
  const line = text.split(/\s+/).join(" ").trim();
  return line.length > LONGEST ? `${cut(line, LONGEST)}…` : line;
}

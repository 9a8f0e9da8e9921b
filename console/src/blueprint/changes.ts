// The change set: what a drawing says differently from its base, in the server's own words, and
// how one of the changes is taken back. Layout is no meaning, so a moved box is no change.
import type { Block, Blueprint, LinkPair, Options } from "./document";
import { KINDS, optionOf } from "./kinds";
import { canonical, isValue } from "./perTenant";
import { cut } from "./pointer";
import { isObject } from "./safe";

/** Where two blueprints can differ. `key` is a name inside of a map. */
export type Place =
  | { part: "name" }
  | { part: "block"; id: string }
  | { part: "option"; id: string; option: string; key?: string }
  | { part: "link"; link: LinkPair };

export interface Change {
  place: Place;
  kind: "added" | "removed" | "changed" | "linked" | "unlinked";
  text: string;
}

/** Everything that differs in meaning, blocks by id, then links. */
export function changes(base: Blueprint, now: Blueprint): Change[] {
  const found: Change[] = [];
  if (base.name !== now.name) {
    const text = `The blueprint is now called ${now.name} (was ${base.name}).`;
    found.push({ place: { part: "name" }, kind: "changed", text });
  }
  return [...found, ...blockChanges(base, now), ...linkChanges(base, now)];
}

/** A name of the place, the same in every list that it stands in. */
export function placeKey(place: Place): string {
  return canonical(place);
}

/** The drawing without one of its changes: that place is again as the base has it. */
export function discard(now: Blueprint, base: Blueprint, place: Place): Blueprint {
  return take(now, base, place);
}

/** `mine` on top of `theirs`: all that I changed since `base`, on what they made of it. Where both
 *  changed the same place it is mine that stays, and the place is named. */
export function merge(base: Blueprint, mine: Blueprint, theirs: Blueprint) {
  const own = changes(base, mine);
  const others = new Set(changes(base, theirs).map(({ place }) => placeKey(place)));
  const both = own.filter(({ place }) => others.has(placeKey(place)));
  const merged = own.reduce((so, { place }) => take(so, mine, place), theirs);
  return { merged, both };
}

/** `target` with one place as `source` has it. */
function take(target: Blueprint, source: Blueprint, place: Place): Blueprint {
  switch (place.part) {
    case "name":
      return { ...target, name: source.name };
    case "block":
      return takeBlock(target, source, place.id);
    case "option":
      return takeOption(target, source, place);
    case "link":
      return takeLink(target, source, place.link);
  }
}

function takeBlock(target: Blueprint, source: Blueprint, id: string): Blueprint {
  const block = find(source, id);
  if (!block) {
    return {
      ...target,
      blocks: target.blocks.filter((one) => one.id !== id),
      links: target.links.filter((link) => !link.includes(id)),
    };
  }
  if (find(target, id)) {
    return { ...target, blocks: target.blocks.map((one) => (one.id === id ? block : one)) };
  }
  const ids = new Set([id, ...target.blocks.map((one) => one.id)]);
  const links = source.links.filter(
    (link) => link.includes(id) && link.every((end) => ids.has(end)) && !hasLink(target, link),
  );
  return { ...target, blocks: [...target.blocks, block], links: [...target.links, ...links] };
}

function takeOption(
  target: Blueprint,
  source: Blueprint,
  { id, option, key }: { id: string; option: string; key?: string },
): Blueprint {
  const wanted = find(source, id)?.options ?? {};
  return {
    ...target,
    blocks: target.blocks.map((block) => {
      if (block.id !== id) return block;
      const options =
        key === undefined
          ? withKey(block.options, option, own(wanted, option))
          : withEntry(block.options, wanted, option, key);
      return { ...block, options };
    }),
  };
}

function withEntry(options: Options, wanted: Options, option: string, key: string): Options {
  const map = own(options, option);
  const wantedMap = own(wanted, option);
  const entry = isObject(wantedMap) ? own(wantedMap, key) : undefined;
  const next = withKey(isObject(map) ? map : {}, key, entry);
  const isGone = Object.keys(next).length === 0 && wantedMap === undefined;
  return withKey(options, option, isGone ? undefined : next);
}

function takeLink(target: Blueprint, source: Blueprint, link: LinkPair): Blueprint {
  const others = target.links.filter((one) => !isSame(one, link));
  const canStand = link.every((end) => find(target, end));
  const isThere = hasLink(source, link) && canStand;
  return { ...target, links: isThere ? [...others, link] : others };
}

/** `options` with one name set, or taken out where the value is undefined. */
export function withKey(options: Options, name: string, value: unknown): Options {
  const entries = Object.entries(options);
  if (value === undefined) return Object.fromEntries(entries.filter(([other]) => other !== name));
  if (!Object.hasOwn(options, name)) return Object.fromEntries([...entries, [name, value]]);
  return Object.fromEntries(entries.map(([other, old]) => [other, other === name ? value : old]));
}

function blockChanges(base: Blueprint, now: Blueprint): Change[] {
  const ids = new Set([...base.blocks, ...now.blocks].map(({ id }) => id));
  return [...ids].sort().flatMap((id): Change[] => {
    const [before, after] = [find(base, id), find(now, id)];
    const place: Place = { part: "block", id };
    if (!before && after) {
      return [{ place, kind: "added", text: `The block ${id} (${after.kind}) is added.` }];
    }
    if (before && !after) {
      return [{ place, kind: "removed", text: `The block ${id} (${before.kind}) is removed.` }];
    }
    if (!before || !after) return [];
    if (before.kind === after.kind) return optionChanges(before, after);
    const text = `The block ${id} is now of kind ${after.kind} (was ${before.kind}).`;
    return [{ place, kind: "changed", text }];
  });
}

function optionChanges(before: Block, after: Block): Change[] {
  const names = new Set([...Object.keys(before.options), ...Object.keys(after.options)]);
  return [...names].sort().flatMap((option) => {
    const [was, is] = [own(before.options, option), own(after.options, option)];
    const keys = keysOf(was, is);
    if (!keys) return isEqual(was, is) ? [] : [optionChange(before, after, option)];
    return keys
      .filter((key) => !isEqual(entryOf(was, key), entryOf(is, key)))
      .map((key) => optionChange(before, after, option, key));
  });
}

/** The names to go through where one side is a map and the other one too, or not there. */
function keysOf(was: unknown, is: unknown): string[] | null {
  const isMap = (given: unknown) => isObject(given) && !isValue(given);
  if (![was, is].every((side) => side === undefined || isMap(side))) return null;
  const keys = [...new Set([was, is].flatMap((side) => Object.keys(side ?? {})))].sort();
  // An empty map against none at all has no name that tells them apart.
  return keys.length > 0 && !isEmptied(was, is) ? keys : null;
}

function isEmptied(was: unknown, is: unknown): boolean {
  return [was, is].every((side) => side === undefined || Object.keys(side as object).length === 0);
}

function optionChange(before: Block, after: Block, option: string, key?: string): Change {
  const value = ({ options }: Block) => {
    const given = own(options, option);
    return key === undefined ? given : entryOf(given, key);
  };
  const name = key === undefined ? option : `${option}.${key}`;
  const [was, is] = [
    said(before, option, key, value(before)),
    said(after, option, key, value(after)),
  ];
  const place: Place =
    key === undefined
      ? { part: "option", id: after.id, option }
      : { part: "option", id: after.id, option, key };
  return { place, kind: "changed", text: `${after.id}: ${name} is ${is} (was ${was}).` };
}

function said(block: Block, option: string, key: string | undefined, given: unknown): string {
  if (given === undefined || given === null) {
    const fallback = optionOf(KINDS.get(block.kind), option)?.default ?? null;
    const isKnown = key === undefined && fallback !== null;
    return isKnown ? `its default, ${short(fallback)}` : "not there";
  }
  if (!isValue(given)) return short(given);
  const fallback = own(given, "default");
  const ends = fallback === undefined || fallback === null ? "" : `, else ${short(fallback)}`;
  return `each tenant's ${String(given.per_tenant)}${ends}`;
}

const LONGEST_SHOWN = 60;

const MOST_SHOWN = 8;

function short(value: unknown): string {
  if (Array.isArray(value)) {
    const entries = value.slice(0, MOST_SHOWN).map(short).join(", ");
    return value.length > MOST_SHOWN ? `[${entries}, …]` : `[${entries}]`;
  }
  if (typeof value !== "string") return cut(JSON.stringify(value) ?? "nothing", LONGEST_SHOWN);
  const line = value.split(/\s+/).filter(Boolean).join(" ");
  return line.length <= LONGEST_SHOWN ? `"${line}"` : `"${cut(line, LONGEST_SHOWN)}…"`;
}

function linkChanges(base: Blueprint, now: Blueprint): Change[] {
  // A removed block takes its links with it, and brings them back: they are no change of theirs.
  const isWhole = (link: LinkPair) => link.every((end) => find(now, end));
  const gone = base.links.filter((link) => !hasLink(now, link) && isWhole(link));
  const come = now.links.filter((link) => !hasLink(base, link));
  return [
    ...gone.sort(byEnds).map((link): Change => {
      const text = `${link[0]} is no longer linked with ${link[1]}.`;
      return { place: { part: "link", link }, kind: "unlinked", text };
    }),
    ...come.sort(byEnds).map((link): Change => {
      const text = `${link[0]} is linked with ${link[1]}.`;
      return { place: { part: "link", link }, kind: "linked", text };
    }),
  ];
}

function byEnds(one: LinkPair, other: LinkPair): number {
  return one.join(" ") < other.join(" ") ? -1 : 1;
}

function find({ blocks }: Blueprint, id: string): Block | undefined {
  return blocks.find((block) => block.id === id);
}

function hasLink({ links }: Blueprint, link: LinkPair): boolean {
  return links.some((one) => isSame(one, link));
}

function isSame(one: LinkPair, other: LinkPair): boolean {
  return one[0] === other[0] && one[1] === other[1];
}

function isEqual(one: unknown, other: unknown): boolean {
  return (
    one === other ||
    (one !== undefined && other !== undefined && canonical(one) === canonical(other))
  );
}

function own(given: Options, name: string): unknown {
  return Object.hasOwn(given, name) ? given[name] : undefined;
}

function entryOf(map: unknown, key: string): unknown {
  return isObject(map) ? own(map, key) : undefined;
}

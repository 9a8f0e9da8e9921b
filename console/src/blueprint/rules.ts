// The rules of a blueprint: every problem of a document, what may be added, and which links may be
// drawn. Pure, and the same as the server's: one folder of good and bad blueprints tests both.
import { type Blueprint, MOST_BLOCKS, MOST_LINKS, type Options } from "./document";
import { KINDS, type Kind, optionOf, ROOT, titleOf } from "./kinds";
import { isAllowed, linkProblems, owningsOf } from "./ownership";
import { pointer } from "./pointer";
import type { Problem } from "./problem";
import { readBlueprint } from "./reading";
import { isObject, read } from "./safe";
import { topologyProblems } from "./topology";

const MOST_PROBLEMS = 200;

/** What is worth knowing about a drawing that is not wrong. */
export function noticesOf({ blocks }: Blueprint): Problem[] {
  return blocks.flatMap(({ id, kind, options }, index) => {
    const known = KINDS.get(kind);
    if (!known) return [];
    const at = pointer("blocks", index);
    const found = known.notice ? [{ ...known.notice, pointer: at }] : [];
    return [...found, ...idleOptions(known, options, at + pointer("options"))].map((notice) => ({
      ...notice,
      block: id,
      link: null,
    }));
  });
}

/** Options that are given and do nothing, since another one says so. */
function idleOptions(kind: Kind, options: Options, at: string) {
  return kind.options.flatMap(({ name, only_for }) => {
    if (!only_for || !Object.hasOwn(options, name)) return [];
    const [other, choice] = only_for;
    if ((options[other] ?? optionOf(kind, other)?.default) === choice) return [];
    const detail = `${name} does nothing while ${other} is not ${choice}.`;
    const hint = `Say ${other}: ${choice}, or leave ${name} out.`;
    return [{ code: "without_effect", detail, hint, pointer: at + pointer(name) }];
  });
}

/** Everything that is wrong with a document, single blocks first, then the whole. Never throws,
 *  whatever is given. */
export function check(document: unknown): Problem[] {
  const { copy, refused } = read(document);
  const reading = readBlueprint(copy);
  const whole = isObject(copy) ? topologyProblems(reading) : [];
  return [...refused, ...reading.problems, ...whole].slice(0, MOST_PROBLEMS);
}

/** Why no block of this kind can be added, or null where one can. */
export function whyNotAdd(document: Blueprint, kind: string): string | null {
  if (document.blocks.length >= MOST_BLOCKS) {
    return `A blueprint has at most ${MOST_BLOCKS} blocks: remove one first.`;
  }
  const most = KINDS.get(kind)?.at_most ?? null;
  const count = document.blocks.filter((block) => block.kind === kind).length;
  if (most === null || count < most) return null;
  return most === 1
    ? `A blueprint has one ${titleOf(kind)}, and it is there already.`
    : `A blueprint has at most ${most} of ${titleOf(kind)}.`;
}

export const TOO_MANY_LINKS = `A blueprint has at most ${MOST_LINKS} links: remove one first.`;

/** Why these two blocks cannot be linked in this direction, or null where they can. */
export function whyNotLink(document: Blueprint, from: string, to: string): string | null {
  const source = document.blocks.find(({ id }) => id === from);
  const target = document.blocks.find(({ id }) => id === to);
  if (!source || !target) return "There is no such block.";
  if (from === to) return "A block cannot be linked with itself.";
  if (document.links.some((link) => link[0] === from && link[1] === to)) {
    return "They are linked already.";
  }
  if (document.links.length >= MOST_LINKS) return TOO_MANY_LINKS;
  if (!isAllowed(source.kind, target.kind)) return whyNotKinds(source.kind, target.kind);
  return whyNotOwn(document, from, to);
}

/** What ownership says against one more link. */
function whyNotOwn({ blocks, links }: Blueprint, from: string, to: string): string | null {
  const all = [...links, [from, to] as [string, string]];
  const ownings = owningsOf({
    blocks: blocks.map(({ id, kind }, index) => ({
      at: `/blocks/${index}`,
      id,
      kind,
      options: {},
    })),
    links: all.map((pair, index) => ({ at: `/links/${index}`, pair })),
  });
  const last = `/links/${links.length}`;
  return linkProblems(ownings).find(({ pointer }) => pointer === last)?.detail ?? null;
}

function whyNotKinds(source: string, target: string): string {
  const kind = KINDS.get(target);
  if (!kind) return `Nothing is known about the kind ${target}.`;
  if (kind.links_from.length === 0) return `Nothing leads to a ${kind.title}: it begins here.`;
  const takes = kind.links_from.map(titleOf).join(" or ");
  return `${kind.title} is linked from ${takes} only, not from ${titleOf(source)}.`;
}

/** Every link that could still be drawn from or to this block. */
export function possibleLinks(document: Blueprint, id: string): [string, string][] {
  const others = document.blocks.map((block) => block.id).filter((other) => other !== id);
  const both = others.flatMap((other): [string, string][] => [
    [id, other],
    [other, id],
  ]);
  return both.filter(([from, to]) => whyNotLink(document, from, to) === null);
}

/** The one link that a new block surely wants: the only one possible, else the one with the agent. */
export function obviousLink(document: Blueprint, id: string): [string, string] | null {
  const possible = possibleLinks(document, id);
  if (possible.length === 1) return possible[0] ?? null;
  const roots = document.blocks.filter(({ kind }) => kind === ROOT).map((block) => block.id);
  const withRoot = possible.filter((link) => link.some((end) => roots.includes(end)));
  return withRoot.length === 1 ? (withRoot[0] ?? null) : null;
}

/** The options of a new block, clashing with no other: the next free number where its kind has
 *  one for each block, unless its own is free. It is written down, since adding or removing another
 *  block must never change it. */
export function freeOptions({ blocks }: Blueprint, kind: string, options: Options = {}): Options {
  const found = { ...options };
  for (const { name, unique, default: first, schema } of KINDS.get(kind)?.options ?? []) {
    if (unique !== "blueprint" || typeof first !== "number") continue;
    const used = new Set<unknown>(
      blocks.filter((block) => block.kind === kind).map(({ options }) => options[name] ?? first),
    );
    const numbers = rangeOf(first, schema.maximum ?? first);
    const free = [options[name], ...numbers].find((n) => n !== undefined && !used.has(n));
    if (free !== undefined) found[name] = free;
  }
  return found;
}

function rangeOf(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

// The rules of a blueprint: every problem of a document, what may be added, and which links may be
// drawn. Pure, and the same as the server's: one folder of good and bad blueprints tests both.
import type { Blueprint } from "./document";
import { KINDS, titleOf } from "./kinds";
import type { Problem } from "./problem";
import { readBlueprint } from "./reading";
import { isObject, read } from "./safe";
import { isAllowed, topologyProblems } from "./topology";

const MOST_PROBLEMS = 200;

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
  const most = KINDS.get(kind)?.at_most ?? null;
  const count = document.blocks.filter((block) => block.kind === kind).length;
  if (most === null || count < most) return null;
  return most === 1
    ? `A blueprint has one ${titleOf(kind)}, and it is there already.`
    : `A blueprint has at most ${most} of ${titleOf(kind)}.`;
}

/** Why these two blocks cannot be linked in this direction, or null where they can. */
export function whyNotLink(document: Blueprint, from: string, to: string): string | null {
  const source = document.blocks.find(({ id }) => id === from);
  const target = document.blocks.find(({ id }) => id === to);
  if (!source || !target) return "There is no such block.";
  if (from === to) return "A block cannot be linked with itself.";
  if (document.links.some((link) => link[0] === from && link[1] === to)) {
    return "They are linked already.";
  }
  if (!isAllowed(source.kind, target.kind)) return whyNotKinds(source.kind, target.kind);
  return null;
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

/** The one link that a new block surely wants: the only one possible. */
export function obviousLink(document: Blueprint, id: string): [string, string] | null {
  const possible = possibleLinks(document, id);
  return possible.length === 1 ? (possible[0] ?? null) : null;
}

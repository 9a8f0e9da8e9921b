// A document as the canvas draws it. A document that has problems can be drawn too, as long as
// every part of it has a place on the canvas: `drawingOf` decides, and gives null for the rest.
import { BLOCK } from "./names";
import { canonical } from "./perTenant";
import { isObject, read } from "./safe";

export type Options = { [name: string]: unknown };
export type LinkPair = [from: string, to: string];

export interface Block {
  id: string;
  kind: string;
  options: Options;
}

/** name, kinds and options may be wrong; ids are unique and links lead from block to block. */
export interface Blueprint {
  name: string;
  blocks: Block[];
  links: LinkPair[];
}

const KEYS = ["name", "blocks", "links", "layout"];
const BLOCK_KEYS = ["id", "kind", "options"];
export const MOST_BLOCKS = 100;
export const MOST_LINKS = 300;

/** The document as blocks and links, or null where a part of it could not be drawn (and would be
 *  lost). Never throws. */
export function drawingOf(document: unknown): Blueprint | null {
  const { copy, refused } = read(document);
  if (refused.length > 0 || !isObject(copy) || !hasOnly(copy, KEYS)) return null;
  const { name, blocks, links } = copy;
  if (typeof name !== "string" || !Array.isArray(blocks) || !Array.isArray(links)) return null;
  if (blocks.length > MOST_BLOCKS || links.length > MOST_LINKS) return null;
  const drawn = blocks.map(blockOf);
  const ids = new Set(drawn.map((block) => block?.id));
  if (drawn.includes(null) || ids.size < drawn.length) return null;
  const pairs = links.map((link) => pairOf(link, ids));
  const isOnce = new Set(pairs.map((pair) => JSON.stringify(pair))).size === pairs.length;
  if (pairs.includes(null) || !isOnce) return null;
  return { name, blocks: drawn as Block[], links: pairs as LinkPair[] };
}

function blockOf(given: unknown): Block | null {
  if (!isObject(given) || !hasOnly(given, BLOCK_KEYS)) return null;
  const { id, kind } = given;
  const options = Object.hasOwn(given, "options") ? given.options : {};
  if (typeof id !== "string" || !BLOCK.test(id) || typeof kind !== "string") return null;
  return isObject(options) ? { id, kind, options: { ...options } } : null;
}

function pairOf(given: unknown, ids: ReadonlySet<string | undefined>): LinkPair | null {
  if (!Array.isArray(given) || given.length !== 2) return null;
  const [from, to] = given as [unknown, unknown];
  if (typeof from !== "string" || typeof to !== "string" || from === to) return null;
  return ids.has(from) && ids.has(to) ? [from, to] : null;
}

function hasOnly(given: object, keys: string[]): boolean {
  return Object.keys(given).every((key) => keys.includes(key));
}

/** The same text for the same meaning, in whatever order blocks, links and options stand. */
export function meaningOf({ name, blocks, links }: Blueprint): string {
  const sorted = [...blocks].sort((one, other) => (one.id < other.id ? -1 : 1));
  return canonical({ name, blocks: sorted, links: links.map((pair) => pair.join(" ")).sort() });
}

export function emptyBlueprint(name: string): Blueprint {
  return { name, blocks: [], links: [] };
}

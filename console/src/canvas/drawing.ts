// A drawing: a document and where its blocks lie. Every edit is a function from one drawing to the
// next, so that undo is keeping the old one.
import { withKey } from "../blueprint/changes";
import type { Block, Blueprint, LinkPair, Options } from "../blueprint/document";
import { freeOptions, obviousLink, whyNotAdd, whyNotLink } from "../blueprint/rules";
import { isObject } from "../blueprint/safe";

export interface Point {
  x: number;
  y: number;
}
export type Places = { readonly [id: string]: Point };

/** Where a block lies, if that is known. Its id may be a name that every object has. */
export function placeOf(places: Places, id: string): Point | undefined {
  return Object.hasOwn(places, id) ? places[id] : undefined;
}

/** What is saved of it beside the document. */
export interface Layout {
  blocks?: { [id: string]: Point };
}

export interface Drawing {
  document: Blueprint;
  places: Places;
}

const FAR = 100_000;

/** The places in a layout that somebody saved: whatever is no place is left out. */
export function placesOf(layout: unknown): Places {
  const blocks = isObject(layout) && Object.hasOwn(layout, "blocks") ? layout.blocks : {};
  if (!isObject(blocks)) return {};
  return Object.fromEntries(
    Object.entries(blocks).flatMap(([id, at]): [string, Point][] => {
      if (!isObject(at)) return [];
      const { x, y } = at;
      return isNear(x) && isNear(y) ? [[id, { x, y }]] : [];
    }),
  );
}

function isNear(value: unknown): value is number {
  return typeof value === "number" && Math.abs(value) <= FAR;
}

/** The layout as it is saved: places of blocks that are there, in whole pixels. */
export function layoutOf({ document, places }: Drawing): Layout {
  const blocks = document.blocks.flatMap(({ id }): [string, Point][] => {
    const at = placeOf(places, id);
    return at ? [[id, { x: Math.round(at.x), y: Math.round(at.y) }]] : [];
  });
  return { blocks: Object.fromEntries(blocks) };
}

/** An id that no block has yet, made from a word. */
export function freeId(document: Blueprint, word: string): string {
  const taken = new Set(document.blocks.map(({ id }) => id));
  if (!taken.has(word)) return word;
  const stem = word.replace(/-\d+$/, "").slice(0, 35);
  for (let number = 2; ; number += 1) {
    const id = `${stem}-${number}`;
    if (!taken.has(id)) return id;
  }
}

/** A new block, linked as `wanted` says of its id, else where one link is the obvious one. */
export function addBlock(
  drawing: Drawing,
  kind: string,
  at: Point | null,
  options: Options = {},
  wanted?: (id: string) => LinkPair,
): Drawing {
  const { document, places } = drawing;
  if (whyNotAdd(document, kind) !== null) return drawing;
  const id = freeId(document, kind);
  const block = { id, kind, options: freeOptions(document, kind, options) };
  const grown = { ...document, blocks: [...document.blocks, block] };
  const asked = wanted?.(id);
  const isRight = asked && whyNotLink(grown, ...asked) === null;
  const link = isRight ? asked : obviousLink(grown, id);
  return {
    document: link ? { ...grown, links: [...grown.links, link] } : grown,
    places: at ? { ...places, [id]: at } : places,
  };
}

export function removeBlocks({ document, places }: Drawing, ids: ReadonlySet<string>): Drawing {
  return {
    places,
    document: {
      ...document,
      blocks: document.blocks.filter(({ id }) => !ids.has(id)),
      links: document.links.filter((link) => !link.some((end) => ids.has(end))),
    },
  };
}

/** Nothing changes where the rules do not allow the link. */
export function addLink(drawing: Drawing, from: string, to: string): Drawing {
  const { document } = drawing;
  if (whyNotLink(document, from, to) !== null) return drawing;
  return { ...drawing, document: { ...document, links: [...document.links, [from, to]] } };
}

export function removeLinks(drawing: Drawing, links: readonly LinkPair[]): Drawing {
  const { document } = drawing;
  const isGone = (link: LinkPair) => links.some((one) => one[0] === link[0] && one[1] === link[1]);
  const left = document.links.filter((link) => !isGone(link));
  return { ...drawing, document: { ...document, links: left } };
}

/** One option as given; undefined takes it out, so that its default holds. */
export function setOption(drawing: Drawing, id: string, name: string, value: unknown): Drawing {
  return changeBlock(drawing, id, (block) => ({
    ...block,
    options: withKey(block.options, name, value),
  }));
}

function changeBlock(drawing: Drawing, id: string, change: (block: Block) => Block): Drawing {
  const { document } = drawing;
  const blocks = document.blocks.map((block) => (block.id === id ? change(block) : block));
  return { ...drawing, document: { ...document, blocks } };
}

/** Another id for a block; its links and its place go with it. */
export function renameBlock(drawing: Drawing, id: string, next: string): Drawing {
  const { document, places } = drawing;
  if (document.blocks.some((block) => block.id === next)) return drawing;
  const renamed = (end: string) => (end === id ? next : end);
  const at = placeOf(places, id);
  const { [id]: _, ...others } = places;
  return {
    places: at ? { ...others, [next]: at } : places,
    document: {
      ...document,
      blocks: document.blocks.map((block) => (block.id === id ? { ...block, id: next } : block)),
      links: document.links.map(([from, to]): LinkPair => [renamed(from), renamed(to)]),
    },
  };
}

export function movedTo(drawing: Drawing, places: Places): Drawing {
  return { ...drawing, places: { ...drawing.places, ...places } };
}

export function movedBy(drawing: Drawing, ids: ReadonlySet<string>, by: Point): Drawing {
  const places = [...ids].flatMap((id): [string, Point][] => {
    const at = placeOf(drawing.places, id);
    return at ? [[id, { x: at.x + by.x, y: at.y + by.y }]] : [];
  });
  return movedTo(drawing, Object.fromEntries(places));
}

/** Another document as a whole; blocks that stay keep their places. */
export function withDocument(drawing: Drawing, document: Blueprint): Drawing {
  return { ...drawing, document };
}

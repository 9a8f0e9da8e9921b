// Auto-layout: blocks in columns along their links, from what nothing leads to, to the right. In a
// column they stand in the order that crosses the fewest links. Pure and quick, no library.
import type { Blueprint } from "../blueprint/document";
import { KINDS, leadsTo } from "../blueprint/kinds";
import { type Places, type Point, placeOf } from "./drawing";
import { factsOf } from "./nodes/facts";

const COLUMN = 296;
const GAP = 28;
export const GRID = 8;
const ROUNDS = 4;
const WIDTH = 240;
const LEAST_HEIGHT = 56;

export interface Size {
  width: number;
  height: number;
}

/** A place for every block. `sizes`: of blocks as they are drawn, where that is known. */
export function arrange(document: Blueprint, sizes: ReadonlyMap<string, Size> = new Map()): Places {
  const columns = sorted(columnsOf(document), document);
  const places: { [id: string]: Point } = {};
  for (const [index, column] of columns.entries()) {
    const heights = column.map((id) => sizes.get(id)?.height ?? guessed(document, id));
    const total = heights.reduce((sum, height) => sum + height + GAP, -GAP);
    let y = -total / 2;
    for (const [row, id] of column.entries()) {
      places[id] = { x: index * COLUMN, y: snap(y) };
      y += (heights[row] ?? 0) + GAP;
    }
  }
  return places;
}

/** Places for blocks that have none yet; nobody else moves. */
export function withPlaces(document: Blueprint, places: Places): Places {
  const missing = document.blocks.filter(({ id }) => !placeOf(places, id));
  if (missing.length === 0) return places;
  if (missing.length === document.blocks.length) return arrange(document);
  const all: { [id: string]: Point } = { ...places };
  for (const { id } of missing) all[id] = besidePlace(document, all, id);
  return all;
}

/** A place beside the block that this one is linked with, below its neighbours there. */
function besidePlace(document: Blueprint, places: Places, id: string): Point {
  const link = document.links.find((one) => one.includes(id));
  const [from, to] = link ?? [id, id];
  const other = placeOf(places, from === id ? to : from);
  const wanted = other
    ? { x: other.x + (from === id ? -COLUMN : COLUMN), y: other.y }
    : { x: 0, y: lowest(document, places) };
  const beside = Object.entries(places).filter(([, at]) => Math.abs(at.x - wanted.x) < WIDTH);
  const ends = beside.map(([one, at]) => at.y + guessed(document, one) + GAP);
  return freePlace(document, places, {
    x: wanted.x,
    y: ends.length > 0 ? Math.max(...ends) : wanted.y,
  });
}

function lowest(document: Blueprint, places: Places): number {
  return Math.max(
    0,
    ...Object.entries(places).map(([id, { y }]) => y + guessed(document, id) + GAP),
  );
}

/** The nearest place below the wanted one where no other block lies. */
export function freePlace(document: Blueprint, places: Places, wanted: Point): Point {
  const boxes = Object.entries(places).map(([id, at]) => ({
    ...at,
    height: guessed(document, id),
  }));
  const isTaken = ({ x, y }: Point) =>
    boxes.some(
      (box) => Math.abs(box.x - x) < WIDTH && y > box.y - LEAST_HEIGHT && y < box.y + box.height,
    );
  let place = { x: snap(wanted.x), y: snap(wanted.y) };
  while (isTaken(place)) place = { ...place, y: place.y + GRID * 2 };
  return place;
}

export function snap(value: number): number {
  return Math.round(value / GRID) * GRID;
}

/** About how high a card is drawn; it is measured only once it is there. */
function guessed(document: Blueprint, id: string): number {
  const block = document.blocks.find((one) => one.id === id);
  if (!block) return 0;
  const { facts, more } = factsOf(block);
  const ports = leadsTo(block.kind).length;
  const rows = facts.length + (more > 0 ? 1 : 0);
  return 54 + (rows > 0 ? 19 + 22 * rows : 0) + (ports > 0 ? 12 + 24 * ports : 0);
}

/** Each block in the column after the last one that leads to it. */
function columnsOf({ blocks, links }: Blueprint): string[][] {
  const depth = new Map(blocks.map(({ id }) => [id, 0]));
  // A ring has no last one: as many rounds as there are blocks end it.
  for (let round = 0; round < blocks.length; round += 1) {
    let hasMoved = false;
    for (const [from, to] of links) {
      const next = (depth.get(from) ?? 0) + 1;
      if ((depth.get(to) ?? 0) >= next || next >= blocks.length) continue;
      depth.set(to, next);
      hasMoved = true;
    }
    if (!hasMoved) break;
  }
  const columns: string[][] = [];
  for (const { id } of blocks) {
    const column = loose(id, links) ? lastUsed(depth) : (depth.get(id) ?? 0);
    columns[column] = [...(columns[column] ?? []), id];
  }
  return Array.from(columns, (column) => column ?? []).filter((column) => column.length > 0);
}

// What is linked with nothing stands at the right, where the new blocks are.
function loose(id: string, links: readonly (readonly [string, string])[]): boolean {
  return links.length > 0 && !links.some((link) => link.includes(id));
}

function lastUsed(depth: ReadonlyMap<string, number>): number {
  return Math.max(0, ...depth.values());
}

function sorted(columns: string[][], { blocks, links }: Blueprint): string[][] {
  const order = [...KINDS.keys()];
  const kindOf = new Map(blocks.map(({ id, kind }) => [id, order.indexOf(kind)]));
  let now = columns.map((column) =>
    [...column].sort((one, other) => (kindOf.get(one) ?? 0) - (kindOf.get(other) ?? 0)),
  );
  for (let round = 0; round < ROUNDS; round += 1) {
    const row = new Map(now.flatMap((column) => column.map((id, at) => [id, at] as const)));
    const weight = (id: string, column: number) => {
      const ends = links.flatMap(([from, to]) => (to === id ? [from] : from === id ? [to] : []));
      const near = ends
        .filter((end) => !now[column]?.includes(end))
        .map((end) => row.get(end) ?? 0);
      if (near.length === 0) return row.get(id) ?? 0;
      return near.reduce((sum, at) => sum + at, 0) / near.length;
    };
    now = now.map((column, index) => {
      const weights = new Map(column.map((id) => [id, weight(id, index)]));
      return [...column].sort((one, other) => (weights.get(one) ?? 0) - (weights.get(other) ?? 0));
    });
  }
  return now;
}

export type Edge = "left" | "top" | "spread";

/** The chosen blocks in one line, or evenly far from each other. */
export function align(places: Places, ids: readonly string[], edge: Edge): Places {
  const chosen = ids.flatMap((id) => {
    const at = placeOf(places, id);
    return at ? [[id, at] as const] : [];
  });
  if (chosen.length < 2) return {};
  const least = (axis: "x" | "y") => Math.min(...chosen.map(([, at]) => at[axis]));
  if (edge === "left")
    return Object.fromEntries(chosen.map(([id, at]) => [id, { ...at, x: least("x") }]));
  if (edge === "top")
    return Object.fromEntries(chosen.map(([id, at]) => [id, { ...at, y: least("y") }]));
  return spread(chosen);
}

function spread(chosen: (readonly [string, Point])[]): Places {
  const span = (axis: "x" | "y") => {
    const all = chosen.map(([, at]) => at[axis]);
    return Math.max(...all) - Math.min(...all);
  };
  const axis = span("x") > span("y") ? "x" : "y";
  const inOrder = [...chosen].sort(([, one], [, other]) => one[axis] - other[axis]);
  const first = inOrder[0]?.[1][axis] ?? 0;
  const step = span(axis) / (inOrder.length - 1);
  return Object.fromEntries(
    inOrder.map(([id, at], index) => [id, { ...at, [axis]: snap(first + step * index) }]),
  );
}

// The only file that knows both a Blueprint and React Flow. Blocks become nodes, links become
// edges; and back. The saved document is ours, never React Flow's.
import type { Connection, Edge, Node } from "@xyflow/react";
import type { Block, LinkPair } from "../blueprint/document";
import { isAllowed } from "../blueprint/ownership";
import type { Problem } from "../blueprint/problem";
import { type Drawing, type Places, placeOf } from "./drawing";

export type BlockNode = Node<{ block: Block; problems: Problem[]; isChanged: boolean }, "block">;
export type LinkEdge = Edge<{ problems: Problem[]; isNew: boolean }, "link">;

export interface Graph {
  nodes: BlockNode[];
  edges: LinkEdge[];
}

export interface Marks {
  problems: readonly Problem[];
  selection: ReadonlySet<string>;
  /** Blocks and links with staged changes. */
  changedBlocks: ReadonlySet<string>;
  newLinks: ReadonlySet<string>;
}

export const NO_MARKS: Marks = {
  problems: [],
  selection: new Set(),
  changedBlocks: new Set(),
  newLinks: new Set(),
};

export const PORT_IN = "in";
export const PORT_WRONG = "wrong";
const OUT = "to:";

/** The port of a block that links to blocks of this kind begin at. */
export function portTo(kind: string): string {
  return OUT + kind;
}

/** Where a link begins: one that the rules do not allow has no port of its own. */
function portOf(source: string, target: string): string {
  return isAllowed(source, target) ? portTo(target) : PORT_WRONG;
}

export function kindOfPort(port: string | null | undefined): string | null {
  return port?.startsWith(OUT) ? port.slice(OUT.length) : null;
}

export function linkId([from, to]: LinkPair): string {
  return `${from} ${to}`;
}

export function toGraph({ document, places }: Drawing, marks: Marks = NO_MARKS): Graph {
  const kinds = new Map(document.blocks.map(({ id, kind }) => [id, kind]));
  return {
    nodes: document.blocks.map((block) => ({
      id: block.id,
      type: "block",
      position: placeOf(places, block.id) ?? { x: 0, y: 0 },
      selected: marks.selection.has(block.id),
      data: {
        block,
        problems: marks.problems.filter((found) => found.block === block.id),
        isChanged: marks.changedBlocks.has(block.id),
      },
    })),
    edges: document.links.map((link) => ({
      id: linkId(link),
      type: "link",
      source: link[0],
      target: link[1],
      sourceHandle: portOf(kinds.get(link[0]) ?? "", kinds.get(link[1]) ?? ""),
      targetHandle: PORT_IN,
      data: {
        problems: marks.problems.filter(
          (found) => found.link?.[0] === link[0] && found.link[1] === link[1],
        ),
        isNew: marks.newLinks.has(linkId(link)),
      },
    })),
  };
}

export function toPlaces(nodes: readonly Pick<BlockNode, "id" | "position">[]): Places {
  return Object.fromEntries(nodes.map(({ id, position }) => [id, { ...position }]));
}

export function toLink({ source, target }: Connection | LinkEdge): LinkPair {
  return [source, target];
}

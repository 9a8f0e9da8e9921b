// The graph as React Flow wants it: what the store says, with what only React Flow knows (measured
// sizes, a drag under way); and its changes on their way back into the store.
import {
  applyEdgeChanges,
  applyNodeChanges,
  type EdgeChange,
  type NodeChange,
} from "@xyflow/react";
import { useCallback, useLayoutEffect, useMemo, useState } from "react";
import type { Change } from "../blueprint/changes";
import type { LinkPair } from "../blueprint/document";
import { KINDS, titleOf } from "../blueprint/kinds";
import { type BlockNode, type LinkEdge, linkId, toGraph, toLink, toPlaces } from "./convert";
import { movedTo } from "./drawing";
import { changesOf, problemsOf, useActions, useEditor } from "./editing";
import type { Size } from "./layout";

export interface LiveGraph {
  nodes: BlockNode[];
  edges: LinkEdge[];
  onNodesChange(changes: NodeChange<BlockNode>[]): void;
  onEdgesChange(changes: EdgeChange<LinkEdge>[]): void;
  /** The drag is over: the next one is another step of undo. */
  settle(): void;
  chosenLinks(): LinkPair[];
  sizes(): ReadonlyMap<string, Size>;
}

export function useGraph(): LiveGraph {
  const { edit, select, settle } = useActions();
  const drawn = useDrawnGraph();
  const [nodes, setNodes] = useState<BlockNode[]>(drawn.nodes);
  const [edges, setEdges] = useState<LinkEdge[]>(drawn.edges);

  useLayoutEffect(() => {
    setNodes((before) => withOld(drawn.nodes, before));
    setEdges((before) => {
      const chosen = new Set(before.filter((edge) => edge.selected).map(({ id }) => id));
      return drawn.edges.map((edge) => ({ ...edge, selected: chosen.has(edge.id) }));
    });
  }, [drawn]);

  const onNodesChange = useCallback(
    (changes: NodeChange<BlockNode>[]) => {
      const next = applyNodeChanges(changes, nodes);
      setNodes(next);
      const moved = changes.flatMap((change) => (change.type === "position" ? [change.id] : []));
      if (moved.length > 0) {
        const places = toPlaces(next.filter(({ id }) => moved.includes(id)));
        edit((now) => movedTo(now, places), "move");
      }
      if (changes.some(({ type }) => type === "select")) {
        select(next.filter((node) => node.selected).map(({ id }) => id));
      }
    },
    [nodes, edit, select],
  );

  const onEdgesChange = useCallback((changes: EdgeChange<LinkEdge>[]) => {
    setEdges((before) =>
      applyEdgeChanges(
        changes.filter(({ type }) => type === "select"),
        before,
      ),
    );
  }, []);

  return {
    nodes,
    edges,
    onNodesChange,
    onEdgesChange,
    settle,
    chosenLinks: () => edges.filter((edge) => edge.selected).map(toLink),
    sizes: () =>
      new Map(
        nodes.map(({ id, measured }) => [
          id,
          { width: measured?.width ?? 232, height: measured?.height ?? 120 },
        ]),
      ),
  };
}

function useDrawnGraph() {
  const now = useEditor((state) => state.now);
  const base = useEditor((state) => state.base);
  const selection = useEditor((state) => state.selection);
  return useMemo(() => {
    const problems = problemsOf(now.document);
    const marks = marksOf(changesOf({ base, now }));
    const graph = toGraph(now, { problems, selection, ...marks });
    return {
      edges: graph.edges.map((edge) => ({
        ...edge,
        ariaLabel: `${edge.source} to ${edge.target}`,
      })),
      nodes: graph.nodes.map((node) => ({ ...node, ariaLabel: spoken(node) })),
    };
  }, [now, base, selection]);
}

/** How a card is read out. */
function spoken({ data: { block, problems, isChanged } }: BlockNode): string {
  const count = problems.length;
  const wrong = count > 0 ? `, ${count} ${count === 1 ? "problem" : "problems"}` : "";
  const help = KINDS.has(block.kind) ? "" : ", unknown kind";
  return `${titleOf(block.kind)} ${block.id}${help}${wrong}${isChanged ? ", staged" : ""}`;
}

function marksOf(changes: readonly Change[]) {
  const changedBlocks = new Set<string>();
  const newLinks = new Set<string>();
  for (const { place, kind } of changes) {
    if (place.part === "block" || place.part === "option") changedBlocks.add(place.id);
    if (place.part === "link" && kind === "linked") newLinks.add(linkId(place.link));
  }
  return { changedBlocks, newLinks };
}

// React Flow measures a node once; a node that is given without its size is measured anew and is
// not seen meanwhile.
function withOld(nodes: BlockNode[], before: BlockNode[]): BlockNode[] {
  const known = new Map(before.map((node) => [node.id, node]));
  return nodes.map((node) => ({ ...known.get(node.id), ...node }));
}

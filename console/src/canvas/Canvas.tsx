// The canvas: React Flow drawing what the editor's store says. Everything that a hand does on it
// becomes an edit of the store; only what is under way (a drag, a link being drawn) stays here.
import {
  Background,
  BackgroundVariant,
  ConnectionLineType,
  type FinalConnectionState,
  MiniMap,
  ReactFlow,
  useReactFlow,
} from "@xyflow/react";
import "@xyflow/react/dist/style.css";
import { type ClipboardEvent, useCallback, useRef, useState } from "react";
import type { Blueprint } from "../blueprint/document";
import { KINDS } from "../blueprint/kinds";
import { whyNotAdd, whyNotLink } from "../blueprint/rules";
import { toast } from "../ui/Toast";
import { addKind, addLinked } from "./adding";
import "./Canvas.css";
import { useClipboard } from "./clipboardEvents";
import { type BlockNode, kindOfPort, type LinkEdge, toLink } from "./convert";
import { addLink } from "./drawing";
import { edgeTypes } from "./edges";
import { useActions, useEditing } from "./editing";
import { fitting } from "./fitting";
import { useGraph } from "./graph";
import { useKeyboard } from "./keyboard";
import { LinkDialog } from "./LinkDialog";
import { GRID } from "./layout";
import { nodeTypes } from "./nodes";
import { hueOf } from "./nodes/looks";
import { useDropFromPalette } from "./paletteDrag";
import { Toolbar } from "./Toolbar";

const WORDS = {
  "node.a11yDescription.default":
    "Press enter to open its options, arrow keys to move it, L to link it, delete to remove it, " +
    "shift and space to choose it with others.",
  "node.a11yDescription.keyboardDisabled": "Press enter to open its options.",
  "edge.a11yDescription.default": "Press enter to choose the link, delete to remove it.",
  "minimap.ariaLabel": "Small map of the canvas",
};

interface Props {
  /** Show the options of what is chosen, and go there. */
  onOpenOptions(): void;
  onHelp(): void;
}

export function Canvas({ onOpenOptions, onHelp }: Props) {
  const editing = useEditing();
  const { edit } = useActions();
  const flow = useReactFlow<BlockNode, LinkEdge>();
  const frame = useRef<HTMLDivElement>(null);
  const [linking, setLinking] = useState<string | null>(null);
  const graph = useGraph();
  const clipboard = useClipboard();
  const keyboard = useKeyboard({ onLink: setLinking, onOpenOptions, onHelp, graph });

  useDropFromPalette(frame, (kind, point) => {
    const at = flow.screenToFlowPosition(point);
    addKind(editing, kind, { x: at.x - 116, y: at.y - 26 });
  });

  const isValidConnection = useCallback(
    (link: { source: string; target: string }) =>
      whyNotLink(editing.editor.getState().now.document, link.source, link.target) === null,
    [editing],
  );

  const kindOf = (id: string) =>
    editing.editor.getState().now.document.blocks.find((block) => block.id === id)?.kind ?? "";

  const letGo = (
    event: MouseEvent | TouchEvent,
    { isValid, fromNode, fromHandle, toNode }: FinalConnectionState,
  ) => {
    if (isValid || !fromNode || !fromHandle) return;
    const begins = fromHandle.type === "source";
    if (toNode && toNode.id !== fromNode.id) {
      const [from, to] = begins ? [fromNode.id, toNode.id] : [toNode.id, fromNode.id];
      const why = whyNotLink(editing.editor.getState().now.document, from, to);
      if (why) toast(why);
      return;
    }
    const { document } = editing.editor.getState().now;
    const kind = begins ? kindOfPort(fromHandle.id) : sourceOf(document, kindOf(fromNode.id));
    if (toNode || !kind || !isGround(event)) return;
    const at = flow.screenToFlowPosition(pointOf(event));
    addLinked(editing, kind, { x: at.x - (begins ? 0 : 232), y: at.y - 26 }, fromNode.id, begins);
  };

  return (
    // biome-ignore lint/a11y/useSemanticElements: a canvas is no fieldset.
    <div
      className="canvas"
      ref={frame}
      role="group"
      aria-label="Canvas"
      // Who clicks the ground, or removes what had the focus, stays here with the keyboard.
      tabIndex={-1}
      onKeyDown={keyboard.onKeyDown}
      onKeyDownCapture={keyboard.onKeyDownFirst}
      onFocusCapture={keyboard.onFocus}
      onCopy={clipboard.copy}
      onCut={clipboard.cut}
      onPaste={(event: ClipboardEvent) => clipboard.paste(event)}
    >
      <ReactFlow
        nodes={graph.nodes}
        edges={graph.edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        onNodesChange={graph.onNodesChange}
        onEdgesChange={graph.onEdgesChange}
        onNodeDoubleClick={onOpenOptions}
        onNodeDragStop={graph.settle}
        onSelectionDragStop={graph.settle}
        onConnect={(connection) => edit((now) => addLink(now, ...toLink(connection)))}
        onConnectEnd={letGo}
        isValidConnection={isValidConnection}
        connectionLineType={ConnectionLineType.Bezier}
        connectionRadius={36}
        snapToGrid
        snapGrid={[GRID, GRID]}
        fitView
        fitViewOptions={fitting(false)}
        minZoom={0.15}
        maxZoom={1.6}
        deleteKeyCode={null}
        selectionKeyCode="Shift"
        multiSelectionKeyCode={["Shift", "Meta", "Control"]}
        ariaLabelConfig={WORDS}
      >
        <Background variant={BackgroundVariant.Dots} gap={24} size={1.4} />
        <MiniMap<BlockNode>
          pannable
          zoomable
          nodeBorderRadius={20}
          nodeColor={({ data }) =>
            `light-dark(oklch(0.72 0.08 ${hueOf(data.block.kind)}), oklch(0.55 0.08 ${hueOf(data.block.kind)}))`
          }
        />
        <Toolbar graph={graph} onHelp={onHelp} />
      </ReactFlow>
      {linking !== null && <LinkDialog from={linking} onClose={() => setLinking(null)} />}
    </div>
  );
}

/** What leads to a block of this kind, and can be added: the first of them. */
function sourceOf(document: Blueprint, kind: string): string | null {
  const sources = KINDS.get(kind)?.links_from ?? [];
  return sources.find((source) => whyNotAdd(document, source) === null) ?? sources[0] ?? null;
}

function isGround(event: MouseEvent | TouchEvent): boolean {
  const { x, y } = pointOf(event);
  return Boolean(document.elementFromPoint(x, y)?.closest(".react-flow__pane"));
}

function pointOf(event: MouseEvent | TouchEvent): { x: number; y: number } {
  const point = "changedTouches" in event ? event.changedTouches[0] : event;
  return { x: point?.clientX ?? 0, y: point?.clientY ?? 0 };
}

// What can be done with the drawing as a whole, at the lower edge of the canvas.
import { Panel, useReactFlow, useViewport } from "@xyflow/react";
import { IconButton } from "../ui/Button";
import {
  AlignLeftIcon,
  AlignTopIcon,
  FitIcon,
  HelpIcon,
  LayoutIcon,
  MinusIcon,
  PlusIcon,
  RedoIcon,
  SpreadIcon,
  TrashIcon,
  UndoIcon,
} from "../ui/icons";
import { movedTo, removeBlocks } from "./drawing";
import { useActions, useEditor } from "./editing";
import { fitting, moving } from "./fitting";
import type { LiveGraph } from "./graph";
import { align, arrange, type Edge } from "./layout";

export function Toolbar({ graph, onHelp }: { graph: LiveGraph; onHelp(): void }) {
  const { edit, undo, redo } = useActions();
  const canUndo = useEditor(({ past }) => past.length > 0);
  const canRedo = useEditor(({ future }) => future.length > 0);
  const flow = useReactFlow();
  const { zoom } = useViewport();
  return (
    <Panel position="bottom-center" className="toolbar" aria-label="Drawing">
      <IconButton size="s" label="Undo (Ctrl Z)" disabled={!canUndo} onClick={undo}>
        <UndoIcon />
      </IconButton>
      <IconButton size="s" label="Redo (Ctrl Y)" disabled={!canRedo} onClick={redo}>
        <RedoIcon />
      </IconButton>
      <hr />
      <IconButton
        size="s"
        label="Arrange all blocks (A)"
        onClick={() => {
          edit((now) => ({ ...now, places: arrange(now.document, graph.sizes()) }));
          // After the blocks are where they go.
          requestAnimationFrame(() => void flow.fitView(fitting()));
        }}
      >
        <LayoutIcon />
      </IconButton>
      <ForSeveral />
      <hr />
      <IconButton size="s" label="Zoom out (−)" onClick={() => void flow.zoomOut(moving(120))}>
        <MinusIcon />
      </IconButton>
      <button
        type="button"
        className="toolbar__zoom"
        aria-label={`Zoom ${Math.round(zoom * 100)} %: show at its size`}
        title="Show at its size (0)"
        onClick={() => void flow.zoomTo(1, moving(120))}
      >
        {Math.round(zoom * 100)}%
      </button>
      <IconButton size="s" label="Zoom in (+)" onClick={() => void flow.zoomIn(moving(120))}>
        <PlusIcon />
      </IconButton>
      <IconButton
        size="s"
        label="Fit into the window (F)"
        onClick={() => void flow.fitView(fitting())}
      >
        <FitIcon />
      </IconButton>
      <hr />
      <IconButton size="s" label="Keyboard shortcuts (?)" onClick={onHelp}>
        <HelpIcon />
      </IconButton>
    </Panel>
  );
}

const EDGES: { edge: Edge; label: string; icon: typeof AlignLeftIcon }[] = [
  { edge: "left", label: "Align at the left", icon: AlignLeftIcon },
  { edge: "top", label: "Align at the top", icon: AlignTopIcon },
  { edge: "spread", label: "Spread evenly", icon: SpreadIcon },
];

/** Only while several blocks are chosen. */
function ForSeveral() {
  const selection = useEditor((state) => state.selection);
  const { edit } = useActions();
  if (selection.size < 2) return null;
  return (
    <>
      <hr />
      {EDGES.map(({ edge, label, icon: Icon }) => (
        <IconButton
          key={edge}
          size="s"
          label={label}
          onClick={() => edit((now) => movedTo(now, align(now.places, [...selection], edge)))}
        >
          <Icon />
        </IconButton>
      ))}
      <IconButton
        size="s"
        label={`Remove ${selection.size} blocks`}
        onClick={() => edit((now) => removeBlocks(now, selection))}
      >
        <TrashIcon />
      </IconButton>
    </>
  );
}

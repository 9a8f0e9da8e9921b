// Everything on the canvas without a mouse. Single letters act only while the canvas has the
// focus, so that they never meet somebody's typing.
import { useReactFlow } from "@xyflow/react";
import { type FocusEvent, type KeyboardEvent, useRef } from "react";
import { toast } from "../ui/Toast";
import { heldAt, walkedTo } from "./choosing";
import { copied, paste, pasteable } from "./clipboard";
import { movedBy, type Point, removeBlocks, removeLinks } from "./drawing";
import { useEditing } from "./editing";
import { fitting, moving } from "./fitting";
import type { LiveGraph } from "./graph";
import { arrange, GRID } from "./layout";

const WAYS: ReadonlyMap<string, Point> = new Map([
  ["ArrowLeft", { x: -1, y: 0 }],
  ["ArrowRight", { x: 1, y: 0 }],
  ["ArrowUp", { x: 0, y: -1 }],
  ["ArrowDown", { x: 0, y: 1 }],
]);
/** How much farther Shift goes: as React Flow has it. */
const LARGER = 4;
const VIEW_STEP = GRID * 6;

interface Wishes {
  onLink(from: string): void;
  onOpenOptions(): void;
  onHelp(): void;
  graph: LiveGraph;
}

/** What the sheet of shortcuts shows. */
export const SHORTCUTS: readonly { keys: string[]; does: string }[] = [
  { keys: ["/"], does: "Find a block to add" },
  { keys: ["Enter"], does: "In the palette: add it. On a block: its options" },
  { keys: ["Tab"], does: "Walk through the blocks and links" },
  {
    keys: ["Shift", "Space"],
    does: "Keep the block chosen while you walk on; on another: add it, or take it out",
  },
  { keys: ["Space"], does: "Choose the block alone" },
  {
    keys: ["Arrows"],
    does: "Move the chosen blocks, or the view where none is; with Shift in larger steps",
  },
  { keys: ["L"], does: "Link the chosen block with another one" },
  { keys: ["Delete"], does: "Remove what is chosen" },
  { keys: ["Ctrl", "Z"], does: "Undo" },
  { keys: ["Ctrl", "Y"], does: "Redo (also Ctrl Shift Z)" },
  { keys: ["Ctrl", "C"], does: "Copy; X cuts, V pastes, also in another window" },
  { keys: ["Ctrl", "D"], does: "Duplicate" },
  { keys: ["Ctrl", "A"], does: "Choose everything" },
  { keys: ["Shift"], does: "Hold and drag over the ground to choose several" },
  { keys: ["A"], does: "Arrange all blocks" },
  { keys: ["F"], does: "Fit everything into the window" },
  { keys: ["+"], does: "Zoom in; − zooms out, 0 shows it at its size" },
  { keys: ["Esc"], does: "Choose nothing" },
  { keys: ["?"], does: "This sheet" },
];

export function useKeyboard({ onLink, onOpenOptions, onHelp, graph }: Wishes) {
  const { editor } = useEditing();
  const flow = useReactFlow();
  // The selection that somebody holds; whatever chooses others makes another one.
  const held = useRef<ReadonlySet<string> | null>(null);

  const chosen = () => {
    const ids = editor.getState().selection;
    return { ids, isHeld: ids.size > 0 && ids === held.current };
  };
  const hold = (id: string) => {
    editor.getState().select(heldAt(chosen(), id));
    held.current = editor.getState().selection;
  };
  const chooseAlone = (id: string) => {
    editor.getState().select([id]);
    held.current = null;
  };
  const go = ({ x, y }: Point, times: number) => {
    const { selection, edit } = editor.getState();
    if (selection.size > 0) {
      const by = { x: x * GRID * times, y: y * GRID * times };
      edit((now) => movedBy(now, selection, by), "move");
      return;
    }
    const view = flow.getViewport();
    const step = VIEW_STEP * times;
    void flow.setViewport({ ...view, x: view.x - x * step, y: view.y - y * step });
  };

  const remove = () => {
    const { selection, edit } = editor.getState();
    const links = graph.chosenLinks();
    if (selection.size === 0 && links.length === 0) return;
    edit((now) => removeLinks(selection.size > 0 ? removeBlocks(now, selection) : now, links));
    // What had the focus is gone; the keyboard stays on the canvas.
    document.querySelector<HTMLElement>(".canvas")?.focus({ preventScroll: true });
  };
  const duplicate = () => {
    const { now, selection, edit, select } = editor.getState();
    const part = pasteable(copied(now, selection));
    if (!part) return;
    const { drawing, ids, refused } = paste(now, part);
    for (const why of refused) toast(why);
    if (ids.length === 0) return;
    edit(() => drawing);
    select(ids);
  };
  const chooseAll = () => {
    const { now, select } = editor.getState();
    select(now.document.blocks.map(({ id }) => id));
  };
  const link = () => {
    const [only, ...others] = editor.getState().selection;
    if (only && others.length === 0) onLink(only);
  };

  const open = () => editor.getState().selection.size === 1 && onOpenOptions();
  const chooseNone = () => editor.getState().select([]);
  const tidy = () =>
    editor.getState().edit((now) => ({ ...now, places: arrange(now.document, graph.sizes()) }));
  const fitAll = () => void flow.fitView(fitting());
  const zoomIn = () => void flow.zoomIn(moving(120));
  const zoomOut = () => void flow.zoomOut(moving(120));
  const zoomToSize = () => void flow.zoomTo(1, moving(120));
  const search = () => document.getElementById("palette-search")?.focus();

  const plain = new Map<string, () => void>([
    ["Delete", remove],
    ["Backspace", remove],
    ["Enter", open],
    ["Escape", chooseNone],
    ["l", link],
    ["a", tidy],
    ["f", fitAll],
    ["+", zoomIn],
    ["=", zoomIn],
    ["-", zoomOut],
    ["0", zoomToSize],
    ["?", onHelp],
    ["/", search],
  ]);
  const withControl = new Map([
    ["d", duplicate],
    ["a", chooseAll],
  ]);

  const onKeyDown = (event: KeyboardEvent) => {
    if (isTyping(event.target) || event.altKey || event.defaultPrevented) return;
    // A dialog of the canvas has keys of its own.
    if ((event.target as Element).closest("dialog")) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const way = WAYS.get(key);
    const isButton = (event.target as Element).closest("button, a");
    if (isButton && (key === "Enter" || key === " " || way)) return;
    const hasControl = event.ctrlKey || event.metaKey;
    const block = blockAt(event.target);
    if (block !== null && !hasControl && (key === "Enter" || key === " ")) chooseAlone(block);
    const move = way && (() => go(way, event.shiftKey ? LARGER : 1));
    const act = hasControl ? withControl.get(key) : (move ?? plain.get(key));
    if (!act) return;
    event.preventDefault();
    act();
  };

  // React Flow would take the focus away from a block that is taken out: it never hears of it.
  const onKeyDownFirst = (event: KeyboardEvent) => {
    const block = blockAt(event.target);
    if (block === null || event.key !== " " || !event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation();
    hold(block);
  };

  // Walking to a block with Tab chooses it, so that the inspector goes along.
  const onFocus = ({ target }: FocusEvent) => {
    const block = blockAt(target);
    if (block === null || !target.matches(":focus-visible")) return;
    editor.getState().select(walkedTo(chosen(), block));
  };

  return { onKeyDown, onKeyDownFirst, onFocus };
}

/** The block that is this element itself, and not a part of it. */
function blockAt(target: EventTarget): string | null {
  const isBlock = target instanceof HTMLElement && target.matches(".react-flow__node");
  return isBlock ? (target.dataset.id ?? null) : null;
}

export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName))
  );
}

// Everything on the canvas without a mouse. Single letters act only while the canvas has the
// focus, so that they never meet somebody's typing.
import { useReactFlow } from "@xyflow/react";
import type { FocusEvent, KeyboardEvent } from "react";
import { copied, paste, pasteable } from "./clipboard";
import { removeBlocks, removeLinks } from "./drawing";
import { useEditing } from "./editing";
import { fitting, moving } from "./fitting";
import type { LiveGraph } from "./graph";
import { arrange } from "./layout";

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
  { keys: ["Arrows"], does: "Move the chosen blocks; with Shift in larger steps" },
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
    const { drawing, ids } = paste(now, part);
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
    const isButton = (event.target as Element).closest("button, a");
    if (isButton && (key === "Enter" || key === " ")) return;
    const act = (event.ctrlKey || event.metaKey ? withControl : plain).get(key);
    if (!act) return;
    event.preventDefault();
    act();
  };

  // Walking to a block with Tab chooses it, so that the inspector goes along.
  const onFocus = ({ target }: FocusEvent) => {
    const node = (target as Element).closest<HTMLElement>(".react-flow__node");
    const id = target === node ? node?.dataset.id : undefined;
    if (id && target.matches(":focus-visible")) editor.getState().select([id]);
  };

  return { onKeyDown, onFocus };
}

export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName))
  );
}

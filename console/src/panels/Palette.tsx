// The palette: every kind of block, to be dragged, clicked or entered. A kind that the blueprint
// already has all of says so.
import { useReactFlow } from "@xyflow/react";
import { type KeyboardEvent, useState } from "react";
import { KINDS, type Kind } from "../blueprint/kinds";
import { whyNotAdd } from "../blueprint/rules";
import { addKind } from "../canvas/adding";
import { type Point, placeOf } from "../canvas/drawing";
import { useEditing, useEditor } from "../canvas/editing";
import { fitting } from "../canvas/fitting";
import { KindTile } from "../canvas/nodes/looks";
import { startDrag, useDragged } from "../canvas/paletteDrag";
import { classes } from "../ui/classes";
import { SearchIcon } from "../ui/icons";
import "./Palette.css";

export function Palette() {
  const editing = useEditing();
  const flow = useReactFlow();
  const [search, setSearch] = useState("");
  const document_ = useEditor((state) => state.now.document);
  const found = foundBy(search);
  const dragged = useDragged((state) => state.dragged);

  const add = (kind: string) => {
    const id = addKind(editing, kind, null);
    if (id === null) return;
    setSearch("");
    // Once it is drawn: it may lie outside of what is seen.
    setTimeout(() => {
      const at = placeOf(editing.editor.getState().now.places, id);
      const frame = document.querySelector(".canvas")?.getBoundingClientRect();
      if (at && frame && !isInside(flow.flowToScreenPosition(at), frame)) {
        void flow.fitView(fitting());
      }
    }, 60);
  };
  const onSearchKey = (event: KeyboardEvent) => {
    const first = found.find(({ name }) => whyNotAdd(document_, name) === null);
    if (event.key === "Enter" && first) add(first.name);
    if (event.key === "Escape") setSearch("");
    if (event.key === "ArrowDown") focusChoice(null, 1);
  };
  return (
    <section className="palette" aria-label="Blocks to add">
      <label className="palette__search">
        <SearchIcon size={14} />
        <span className="visually-hidden">Find a block to add</span>
        <input
          id="palette-search"
          type="search"
          placeholder="Add a block"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
          onKeyDown={onSearchKey}
        />
        <kbd>/</kbd>
      </label>
      <ul>
        {found.map((kind) => {
          const why = whyNotAdd(document_, kind.name);
          return (
            <li key={kind.name}>
              <button
                type="button"
                className={classes("palette__kind", why !== null && "palette__kind--full")}
                aria-disabled={why !== null}
                title={why ?? kind.help}
                onClick={() => add(kind.name)}
                onPointerDown={(event) => {
                  if (why === null && event.button === 0) {
                    startDrag(kind.name, { x: event.clientX, y: event.clientY });
                  }
                }}
                onKeyDown={(event) => {
                  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
                  if (by) focusChoice(event.currentTarget, by);
                }}
              >
                <KindTile kind={kind.name} small />
                <span>{kind.title}</span>
                {why !== null && <span className="palette__full">placed</span>}
              </button>
            </li>
          );
        })}
        {found.length === 0 && <li className="palette__none">No block is called so.</li>}
      </ul>
      {dragged && <Ghost kind={dragged.kind} x={dragged.at.x} y={dragged.at.y} />}
    </section>
  );
}

const ROOM = 120;

function isInside({ x, y }: Point, { left, right, top, bottom }: DOMRect): boolean {
  return x > left && x < right - ROOM && y > top && y < bottom - ROOM;
}

/** Kinds that are called so stand before those that are only described so: Enter adds the first. */
export function foundBy(search: string): Kind[] {
  const words = search.toLowerCase().split(/\s+/);
  const holds = (text: string) => words.every((word) => text.toLowerCase().includes(word));
  const isCalledSo = ({ name, title }: Kind) => holds(`${name} ${title}`);
  return [...KINDS.values()]
    .filter((kind) => isCalledSo(kind) || holds(`${kind.name} ${kind.title} ${kind.help}`))
    .sort((one, other) => Number(isCalledSo(other)) - Number(isCalledSo(one)));
}

function focusChoice(from: Element | null, by: number): void {
  const all = [...document.querySelectorAll<HTMLElement>(".palette__kind")];
  const at = from ? all.indexOf(from as HTMLElement) : -1;
  const next = all[at + by] ?? document.getElementById("palette-search");
  next?.focus();
}

function Ghost({ kind, x, y }: { kind: string; x: number; y: number }) {
  return (
    <div className="palette__ghost" style={{ transform: `translate(${x - 24}px, ${y - 20}px)` }}>
      <KindTile kind={kind} />
      <strong>{KINDS.get(kind)?.title}</strong>
    </div>
  );
}

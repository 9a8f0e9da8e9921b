// The unsaved edits of one blueprint: what is drawn now, what it began from, and the way back and
// forth. Nothing of it is on the server before Deploy; all of it is in this browser, so that a
// reload loses nothing.
import { createStore, type StoreApi } from "zustand/vanilla";
import { merge } from "../blueprint/changes";
import { type Blueprint, meaningOf } from "../blueprint/document";
import { type Drawing, type Places, type Point, placeOf } from "./drawing";
import { withPlaces } from "./layout";
import { forget, type Kept, keep, recall } from "./unsaved";

const MOST_STEPS = 200;

export interface Base {
  /** null: never saved. */
  revision: number | null;
  drawing: Drawing;
}

export interface EditorState {
  name: string;
  base: Base;
  now: Drawing;
  past: Drawing[];
  future: Drawing[];
  /** Ids of chosen blocks. */
  selection: ReadonlySet<string>;
  /** What the last edit was about: the next one of the same kind joins its step. */
  joins: string | null;
  /** A text in the YAML view that cannot be drawn; the next edit of the document replaces it. */
  text: string | null;
  /** Unsaved edits were found in this browser when the blueprint was opened. */
  wasRecalled: boolean;

  /** Make an edit. Edits with the same `joins` in a row are one step of undo. */
  edit(change: (drawing: Drawing) => Drawing, joins?: string | null): void;
  undo(): void;
  redo(): void;
  select(ids: Iterable<string>): void;
  keepText(text: string | null): void;
  /** The next edit is a step of its own. */
  settle(): void;
  /** Back to the base, as one step that can be undone. */
  discardAll(): void;
  /** The server has this drawing, under this revision. What was drawn since is unsaved. */
  saved(revision: number, drawing: Drawing): void;
  /** Somebody saved another one meanwhile: go on from it with my edits on top, or without. */
  rebase(revision: number, theirs: Drawing, keepMine: boolean): void;
  /** Somebody moved boxes, which makes no revision: those that I did not move go along. */
  relay(theirs: Places): void;
}

export type Editor = StoreApi<EditorState>;

/** Open a blueprint: as the server has it, or as it was left in this browser. */
export function createEditor(name: string, base: Base, storage: Storage | null): Editor {
  const whole = { ...base, drawing: placed(base.drawing) };
  const kept = storage && recall(storage, name, base.revision);
  const editor = createStore<EditorState>()((set, get) => ({
    name,
    base: whole,
    now: kept ? placed(kept.drawing) : whole.drawing,
    past: [],
    future: [],
    selection: new Set(),
    joins: null,
    text: kept?.text ?? null,
    wasRecalled: kept !== null,
    ...actions(set, get),
  }));
  if (storage) keepUnsaved(editor, storage);
  return editor;
}

type Set_ = (part: Partial<EditorState>) => void;

function actions(set: Set_, get: () => EditorState) {
  const step = (next: Drawing, joins: string | null) => {
    const { now, past } = get();
    if (next === now) return;
    const isSameStep = joins !== null && joins === get().joins;
    const longer = isSameStep ? past : [...past, now].slice(-MOST_STEPS);
    const selection = present(next, get());
    const text = textBeside(next, get());
    set({ now: placed(next), past: longer, future: [], joins, selection, text });
  };
  return {
    edit: (change: (drawing: Drawing) => Drawing, joins: string | null = null) =>
      step(change(get().now), joins),
    undo: () => {
      const { now, past, future } = get();
      const before = past.at(-1);
      if (!before) return;
      const rest = { past: past.slice(0, -1), future: [now, ...future], joins: null };
      const text = textBeside(before, get());
      set({ ...rest, now: before, selection: present(before, get()), text });
    },
    redo: () => {
      const { now, past, future } = get();
      const [next, ...rest] = future;
      if (!next) return;
      const steps = { past: [...past, now], future: rest, joins: null };
      const text = textBeside(next, get());
      set({ ...steps, now: next, selection: present(next, get()), text });
    },
    select: (ids: Iterable<string>) => {
      const selection = new Set(ids);
      if (!isSameSet(selection, get().selection)) set({ selection, joins: null });
    },
    keepText: (text: string | null) => set({ text }),
    settle: () => set({ joins: null }),
    discardAll: () => {
      step(get().base.drawing, null);
      set({ text: null, wasRecalled: false });
    },
    saved: (revision: number, drawing: Drawing) =>
      set({ base: { revision, drawing }, wasRecalled: false }),
    rebase: (revision: number, theirs: Drawing, keepMine: boolean) => {
      const { base, now } = get();
      const next = keepMine ? onTop(base.drawing, now, theirs) : theirs;
      set({ base: { revision, drawing: placed(theirs) }, past: [], future: [], joins: null });
      set({ now: placed(next), selection: new Set(), wasRecalled: false, text: null });
    },
    relay: (theirs: Places) => {
      const { base, now } = get();
      const drawing = placed({ ...base.drawing, places: theirs });
      const places = { ...drawing.places, ...moved(base.drawing.places, now.places) };
      set({ base: { ...base, drawing }, now: { ...now, places } });
    },
  };
}

/** All that I changed and moved since `base`, on what they made of it. */
export function onTop(base: Drawing, mine: Drawing, theirs: Drawing): Drawing {
  const { merged } = merge(base.document, mine.document, theirs.document);
  const places = { ...theirs.places, ...moved(placed(base).places, mine.places) };
  return { document: merged, places };
}

/** The places that are new or another than they were. */
function moved(before: Places, after: Places): Places {
  const entries = Object.entries(after);
  return Object.fromEntries(entries.filter(([id, at]) => !isSamePlace(placeOf(before, id), at)));
}

function isSamePlace(one: Point | undefined, other: Point | undefined): boolean {
  return one?.x === other?.x && one?.y === other?.y;
}

function placed(drawing: Drawing): Drawing {
  const places = withPlaces(drawing.document, drawing.places);
  return places === drawing.places ? drawing : { ...drawing, places };
}

function present({ document }: Drawing, { selection }: EditorState): ReadonlySet<string> {
  const ids = new Set(document.blocks.map(({ id }) => id));
  const left = [...selection].filter((id) => ids.has(id));
  return left.length === selection.size ? selection : new Set(left);
}

/** A box that is moved changes no word of the document: a text that is half typed stays. */
function textBeside({ document }: Drawing, { now, text }: EditorState): string | null {
  return document === now.document ? text : null;
}

function isSameSet(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && [...one].every((id) => other.has(id));
}

/** Whether what is drawn says something else than the base does. */
export function hasChanges({ base, now }: Pick<EditorState, "base" | "now">): boolean {
  return !isSameMeaning(base.drawing.document, now.document);
}

/** Whether boxes were moved, which is saved with the next Deploy and makes no revision. */
export function hasMoved({ base, now }: Pick<EditorState, "base" | "now">): boolean {
  return now.document.blocks.some(({ id }) => {
    const [was, is] = [placeOf(base.drawing.places, id), placeOf(now.places, id)];
    return was !== undefined && is !== undefined && !isSamePlace(was, is);
  });
}

/** Why nothing of mine goes on top of anything while a text cannot be drawn: the text is a whole
 *  document, and would undo what others did. */
export const UNFINISHED =
  "Your text in the YAML view cannot be drawn yet: solve what it says there first.";

/** Whether something would be lost if the base alone were shown: a change, a box that was moved, a
 *  text that cannot be drawn yet. */
export function isUnsaved(state: Pick<EditorState, "base" | "now" | "text">): boolean {
  return state.text !== null || hasChanges(state) || hasMoved(state);
}

function isSameMeaning(one: Blueprint, other: Blueprint): boolean {
  return one === other || meaningOf(one) === meaningOf(other);
}

// A short pause, so that dragging and typing do not write with every move.
const PAUSE = 250;

function keepUnsaved(editor: Editor, storage: Storage): void {
  let due: ReturnType<typeof setTimeout> | undefined;
  const write = () => {
    due = undefined;
    const state = editor.getState();
    const { name, base, now } = state;
    const kept: Kept = { drawing: now, text: state.text };
    if (isUnsaved(state)) keep(storage, name, base.revision, kept);
    else forget(storage, name, base.revision);
  };
  editor.subscribe((state, before) => {
    const isSame = state.now === before.now && state.text === before.text;
    if (isSame && state.base === before.base) return;
    if (state.base.revision !== before.base.revision)
      forget(storage, state.name, before.base.revision);
    due ??= setTimeout(write, PAUSE);
  });
  // Leaving the page does not wait for the pause.
  globalThis.addEventListener?.("pagehide", () => due !== undefined && write());
}

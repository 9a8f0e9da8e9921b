// The editor of the page that is open, for every part of it; and what follows from its drawing:
// problems and changes, computed once for each document.
import { createContext, useContext } from "react";
import { useStore } from "zustand";
import { type Change, changes } from "../blueprint/changes";
import type { Blueprint, Options } from "../blueprint/document";
import type { Problem } from "../blueprint/problem";
import { check } from "../blueprint/rules";
import type { Editor, EditorState } from "./store";

export interface Editing {
  editor: Editor;
  /** What a new block of a kind begins with, beyond the defaults of its options. */
  starters: ReadonlyMap<string, Options>;
}

export const EditingContext = createContext<Editing | null>(null);

export function useEditing(): Editing {
  const editing = useContext(EditingContext);
  if (!editing) throw new Error("This part is drawn outside of the editor.");
  return editing;
}

/** A part of the editor's state. Take small parts: each change of one draws anew. */
export function useEditor<Part>(part: (state: EditorState) => Part): Part {
  return useStore(useEditing().editor, part);
}

/** The editor's actions; they never change. */
export function useActions(): EditorState {
  return useEditing().editor.getState();
}

function remembered<Result>(compute: (document: Blueprint) => Result) {
  const known = new WeakMap<Blueprint, Result>();
  return (document: Blueprint): Result => {
    const found = known.get(document) ?? compute(document);
    known.set(document, found);
    return found;
  };
}

export const problemsOf = remembered((document): readonly Problem[] => check(document));

let lastBase: Blueprint | null = null;
let changesSince = remembered((): readonly Change[] => []);

/** The staged changes; asked many times for the same two documents. */
export function changesOf({ base, now }: Pick<EditorState, "base" | "now">): readonly Change[] {
  const from = base.drawing.document;
  if (from !== lastBase) {
    lastBase = from;
    changesSince = remembered((document): readonly Change[] => changes(from, document));
  }
  return changesSince(now.document);
}

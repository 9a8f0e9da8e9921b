// Unsaved edits in this browser, by blueprint and by the revision that they began from. What is
// read back may be old or damaged: it is looked at like anything that comes from outside.
import { drawingOf } from "../blueprint/document";
import { isObject } from "../blueprint/safe";
import { type Drawing, layoutOf, placesOf } from "./drawing";

const PREFIX = "stateroom:unsaved:";

export interface Kept {
  drawing: Drawing;
  /** A text in the YAML view that cannot be drawn yet. */
  text: string | null;
}

function keyOf(name: string, revision: number | null): string {
  return `${PREFIX}${name}:${revision ?? "new"}`;
}

export function keep(storage: Storage, name: string, revision: number | null, kept: Kept): void {
  const { drawing, text: written } = kept;
  const { document } = drawing;
  const text = JSON.stringify({ document, layout: layoutOf(drawing), text: written });
  try {
    storage.setItem(keyOf(name, revision), text);
  } catch {
    // The browser's store is full or closed: the edits stay in this page only.
  }
}

export function recall(storage: Storage, name: string, revision: number | null): Kept | null {
  const text = storage.getItem(keyOf(name, revision));
  if (text === null) return null;
  const given = parsed(text);
  const document = isObject(given) ? drawingOf(given.document) : null;
  if (!document || !isObject(given)) return null;
  const written = typeof given.text === "string" ? given.text : null;
  return { drawing: { document, places: placesOf(given.layout) }, text: written };
}

export function forget(storage: Storage, name: string, revision: number | null): void {
  storage.removeItem(keyOf(name, revision));
}

/** Revisions other than this one that unsaved edits of the blueprint began from; null for those of
 *  a blueprint that was new. */
export function olderEdits(
  storage: Storage,
  name: string,
  revision: number | null,
): (number | null)[] {
  const start = `${PREFIX}${name}:`;
  return Object.keys(storage)
    .filter((key) => key.startsWith(start) && key !== keyOf(name, revision))
    .map((key) => key.slice(start.length))
    .map((began) => (began === "new" ? null : Number(began)))
    .filter((began) => began === null || Number.isInteger(began));
}

/** Blueprints that were begun in this browser and never saved. */
export function begun(storage: Storage): string[] {
  return Object.keys(storage)
    .filter((key) => key.startsWith(PREFIX) && key.endsWith(":new"))
    .map((key) => key.slice(PREFIX.length, -":new".length));
}

/** Names with edits in this browser, beside the blueprints that are saved: those of one that is
 *  there, and those of a new one, also where somebody else has saved its name meanwhile. */
export function draftsBeside(storage: Storage, saved: ReadonlySet<string>): string[] {
  const editing = drafts(storage).filter((name) => saved.has(name));
  return [...new Set([...editing, ...begun(storage)])];
}

/** Blueprints with edits in this browser that began from a saved revision. */
function drafts(storage: Storage): string[] {
  const names = Object.keys(storage)
    .filter((key) => key.startsWith(PREFIX) && !key.endsWith(":new"))
    .map((key) => key.slice(PREFIX.length, key.lastIndexOf(":")));
  return [...new Set(names)];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

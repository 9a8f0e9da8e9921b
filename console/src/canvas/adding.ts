// Adding a block, however it was asked for: by drag, click, keyboard, or by letting go of a link
// over empty ground.
import { whyNotAdd } from "../blueprint/rules";
import { toast } from "../ui/Toast";
import { addBlock, addLink, freeId, type Point } from "./drawing";
import type { Editing } from "./editing";
import { freePlace } from "./layout";

/** Add and choose it; its id, or null where it is refused (which is said). Without a place it
 *  stands beside what it is linked with. */
export function addKind(
  { editor, starters }: Editing,
  kind: string,
  wanted: Point | null,
): string | null {
  const { now, edit, select } = editor.getState();
  const why = whyNotAdd(now.document, kind);
  if (why !== null) {
    toast(why);
    return null;
  }
  const id = freeId(now.document, kind);
  const at = wanted && freePlace(now.document, now.places, wanted);
  edit((drawing) => addBlock(drawing, kind, at, starters.get(kind)));
  select([id]);
  return id;
}

/** Add a block at the end of a link that was let go over empty ground. */
export function addLinked(editing: Editing, kind: string, at: Point, other: string, from: boolean) {
  const id = addKind(editing, kind, at);
  if (id === null) return;
  const { edit } = editing.editor.getState();
  edit((now) => (from ? addLink(now, other, id) : addLink(now, id, other)));
}

// Adding a block, however it was asked for: by drag, click, keyboard, or by letting go of a link
// over empty ground.
import type { LinkPair } from "../blueprint/document";
import { whyNotAdd, whyNotLink } from "../blueprint/rules";
import { toast } from "../ui/Toast";
import { addBlock, freeId, type Point } from "./drawing";
import type { Editing } from "./editing";
import { freePlace } from "./layout";

/** Add and choose it; its id, or null where it is refused (which is said). Without a place it
 *  stands beside what it is linked with. */
export function addKind(
  { editor, starters }: Editing,
  kind: string,
  wanted: Point | null,
  link?: (id: string) => LinkPair,
): string | null {
  const { now, edit, select } = editor.getState();
  const id = freeId(now.document, kind);
  const grown = { ...now.document, blocks: [...now.document.blocks, { id, kind, options: {} }] };
  const why = whyNotAdd(now.document, kind) ?? (link ? whyNotLink(grown, ...link(id)) : null);
  if (why !== null) {
    toast(why);
    return null;
  }
  const at = wanted && freePlace(now.document, now.places, wanted);
  edit((drawing) => addBlock(drawing, kind, at, starters.get(kind), link));
  select([id]);
  return id;
}

/** Add a block at the end of a link that was let go over empty ground. */
export function addLinked(editing: Editing, kind: string, at: Point, other: string, from: boolean) {
  addKind(editing, kind, at, (id) => (from ? [other, id] : [id, other]));
}

// Copy and paste of blocks: as text in the system's clipboard, so that it works between two
// windows too. What is pasted is somebody's text: it is read with the same bounds as a document.
import { type Blueprint, drawingOf, type LinkPair, MOST_LINKS } from "../blueprint/document";
import { KINDS } from "../blueprint/kinds";
import { freeOptions, obviousLink, TOO_MANY_LINKS, whyNotAdd } from "../blueprint/rules";
import { readYaml, writeYaml } from "../blueprint/yaml";
import { type Drawing, freeId, type Places, placeOf } from "./drawing";
import { freePlace } from "./layout";

/** The chosen blocks and the links between them, as a document. */
export function copied({ document }: Drawing, ids: ReadonlySet<string>): string {
  return writeYaml({
    name: document.name,
    blocks: document.blocks.filter(({ id }) => ids.has(id)),
    links: document.links.filter((link) => link.every((end) => ids.has(end))),
  });
}

/** What a pasted text holds, or null where it is no part of a drawing. */
export function pasteable(text: string): Blueprint | null {
  const { value } = readYaml(text);
  const found = drawingOf(value);
  return found && found.blocks.length > 0 ? found : null;
}

export interface Pasted {
  drawing: Drawing;
  ids: string[];
  /** Why some of it was left out. */
  refused: string[];
}

const STEP = 40;

/** The drawing with the pasted blocks under free ids, beside where they came from. */
export function paste(drawing: Drawing, part: Blueprint, from: Places = drawing.places): Pasted {
  let { document, places } = drawing;
  const names = new Map<string, string>();
  const refused = new Set<string>();
  for (const block of part.blocks) {
    const why = whyNotAdd(document, block.kind);
    if (why !== null) {
      refused.add(why);
      continue;
    }
    const id = freeId(document, block.id);
    const at = placeOf(from, block.id) ?? { x: 0, y: 0 };
    names.set(block.id, id);
    places = { ...places, [id]: freePlace(document, places, { x: at.x + STEP, y: at.y + STEP }) };
    const options = freeOptions(document, block.kind, block.options);
    document = { ...document, blocks: [...document.blocks, { ...block, id, options }] };
  }
  const links = part.links.flatMap(([source, target]): LinkPair[] => {
    const [one, other] = [names.get(source), names.get(target)];
    return one && other ? [[one, other]] : [];
  });
  const room = MOST_LINKS - document.links.length;
  if (links.length > room) refused.add(TOO_MANY_LINKS);
  document = { ...document, links: [...document.links, ...links.slice(0, room)] };
  for (const id of names.values()) {
    const isLinked = document.links.some((link) => link[1] === id || begins(document, link, id));
    const link = isLinked ? null : obviousLink(document, id);
    if (link) document = { ...document, links: [...document.links, link] };
  }
  return { drawing: { document, places }, ids: [...names.values()], refused: [...refused] };
}

/** Whether a drawing begins at this block with this link: nothing can lead to it. */
function begins({ blocks }: Blueprint, [from]: LinkPair, id: string): boolean {
  const kind = blocks.find((block) => block.id === id)?.kind ?? "";
  return from === id && KINDS.get(kind)?.links_from.length === 0;
}

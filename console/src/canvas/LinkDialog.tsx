// Linking without a mouse: every other block in a list; those that may not be linked say why.

import { titleOf } from "../blueprint/kinds";
import { possibleLinks, whyNotLink } from "../blueprint/rules";
import { Dialog } from "../ui/Dialog";
import { addLink } from "./drawing";
import { useActions, useEditor } from "./editing";
import "./LinkDialog.css";
import { KindTile } from "./nodes/looks";

export function LinkDialog({ from, onClose }: { from: string; onClose(): void }) {
  const document = useEditor((state) => state.now.document);
  const { edit } = useActions();
  const possible = possibleLinks(document, from);
  const others = document.blocks.filter(({ id }) => id !== from);
  const linkOf = (id: string) => possible.find((link) => link.includes(id));
  const sorted = [...others].sort(
    (one, other) => Number(!linkOf(one.id)) - Number(!linkOf(other.id)),
  );
  return (
    <Dialog title={`Link ${from} with`} size="s" onClose={onClose}>
      <ul className="link-list">
        {sorted.map(({ id, kind }) => {
          const link = linkOf(id);
          const why = link
            ? null
            : (whyNotLink(document, from, id) ?? whyNotLink(document, id, from));
          return (
            <li key={id}>
              <button
                type="button"
                className="link-list__choice"
                disabled={!link}
                onClick={() => {
                  if (link) edit((now) => addLink(now, ...link));
                  onClose();
                }}
              >
                <KindTile kind={kind} small />
                <span>
                  <strong>{titleOf(kind)}</strong> <span className="mono">{id}</span>
                  {why && <span className="link-list__why">{why}</span>}
                </span>
              </button>
            </li>
          );
        })}
        {others.length === 0 && <li className="soft">There is no other block yet.</li>}
      </ul>
    </Dialog>
  );
}

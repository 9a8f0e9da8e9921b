// The change set: what Deploy would change, in words and as a diff; each can be taken back.
import { useMemo, useState } from "react";
import { discard, placeKey } from "../blueprint/changes";
import { hunks, lineDiff } from "../blueprint/lines";
import { writeYaml } from "../blueprint/yaml";
import { withDocument } from "../canvas/drawing";
import { changesOf, useActions, useEditor } from "../canvas/editing";
import { hasMoved } from "../canvas/store";
import { Button, classes, Empty, IconButton, Switch, UndoIcon } from "../ui";
import { toast } from "../ui/Toast";
import "./Changes.css";

export function Changes() {
  const base = useEditor((state) => state.base);
  const now = useEditor((state) => state.now);
  const { edit, discardAll, undo } = useActions();
  const [asDiff, setAsDiff] = useState(false);
  const list = changesOf({ base, now });
  const moved = hasMoved({ base, now });
  if (list.length === 0) {
    return (
      <Empty title="Nothing is staged">
        {moved
          ? "Only boxes were moved. That is saved with the next Deploy and makes no revision."
          : "What you change stays in this browser until you deploy it, and is listed here."}
      </Empty>
    );
  }
  const dropAll = () => {
    discardAll();
    toast("All changes are discarded.", "info", { label: "Undo", run: undo });
  };
  return (
    <div className="changes">
      <div className="changes__head">
        <Switch
          small
          label="As a diff"
          checked={asDiff}
          onChange={(event) => setAsDiff(event.target.checked)}
        />
        <Button size="s" kind="danger" onClick={dropAll}>
          Discard all
        </Button>
      </div>
      {asDiff ? (
        <Diff before={writeYaml(base.drawing.document)} after={writeYaml(now.document)} />
      ) : (
        <ul>
          {list.map(({ place, kind, text }) => (
            <li key={placeKey(place)} className={`change change--${kind}`}>
              <span>{text}</span>
              <IconButton
                size="s"
                label={`Discard: ${text}`}
                onClick={() =>
                  edit((drawing) =>
                    withDocument(drawing, discard(drawing.document, base.drawing.document, place)),
                  )
                }
              >
                <UndoIcon size={14} />
              </IconButton>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

const SIGNS = { same: " ", gone: "−", come: "+" };

/** Two texts, only where they differ. */
export function Diff({ before, after }: { before: string; after: string }) {
  const lines = useMemo(() => hunks(lineDiff(before, after)), [before, after]);
  return (
    <section className="diff" aria-label="Differences" tabIndex={0}>
      {lines.map((line, index) => (
        <div key={index} className={classes("diff__line", line && `diff__line--${line.kind}`)}>
          <span className="diff__sign">{line ? SIGNS[line.kind] : ""}</span>
          {line?.text ?? "⋯"}
        </div>
      ))}
    </section>
  );
}

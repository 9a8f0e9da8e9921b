// What happened meanwhile: somebody else saved a newer revision, or this browser still has edits
// that began from an older one. Nothing is overwritten; the person decides.
import { useEffect, useRef, useState } from "react";
import { answer, api } from "../../api/client";
import { merge } from "../../blueprint/changes";
import { emptyBlueprint } from "../../blueprint/document";
import type { Drawing } from "../../canvas/drawing";
import { useActions, useEditing, useEditor } from "../../canvas/editing";
import { type Base, isUnsaved, onTop, UNFINISHED } from "../../canvas/store";
import { forget, olderEdits, recall } from "../../canvas/unsaved";
import { Button, Notice } from "../../ui";
import { toast } from "../../ui/Toast";
import { drawnFrom } from "../Editor";

interface Props {
  saved: Base;
  onCompare(): void;
}

export function Meanwhile({ saved, onCompare }: Props) {
  const base = useEditor((state) => state.base);
  const isStaged = useEditor(isUnsaved);
  const wasRecalled = useEditor((state) => state.wasRecalled);
  const { rebase, relay, discardAll } = useActions();
  const isNewer = saved.revision !== null && saved.revision > (base.revision ?? 0);

  // Without edits of one's own there is nothing to decide.
  useEffect(() => {
    if (!isNewer || isStaged || saved.revision === null) return;
    rebase(saved.revision, saved.drawing, false);
    if (base.revision !== null)
      toast(`Somebody saved revision ${saved.revision}: it is shown now.`);
  }, [isNewer, isStaged, saved, rebase, base.revision]);

  // An answer that is as the one before says nothing: the editor may have saved a layout since.
  const { places } = saved.drawing;
  const seen = useRef(places);
  useEffect(() => {
    if (seen.current === places) return;
    seen.current = places;
    if (saved.revision !== null && saved.revision === base.revision) relay(places);
  }, [places, saved.revision, base.revision, relay]);

  if (isNewer && isStaged) return <SavedByAnother {...{ saved, onCompare }} />;
  return (
    <>
      <OlderEdits />
      {wasRecalled && isStaged && base.revision !== null && (
        <Notice
          tone="brass"
          action={
            <Button size="s" onClick={discardAll}>
              Discard them
            </Button>
          }
        >
          Your unsaved edits are back, as you left them.
        </Notice>
      )}
    </>
  );
}

function SavedByAnother({ saved, onCompare }: Props) {
  const { editor } = useEditing();
  const { base, now, text, rebase } = useEditor((state) => state);
  const { both } = merge(base.drawing.document, now.document, saved.drawing.document);
  const go = (keepMine: boolean) => {
    if (saved.revision === null) return;
    rebase(saved.revision, saved.drawing, keepMine);
    if (keepMine) onCompare();
    else if (editor) toast(`Revision ${saved.revision} is shown; your edits are gone.`);
  };
  return (
    <Notice
      tone="brass"
      action={
        <span className="meanwhile__acts">
          <Button size="s" onClick={() => go(false)}>
            Take theirs
          </Button>
          <Button size="s" kind="primary" disabled={text !== null} onClick={() => go(true)}>
            Put mine on top and compare
          </Button>
        </span>
      }
    >
      Somebody saved revision {saved.revision} while you edited{" "}
      {base.revision === null ? "a new blueprint of that name" : `revision ${base.revision}`}.
      Nothing of either is lost.{" "}
      {both.length > 0 &&
        `You both changed ${both.length === 1 ? "one place" : `${both.length} places`}: there yours would stand.`}{" "}
      {text !== null && UNFINISHED}
    </Notice>
  );
}

function OlderEdits() {
  const name = useEditor((state) => state.name);
  const base = useEditor((state) => state.base);
  const { editor } = useEditing();
  const [older, setOlder] = useState(() => olderEdits(localStorage, name, base.revision));
  const [revision] = older;
  if (revision === undefined || base.revision === null) return null;
  const done = () => {
    forget(localStorage, name, revision);
    setOlder((list) => list.slice(1));
  };
  const putOnTop = async () => {
    if (editor.getState().text !== null) throw new Error(UNFINISHED);
    const kept = recall(localStorage, name, revision);
    const began = await drawingAt(name, revision);
    if (kept) {
      const { edit, keepText } = editor.getState();
      edit((now) => onTop(began, kept.drawing, now));
      if (kept.text !== null) {
        keepText(kept.text);
        toast("Their text that cannot be drawn yet is in the YAML view. It is of before.");
      }
    }
    done();
  };
  return (
    <Notice
      tone="brass"
      action={
        <span className="meanwhile__acts">
          <Button size="s" onClick={done}>
            Discard them
          </Button>
          <Button
            size="s"
            kind="primary"
            onClick={() => putOnTop().catch((error: Error) => toast(error.message, "bad"))}
          >
            Put them on top
          </Button>
        </span>
      }
    >
      {revision === null
        ? "This browser has a drawing of that name that was never saved."
        : `This browser has unsaved edits that began from revision ${revision}.`}{" "}
      The blueprint is at {base.revision} now.
    </Notice>
  );
}

/** What edits began from; null for a blueprint that was new: from nothing. */
async function drawingAt(name: string, revision: number | null): Promise<Drawing> {
  if (revision === null) return { document: emptyBlueprint(name), places: {} };
  const path = { params: { path: { name, number: revision } } };
  const found = await answer(api.GET("/api/v1/blueprints/{name}/revisions/{number}", path));
  return drawnFrom(found.document, found.layout, name);
}

// The workbench: canvas in the middle, palette on it, and at the right one of several views of the
// same drawing.
import { ReactFlowProvider } from "@xyflow/react";
import { useEffect, useRef, useState } from "react";
import { Canvas } from "../../canvas/Canvas";
import type { Draft } from "../../canvas/draft";
import { layoutOf } from "../../canvas/drawing";
import { changesOf, problemsOf, useActions, useEditor } from "../../canvas/editing";
import type { Base } from "../../canvas/store";
import { Changes } from "../../panels/Changes";
import { Deploy } from "../../panels/Deploy";
import { Inspector } from "../../panels/Inspector";
import { Palette } from "../../panels/Palette";
import { Problems } from "../../panels/Problems";
import { Revisions } from "../../panels/Revisions";
import { Yaml } from "../../panels/Yaml";
import { Tabs } from "../../ui";
import { Meanwhile } from "./Meanwhile";
import { Shortcuts } from "./Shortcuts";
import { Topbar } from "./Topbar";
import "./Workbench.css";

type View = "options" | "yaml" | "problems" | "changes";
type Open = "deploy" | "revisions" | "shortcuts" | null;

export function Workbench({ saved }: { saved: Base & { deployed: number | null } }) {
  const [view, setView] = useState<View>("options");
  const [open, setOpen] = useState<Open>(null);
  const { saved: takeAsSaved } = useActions();
  const side = useRef<HTMLElement>(null);
  useUndoKeys();
  const draft = useDraft();
  const close = () => setOpen(null);

  const openOptions = () => {
    setView("options");
    // After the inspector shows what was chosen.
    requestAnimationFrame(() => side.current?.querySelector<HTMLElement>(FIRST_CONTROL)?.focus());
  };

  return (
    <div className="workbench">
      <Topbar
        draft={draft}
        deployed={saved.deployed}
        onDeploy={() => setOpen("deploy")}
        onRevisions={() => setOpen("revisions")}
        onProblems={() => setView("problems")}
        onChanges={() => setView("changes")}
      />
      <Meanwhile saved={saved} onCompare={() => setView("changes")} />
      <div className="workbench__body">
        <ReactFlowProvider>
          <div className="workbench__canvas">
            <Canvas onOpenOptions={openOptions} onHelp={() => setOpen("shortcuts")} />
            <div className="workbench__palette">
              <Palette />
            </div>
          </div>
        </ReactFlowProvider>
        <aside className="workbench__side" ref={side} aria-label="Options and views">
          <Tabs<View>
            label="Views of the blueprint"
            current={view}
            onChange={setView}
            tabs={[
              { key: "options", title: "Options" },
              { key: "yaml", title: "YAML" },
              { key: "problems", title: "Problems", count: draft.problems, tone: "bad" },
              { key: "changes", title: "Changes", count: draft.changes.length, tone: "brass" },
            ]}
          >
            {view === "options" && <Inspector />}
            {view === "problems" && <Problems onGo={openOptions} />}
            {view === "changes" && <Changes />}
            {view === "yaml" && <Yaml />}
          </Tabs>
        </aside>
      </div>
      {open === "deploy" && <Deploy draft={draft} onSaved={takeAsSaved} onClose={close} />}
      {open === "revisions" && <Revisions name={draft.name} onClose={close} />}
      {open === "shortcuts" && <Shortcuts onClose={close} />}
    </div>
  );
}

const FIRST_CONTROL =
  ".tabs__panel [aria-invalid], .tabs__panel .option--wrong input, .tabs__panel .option :is(input, select, textarea)";

function useDraft(): Draft {
  const name = useEditor((state) => state.name);
  const base = useEditor((state) => state.base);
  const now = useEditor((state) => state.now);
  return {
    name,
    document: now.document,
    layout: layoutOf(now),
    base: base.revision,
    problems: problemsOf(now.document).length,
    changes: changesOf({ base, now }).map(({ text }) => text),
  };
}

/** Undo and redo reach everywhere, whatever has the focus; the YAML text has its own while one
 *  types there. */
function useUndoKeys() {
  const { undo, redo } = useActions();
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
      const { target } = event;
      if (target instanceof Element && target.closest("textarea.yaml__area, dialog")) return;
      const key = event.key.toLowerCase();
      if (key === "z" && !event.shiftKey) undo();
      else if (key === "y" || (key === "z" && event.shiftKey)) redo();
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, [undo, redo]);
}

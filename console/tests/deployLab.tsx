// The Deploy panel beside an editor in which something was changed, and a server that remembers what
// it was asked: for the tests of the panel and of its conflict.
import { QueryClientProvider } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import { useState } from "react";
import { vi } from "vitest";
import { type Asked, FakeApi, Reply } from "../src/api/fake";
import { createQueries } from "../src/api/queries";
import type { Deployment, Effect } from "../src/api/types";
import type { Blueprint } from "../src/blueprint/document";
import { layoutOf, setOption } from "../src/canvas/drawing";
import { changesOf, EditingContext, problemsOf, useEditor } from "../src/canvas/editing";
import { arrange } from "../src/canvas/layout";
import { createEditor, type Editor } from "../src/canvas/store";
import { Deploy } from "../src/panels/Deploy";
import { SAMPLE } from "./sample";

export const BASE: Blueprint = {
  ...SAMPLE,
  blocks: SAMPLE.blocks.map((block) =>
    block.id === "agent" ? { ...block, options: { ...block.options, cpu: 1 } } : block,
  ),
};
export const RUNNING: Deployment = {
  id: "d1",
  blueprint: "sample",
  revision: 2,
  previous_revision: 1,
  canary: null,
  stage: "all",
  state: "running",
  stopping: false,
  reason: "",
  log: [],
  counts: {},
  created_at: "2026-01-01T00:00:00Z",
  finished_at: null,
  tenants: [],
};

const planned = (slug: string, effect: Effect) => ({ slug, effect, detail: "", canary: false });
export const saved = (revision: number) => {
  const known = { blueprint: "sample", revision, digest: "x", created_at: "2026-01-01T00:00:00Z" };
  return { ...known, document: {}, layout: {}, created: true };
};

/** A server where all goes well, and what it was asked. */
export class Server {
  readonly sent: { what: string; asked: Asked }[] = [];
  deployments: Deployment[] = [];
  readonly api = new FakeApi()
    .on("get", "/api/v1/deployments", () => ({ items: this.deployments }))
    .on("get", "/api/v1/deployments/{deployment}", () => this.deployments[0] ?? RUNNING)
    .on("post", "/api/v1/blueprints/check", () => ({ ok: true, problems: [], notices: [] }))
    .on("post", "/api/v1/blueprints/{name}/plan", (asked) => {
      this.sent.push({ what: "plan", asked });
      const tenants = [planned("acme", "restarted"), planned("globex", "in_place")];
      return { text: "", actions: [], waiting: [], tenants };
    })
    .on("put", "/api/v1/blueprints/{name}", (asked) => {
      this.sent.push({ what: "save", asked });
      return saved(2);
    })
    .on("post", "/api/v1/blueprints/{name}/deploy", (asked) => {
      this.sent.push({ what: "deploy", asked });
      this.deployments = [RUNNING];
      return new Reply(202, RUNNING);
    });

  /** What it was asked for last, of this kind. */
  last(kind: string): Asked | undefined {
    return this.sent.filter(({ what }) => what === kind).at(-1)?.asked;
  }

  /** The changes that it was asked for, in their order. */
  acts(): string[] {
    return this.sent.map(({ what }) => what).filter((what) => what !== "plan");
  }
}

/** Takes every call from now on, until the globals are put back. */
export function serve(): Server {
  // happy-dom has dialogs without the part that opens them.
  HTMLDialogElement.prototype.showModal ??= () => undefined;
  const server = new Server();
  vi.stubGlobal("fetch", (input: RequestInfo | URL, init?: RequestInit) =>
    server.api.fetch(input, init),
  );
  return server;
}

/** The panel beside an editor in which CPU was changed. */
export function openDeploy(onClosed: () => void = () => undefined): Editor {
  const drawing = { document: BASE, places: arrange(BASE) };
  const editor = createEditor("sample", { revision: 1, drawing }, null);
  editor.getState().edit((now) => setOption(now, "agent", "cpu", 2));
  render(
    <QueryClientProvider client={createQueries()}>
      <EditingContext value={{ editor, starters: new Map() }}>
        <Panel editor={editor} onClosed={onClosed} />
      </EditingContext>
    </QueryClientProvider>,
  );
  return editor;
}

/** As the workbench has it. */
function Panel({ editor, onClosed }: { editor: Editor; onClosed(): void }) {
  const base = useEditor((state) => state.base);
  const now = useEditor((state) => state.now);
  const [isOpen, setOpen] = useState(true);
  const draft = {
    name: "sample",
    document: now.document,
    layout: layoutOf(now),
    base: base.revision,
    problems: problemsOf(now.document).length,
    changes: changesOf({ base, now }).map(({ text }) => text),
  };
  if (!isOpen) return null;
  return (
    <Deploy
      draft={draft}
      onSaved={editor.getState().saved}
      onClose={() => {
        onClosed();
        setOpen(false);
      }}
    />
  );
}

export const button = (name: string | RegExp) => screen.getByRole("button", { name, hidden: true });
/** As soon as the plan is there. */
export const ready = () =>
  screen.findByRole("button", { name: "Deploy to 2 tenants", hidden: true });
export const optionsOf = (editor: Editor, id: string) =>
  editor.getState().now.document.blocks.find((block) => block.id === id)?.options;

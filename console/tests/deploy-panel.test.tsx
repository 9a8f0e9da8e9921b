// The Deploy panel and its Conflict: what is shown before anything happens, what is sent and in
// which order, and that a refusal leaves the way on.
import { QueryClientProvider } from "@tanstack/react-query";
import { act, cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import { useState } from "react";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type Asked, FakeApi, Refusal, Reply } from "../src/api/fake";
import { createQueries } from "../src/api/queries";
import type { Deployment, Effect } from "../src/api/types";
import type { Blueprint } from "../src/blueprint/document";
import { layoutOf, setOption } from "../src/canvas/drawing";
import { changesOf, EditingContext, problemsOf, useEditor } from "../src/canvas/editing";
import { arrange } from "../src/canvas/layout";
import { createEditor, type Editor } from "../src/canvas/store";
import { Deploy } from "../src/panels/Deploy";

const BASE: Blueprint = {
  name: "sample",
  blocks: [
    { id: "door", kind: "url", options: {} },
    { id: "agent", kind: "openclaw", options: { version: "2026.9.6", cpu: 1 } },
    { id: "brain", kind: "model", options: { model: "demo-1" } },
    { id: "data", kind: "volume", options: {} },
  ],
  links: [
    ["door", "agent"],
    ["agent", "brain"],
    ["agent", "data"],
  ],
};
const THEIRS: Blueprint = {
  ...BASE,
  blocks: BASE.blocks.map((block) =>
    block.id === "brain" ? { ...block, options: { model: "demo-2" } } : block,
  ),
};

const RUNNING: Deployment = {
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
  created_at: "2026-01-01T00:00:00Z",
  finished_at: null,
  tenants: [],
};

const planned = (slug: string, effect: Effect) => ({ slug, effect, detail: "", canary: false });
const refused = (pointer: string, detail: string, block: string) => ({
  pointer,
  code: "bad_value",
  detail,
  hint: "Change it.",
  block,
  link: null,
});

const saved = (revision: number) => {
  const known = { blueprint: "sample", revision, digest: "x", created_at: "2026-01-01T00:00:00Z" };
  return { ...known, document: {}, layout: {}, created: true };
};

/** A server where all goes well, and what it was asked. */
class Server {
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

let server: Server;
let editor: Editor;
const closed = vi.fn();

beforeAll(() => {
  // happy-dom has dialogs without the part that opens them.
  HTMLDialogElement.prototype.showModal ??= () => undefined;
});
beforeEach(() => {
  server = new Server();
  closed.mockReset();
  vi.stubGlobal("fetch", (input: RequestInfo | URL, init?: RequestInit) =>
    server.api.fetch(input, init),
  );
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

/** The panel beside an editor in which CPU was changed. */
function open(): void {
  const drawing = { document: BASE, places: arrange(BASE) };
  editor = createEditor("sample", { revision: 1, drawing }, null);
  editor.getState().edit((now) => setOption(now, "agent", "cpu", 2));
  render(
    <QueryClientProvider client={createQueries()}>
      <EditingContext value={{ editor, starters: new Map() }}>
        <Panel />
      </EditingContext>
    </QueryClientProvider>,
  );
}

/** As the workbench has it. */
function Panel() {
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
      onSaved={(revision) => editor.getState().saved(revision)}
      onClose={() => {
        closed();
        setOpen(false);
      }}
    />
  );
}

const button = (name: string | RegExp) => screen.getByRole("button", { name, hidden: true });
const ready = () => screen.findByRole("button", { name: "Deploy to 2 tenants", hidden: true });
const optionsOf = (id: string) =>
  editor.getState().now.document.blocks.find((block) => block.id === id)?.options;

describe("before it deploys", () => {
  it("says what is staged and whom it means, and sends nothing that changes anything", async () => {
    open();
    await ready();
    const staged = screen.getByRole("region", { name: "Staged changes", hidden: true });
    expect(within(staged).getByText(/cpu/i)).toBeTruthy();
    expect(screen.getByText("1 tenant is restarted and 1 is changed in place.")).toBeTruthy();
    expect(server.acts()).toEqual([]);
    fireEvent.click(button("Not yet"));
    expect(closed).toHaveBeenCalledOnce();
  });

  it("plans anew for a canary, and cannot begin with a count that is none", async () => {
    open();
    await ready();
    fireEvent.click(screen.getByLabelText("10 % first"));
    await waitFor(() => expect(server.last("plan")?.query.get("canary")).toBe("10%"));
    fireEvent.click(screen.getByLabelText("Some first"));
    fireEvent.change(screen.getByLabelText("How many go first"), { target: { value: "0" } });
    expect(screen.getByText(/a whole number from 1/)).toBeTruthy();
    expect((await ready()).hasAttribute("disabled")).toBe(true);
    expect(server.acts()).toEqual([]);
  });

  it("shows what only the server finds wrong, with the way to its block", async () => {
    const found = refused("/blocks/1/options/cpu", "Too much for this machine.", "agent");
    server.api.on("post", "/api/v1/blueprints/check", () => ({
      ok: false,
      problems: [found],
      notices: [],
    }));
    open();
    const go = await screen.findByRole("button", { name: /Too much for this/, hidden: true });
    expect((await ready()).hasAttribute("disabled")).toBe(true);
    fireEvent.click(go);
    expect([...editor.getState().selection]).toEqual(["agent"]);
    expect(closed).toHaveBeenCalledOnce();
  });
});

describe("deploying", () => {
  it("saves over the revision that the edits began from, then moves tenants to what came of it", async () => {
    open();
    fireEvent.click(await ready());
    expect(await screen.findByText("Deploying to 0 tenants")).toBeTruthy();
    expect(server.acts()).toEqual(["save", "deploy"]);
    expect(server.last("save")?.headers.get("If-Match")).toBe('"1"');
    expect(server.last("save")?.body).toMatchObject({ name: "sample", layout: { blocks: {} } });
    expect(server.last("deploy")?.body).toEqual({ revision: 2 });
    expect(editor.getState().base.revision).toBe(2);
    expect(button("Leave it running")).toBeTruthy();
  });

  it("sends the share that goes first", async () => {
    open();
    await ready();
    fireEvent.click(screen.getByLabelText("Some first"));
    fireEvent.click(await ready());
    await waitFor(() => expect(server.acts()).toEqual(["save", "deploy"]));
    expect(server.last("deploy")?.body).toEqual({ revision: 2, canary: "1" });
  });

  it("that the server refuses for its document says where, and what was staged stays", async () => {
    const found = refused("/blocks/1/options/cpu", "This host has one core.", "agent");
    server.api.on("put", "/api/v1/blueprints/{name}", () => {
      return new Refusal(422, "The blueprint is not valid.", { errors: [found] });
    });
    open();
    fireEvent.click(await ready());
    expect(await screen.findByText(/This host has one core/)).toBeTruthy();
    expect(optionsOf("agent")).toMatchObject({ cpu: 2 });
    expect(editor.getState().base.revision).toBe(1);
    expect(server.acts()).toEqual([]);
  });

  it("that has no room says what is short, and can be tried again", async () => {
    const short = "Not enough memory: 512 MiB are free, 1024 are needed.";
    server.api.on("post", "/api/v1/blueprints/{name}/deploy", () => new Refusal(507, short));
    open();
    fireEvent.click(await ready());
    expect(await screen.findByText(short)).toBeTruthy();
    expect((await ready()).hasAttribute("disabled")).toBe(false);
  });

  it("beside somebody's roll-out keeps what was saved, and says when to go on", async () => {
    server.api.on("post", "/api/v1/blueprints/{name}/deploy", () => {
      server.deployments = [RUNNING];
      return new Refusal(409, "revision 1 of sample is being rolled out");
    });
    open();
    fireEvent.click(await ready());
    expect(await screen.findByText(/The blueprint is saved. Deploy again/)).toBeTruthy();
    fireEvent.click(await screen.findByRole("button", { name: "Show it", hidden: true }));
    expect(await screen.findByText("Deploying to 0 tenants")).toBeTruthy();
  });

  it("opened while one runs shows that one, and no second can begin", async () => {
    server.deployments = [RUNNING];
    open();
    expect(await screen.findByText("Deploying to 0 tenants")).toBeTruthy();
    expect(screen.queryByRole("button", { name: /^Deploy/, hidden: true })).toBeNull();
  });
});

describe("somebody saved another revision meanwhile", () => {
  const conflict = async () => {
    let isMoved = true;
    server.api
      .on("get", "/api/v1/blueprints/{name}", () => ({
        name: "sample",
        revision: 5,
        deployed_revision: 5,
        digest: "x",
        created_at: "2026-01-01T00:00:00Z",
        document: { ...THEIRS },
        layout: {},
      }))
      .on("put", "/api/v1/blueprints/{name}", (asked) => {
        server.sent.push({ what: "save", asked });
        if (isMoved) {
          isMoved = false;
          return new Refusal(412, "The newest revision is 5.");
        }
        return saved(6);
      });
    open();
    fireEvent.click(await ready());
    await screen.findByText(/Somebody saved revision 5 while you edited/);
  };

  it("shows both sides, and deploys nothing", async () => {
    await conflict();
    const side = (name: string) => screen.getByRole("region", { name, hidden: true });
    expect(within(side("What they changed")).getByText(/demo-2/)).toBeTruthy();
    expect(within(side("What you changed")).getByText(/cpu/i)).toBeTruthy();
    expect(server.acts()).toEqual(["save"]);
    expect(screen.queryByRole("button", { name: /^Deploy/, hidden: true })).toBeNull();
  });

  it("mine go on top of theirs, and the next Deploy is over theirs", async () => {
    await conflict();
    fireEvent.click(button("Put mine on top of theirs"));
    expect(optionsOf("agent")).toMatchObject({ cpu: 2 });
    expect(optionsOf("brain")).toEqual({ model: "demo-2" });
    fireEvent.click(await ready());
    await waitFor(() => expect(server.acts()).toEqual(["save", "save", "deploy"]));
    expect(server.last("save")?.headers.get("If-Match")).toBe('"5"');
    expect(server.last("deploy")?.body).toEqual({ revision: 6 });
  });

  it("theirs are taken, mine are gone, and nothing is staged", async () => {
    await conflict();
    fireEvent.click(button("Take theirs, drop mine"));
    expect(optionsOf("agent")).toMatchObject({ cpu: 1 });
    expect(editor.getState().base.revision).toBe(5);
    expect(await screen.findByText(/Nothing is staged: revision 5/)).toBeTruthy();
  });

  it("a place that both changed is marked, and mine stands on top", async () => {
    await conflict();
    act(() => editor.getState().edit((now) => setOption(now, "brain", "model", "demo-3")));
    const side = screen.getByRole("region", { name: "What you changed", hidden: true });
    expect(within(side).getByText("both changed it")).toBeTruthy();
    fireEvent.click(button("Put mine on top of theirs"));
    expect(optionsOf("brain")).toEqual({ model: "demo-3" });
  });
});

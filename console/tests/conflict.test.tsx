// Two people edit one blueprint, and the other one saved first: both sides are shown, and the person
// who comes second decides.
import { act, cleanup, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Refusal } from "../src/api/fake";
import type { Blueprint } from "../src/blueprint/document";
import { setOption } from "../src/canvas/drawing";
import type { Editor } from "../src/canvas/store";
import { BASE, button, openDeploy, optionsOf, ready, type Server, saved, serve } from "./deployLab";

const THEIRS: Blueprint = {
  ...BASE,
  blocks: BASE.blocks.map((block) =>
    block.id === "brain" ? { ...block, options: { model: "demo-2" } } : block,
  ),
};

let server: Server;
let editor: Editor;

beforeEach(() => {
  server = serve();
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
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
    editor = openDeploy();
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
    expect(optionsOf(editor, "agent")).toMatchObject({ cpu: 2 });
    expect(optionsOf(editor, "brain")).toEqual({ model: "demo-2" });
    fireEvent.click(await ready());
    await waitFor(() => expect(server.acts()).toEqual(["save", "save", "deploy"]));
    expect(server.last("save")?.headers.get("If-Match")).toBe('"5"');
    expect(server.last("deploy")?.body).toEqual({ revision: 6 });
  });

  it("a text that is half typed stays, and nothing goes on top before it is whole", async () => {
    await conflict();
    act(() => editor.getState().keepText("blocks: ["));
    const onTop = button("Put mine on top of theirs");
    expect(onTop.hasAttribute("disabled")).toBe(true);
    expect(screen.getByText(/cannot be drawn yet: solve what it says/)).toBeTruthy();
    act(() => editor.getState().keepText(null));
    expect(onTop.hasAttribute("disabled")).toBe(false);
  });

  it("theirs are taken, mine are gone, and nothing is staged", async () => {
    await conflict();
    fireEvent.click(button("Take theirs, drop mine"));
    expect(optionsOf(editor, "agent")).toMatchObject({ cpu: 1 });
    expect(editor.getState().base.revision).toBe(5);
    expect(await screen.findByText(/Nothing is staged: revision 5/)).toBeTruthy();
  });

  it("a place that both changed is marked, and mine stands on top", async () => {
    await conflict();
    act(() => editor.getState().edit((now) => setOption(now, "brain", "model", "demo-3")));
    const side = screen.getByRole("region", { name: "What you changed", hidden: true });
    expect(within(side).getByText("both changed it")).toBeTruthy();
    fireEvent.click(button("Put mine on top of theirs"));
    expect(optionsOf(editor, "brain")).toEqual({ model: "demo-3" });
  });
});

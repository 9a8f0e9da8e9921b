// The Deploy panel: what is shown before anything happens, what is sent and in which order, and that
// a refusal leaves the way on.
import { cleanup, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Refusal } from "../src/api/fake";
import { setOption } from "../src/canvas/drawing";
import { type Editor, hasChanges } from "../src/canvas/store";
import {
  button,
  openDeploy,
  optionsOf,
  RUNNING,
  ready,
  type Server,
  saved,
  serve,
} from "./deployLab";

const refused = (pointer: string, detail: string, block: string) => ({
  pointer,
  code: "bad_value",
  detail,
  hint: "Change it.",
  block,
  link: null,
});

let server: Server;
let editor: Editor;
const closed = vi.fn();

beforeEach(() => {
  server = serve();
  closed.mockReset();
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});
const open = () => {
  editor = openDeploy(closed);
};

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

  it("does not begin what this machine cannot run, and plans again when asked", async () => {
    const missing = { ...refused("/blocks/1/options/image", "It is not here.", "db") };
    let isHere = false;
    server.api.on("post", "/api/v1/blueprints/{name}/plan", () =>
      isHere
        ? { text: "", actions: [], waiting: [], tenants: [] }
        : new Refusal(422, "It draws too much.", { errors: [missing] }),
    );
    open();
    await screen.findByText(/It is not here/);
    expect(button("Deploy").hasAttribute("disabled")).toBe(true);
    isHere = true;
    fireEvent.click(button("Try again"));
    await waitFor(() => expect(button("Deploy").hasAttribute("disabled")).toBe(false));
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

  it("leaves what is drawn or typed while it saves unsaved", async () => {
    server.api.on("put", "/api/v1/blueprints/{name}", (asked) => {
      server.sent.push({ what: "save", asked });
      editor.getState().edit((now) => setOption(now, "agent", "cpu", 4));
      editor.getState().keepText("blocks: [");
      return saved(2);
    });
    open();
    const { now } = editor.getState();
    fireEvent.click(await ready());
    expect(await screen.findByText("Deploying to 0 tenants")).toBeTruthy();
    expect(server.last("save")?.body).toMatchObject(now.document);
    expect(editor.getState().base).toEqual({ revision: 2, drawing: now });
    expect(optionsOf(editor, "agent")).toMatchObject({ cpu: 4 });
    expect(hasChanges(editor.getState())).toBe(true);
    expect(editor.getState().text).toBe("blocks: [");
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
    expect(optionsOf(editor, "agent")).toMatchObject({ cpu: 2 });
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

// Parts of a tenant's page: its own variables as they are edited and sent, what a refusal says and
// for how long, what is used of its limits, and the disks that were kept.
import { QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { tenantOf } from "../dev/data";
import { FakeApi, Refusal, Reply } from "../src/api/fake";
import { createQueries } from "../src/api/queries";
import type { Volume } from "../src/api/types";
import { Limits } from "../src/pages/tenant/Limits";
import { Variables } from "../src/pages/tenant/Variables";
import {
  newNameProblem,
  type VariableEdits,
  variableRows,
  withVariable,
} from "../src/pages/tenant/variableEdits";
import { KeptDisks } from "../src/pages/tenants/KeptDisks";

let fake: FakeApi;

beforeAll(() => {
  // happy-dom has dialogs without the part that opens them.
  HTMLDialogElement.prototype.showModal ??= () => undefined;
});
beforeEach(() => {
  sessionStorage.clear();
  queries = createQueries();
  fake = new FakeApi();
  vi.stubGlobal("fetch", (input: RequestInfo | URL, init?: RequestInit) => fake.fetch(input, init));
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

let queries = createQueries();
const withQueries = (part: ReactNode) => (
  <QueryClientProvider client={queries}>{part}</QueryClientProvider>
);
const show = (part: ReactNode) => render(withQueries(part));
const button = (name: string) => screen.getByRole("button", { name, hidden: true });
const write = (label: string, value: string) =>
  fireEvent.change(screen.getByLabelText(label), { target: { value } });

describe("edits of variables", () => {
  const own = { A: "1", B: "2" };
  it("that change nothing are none", () => {
    let edits: VariableEdits = withVariable(own, {}, "A", "9");
    edits = withVariable(own, edits, "C", "3");
    expect(edits).toEqual({ A: "9", C: "3" });
    edits = withVariable(own, edits, "A", "1");
    edits = withVariable(own, edits, "C", null);
    expect(edits).toEqual({});
  });

  it("show what is to go until it is gone", () => {
    const rows = variableRows(own, { B: null, C: "", A: "9" });
    expect(rows.map(({ name, text, state }) => [name, text, state])).toEqual([
      ["A", "9", "changed"],
      ["B", "2", "removed"],
      ["C", "", "new"],
    ]);
    expect(newNameProblem(rows, "B")).toContain("There is B already");
    expect(newNameProblem(rows, "PATH")).toContain("is refused");
    expect(newNameProblem(rows, "constructor")).toBeNull();
  });
});

describe("a tenant's own variables", () => {
  const sent: { body: unknown; match: string | null }[] = [];
  let answers: (Refusal | null)[] = [];

  const open = () => {
    sent.length = 0;
    const before = { ...tenantOf(0), variables: { FLAG: "on", OLD: "x" } };
    fake.on("patch", "/api/v1/tenants/{slug}", ({ body, headers }) => {
      sent.push({ body, match: headers.get("If-Match") });
      const refusal = answers.shift();
      if (refusal) return refusal;
      const after = { ...before, generation: before.generation + 1, variables: { FLAG: "off" } };
      shown.rerender(withQueries(<Variables tenant={after} />));
      return new Reply(202, after);
    });
    const shown = show(<Variables tenant={before} />);
  };

  it("go out as one patch: changed, new and removed ones", async () => {
    answers = [];
    open();
    write("FLAG", "off");
    fireEvent.click(button("Remove OLD"));
    fireEvent.click(button("Add"));
    const dialog = within(screen.getByRole("dialog", { hidden: true }));
    fireEvent.change(dialog.getByLabelText("Name"), { target: { value: "NEW" } });
    fireEvent.change(dialog.getByLabelText("Text"), { target: { value: "a\nb" } });
    fireEvent.click(dialog.getByRole("button", { name: "Add", hidden: true }));
    fireEvent.click(button("Save"));
    await waitFor(() => expect(sent).toHaveLength(1));
    expect(sent[0]).toEqual({
      body: { variables: { FLAG: "off", OLD: null, NEW: "a\nb" } },
      match: '"1"',
    });
    await waitFor(() => expect(screen.queryByLabelText("OLD")).toBeNull());
  });

  it("that are refused say why at their name, until they are another text", async () => {
    const detail = "FLAG is a name of the blueprint's.";
    const problem = { pointer: "/variables/FLAG", code: "clash", detail, hint: "Rename it." };
    const errors = [{ ...problem, block: null, link: null }];
    answers = [new Refusal(422, "Not valid.", { errors })];
    open();
    write("FLAG", "1");
    fireEvent.click(button("Save"));
    expect(await screen.findByText(`${detail} Rename it.`)).toBeTruthy();
    write("FLAG", "2");
    await waitFor(() => expect(screen.queryByText(`${detail} Rename it.`)).toBeNull());
  });

  it("that could not be saved are saved by the next try, and nothing speaks of the first", async () => {
    const words = "The database is away. Try again.";
    answers = [new Refusal(503, words)];
    open();
    write("FLAG", "off");
    fireEvent.click(button("Save"));
    expect(await screen.findByText(words)).toBeTruthy();
    expect(screen.getByLabelText<HTMLTextAreaElement>("FLAG").value).toBe("off");
    fireEvent.click(button("Save"));
    await waitFor(() => expect(sent).toHaveLength(2));
    await waitFor(() => expect(screen.queryByText(words)).toBeNull());
  });

  it("that somebody else changed meanwhile are not overwritten unseen", async () => {
    answers = [new Refusal(412, "The tenant was changed meanwhile.")];
    open();
    write("FLAG", "off");
    fireEvent.click(button("Save"));
    expect(await screen.findByText(/Somebody changed this tenant meanwhile/)).toBeTruthy();
    expect(button("Save").hasAttribute("disabled")).toBe(true);
    write("FLAG", "offline");
    expect(screen.getByText(/Somebody changed this tenant meanwhile/)).toBeTruthy();
  });
});

describe("what is used", () => {
  it("is compared with what the agent and its services may use together", async () => {
    fake.on("get", "/api/v1/tenants/{slug}/usage", () => ({
      now: { cpu_cores: 0.5, memory_mb: 1536, disk_mb: 1024, pids: 87, requests_per_minute: 1204 },
      days: [],
    }));
    const tenant = tenantOf(0);
    const limits_total = { ...tenant.limits, memory_mb: 3072, pids: 1024 };
    show(<Limits tenant={{ ...tenant, limits_total, services: ["db"] }} />);
    expect(await screen.findByText("1.5 GiB of 3 GiB used with its services")).toBeTruthy();
    expect(screen.getByText("0.5 cores of 1 core used")).toBeTruthy();
    expect(screen.getByText("1 GiB of 2 GiB used")).toBeTruthy();
    const processes = "87 of 1,024 used with its services";
    expect(screen.getByText(processes)).toBeTruthy();
    const most = tenant.limits.requests_per_minute;
    expect(screen.getByText(`1,204 of ${most} in the last minute`)).toBeTruthy();
  });
});

describe("kept disks", () => {
  const volume = (slug: string, part: Partial<Volume> = {}): Volume => ({
    id: `v-${slug}`,
    tenant_id: `t-${slug}`,
    slug,
    size_mb: 2048,
    used_mb: 312.4,
    kept_since: "2026-01-01T00:00:00Z",
    reason: "Its tenant was deleted and the disk kept.",
    restorable: true,
    ...part,
  });
  const erased: (string | undefined)[] = [];
  beforeEach(() => {
    erased.length = 0;
    const all = [volume("gone"), volume("acme", { restorable: false, used_mb: null })];
    fake
      .on("get", "/api/v1/volumes", () => ({
        items: all.filter(({ id }) => !erased.includes(id)),
      }))
      .on("delete", "/api/v1/volumes/{volume}", ({ params }) => {
        erased.push(params.volume);
        return new Reply(202, null);
      });
  });

  it("are erased by whoever types whose they were", async () => {
    show(<KeptDisks />);
    fireEvent.click(await screen.findByRole("button", { name: "Erase the disk of gone" }));
    expect(button("Erase it").hasAttribute("disabled")).toBe(true);
    write("Type gone to go on", "acme");
    expect(button("Erase it").hasAttribute("disabled")).toBe(true);
    write("Type gone to go on", "gone");
    fireEvent.click(button("Erase it"));
    await waitFor(() => expect(erased).toEqual(["v-gone"]));
    await waitFor(() => expect(screen.queryByText("gone")).toBeNull());
    expect(screen.getByText("acme")).toBeTruthy();
  });

  it("can be restored only where a tenant can go on with them", async () => {
    show(<KeptDisks />);
    await screen.findByRole("button", { name: "Restore the disk of gone" });
    expect(screen.queryByRole("button", { name: "Restore the disk of acme" })).toBeNull();
  });

  it("of one tenant are those alone, and nothing where there are none", async () => {
    show(
      <>
        <KeptDisks slug="acme" />
        <KeptDisks slug="nobody" />
      </>,
    );
    expect(await screen.findByText("2 GiB")).toBeTruthy();
    expect(screen.queryByText("gone")).toBeNull();
    expect(screen.getAllByRole("table")).toHaveLength(1);
  });
});

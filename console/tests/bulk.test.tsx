// One action for many tenants, from the table on: who is chosen, what has to be said before anything
// is sent, and a result for each of them.
import { QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { createFake } from "../dev/installation";
import { Refusal } from "../src/api/fake";
import { createQueries } from "../src/api/queries";
import type { BulkOut } from "../src/api/types";
import { Tenants } from "../src/pages/Tenants";
import { SilentStream } from "./silentStream";

let sent: unknown[];
let answers: (BulkOut | Refusal)[];

beforeAll(() => {
  // happy-dom has dialogs without the part that opens them.
  HTMLDialogElement.prototype.showModal ??= () => undefined;
});
beforeEach(() => {
  history.replaceState(null, "", "/tenants");
  sent = [];
  answers = [];
  const { api } = createFake();
  api.on("post", "/api/v1/tenants/bulk", ({ body }) => {
    sent.push(body);
    const { slugs } = body as { slugs: string[] };
    return answers.shift() ?? { items: slugs.map((slug) => ({ slug, ok: true })) };
  });
  vi.stubGlobal("fetch", (input: RequestInfo | URL, init?: RequestInit) => api.fetch(input, init));
  vi.stubGlobal("EventSource", SilentStream);
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const dialog = () => within(screen.getByRole("dialog", { hidden: true }));
/** The dialog's own act: a cross at its head closes it, too. */
const press = (name: string) => {
  const found = dialog().getAllByRole("button", { name, hidden: true }).at(-1);
  if (!found) throw new Error(`There is no ${name}.`);
  fireEvent.click(found);
};
const isOff = (name: string) =>
  dialog().getByRole("button", { name, hidden: true }).hasAttribute("disabled");
const write = (label: string, value: string) =>
  fireEvent.change(dialog().getByLabelText(label), { target: { value } });
const bar = () => screen.queryByRole("region", { name: "Chosen tenants", hidden: true });

/** The table with these chosen, and the action asked for. */
async function ask(action: string, ...slugs: string[]): Promise<void> {
  render(
    <QueryClientProvider client={createQueries()}>
      <Tenants />
    </QueryClientProvider>,
  );
  for (const slug of slugs) fireEvent.click(await screen.findByLabelText(`Choose ${slug}`));
  fireEvent.click(screen.getByRole("button", { name: action }));
}

it("asks first, is sent once for those who were chosen, and chooses nobody any longer", async () => {
  await ask("Restart", "globex", "acme");
  expect(dialog().getByText("acme, globex")).toBeTruthy();
  expect(sent).toEqual([]);
  press("Restart 2 tenants");
  expect(await dialog().findByText(/^Done for all 2/)).toBeTruthy();
  expect(sent).toEqual([{ action: "restart", slugs: ["acme", "globex"] }]);
  press("Close");
  await waitFor(() => expect(bar()).toBeNull());
});

it("that is called off sends nothing, and leaves who is chosen", async () => {
  await ask("Suspend", "acme", "globex");
  press("Cancel");
  await waitFor(() => expect(screen.queryByRole("dialog", { hidden: true })).toBeNull());
  expect(sent).toEqual([]);
  expect(bar()?.textContent).toContain("2 chosen");
});

it("says first for whom it was refused and why; they stay chosen", async () => {
  const detail = "It failed; look at its logs first.";
  const problem = { type: "about:blank", title: "Refused", status: 409, detail, errors: null };
  answers = [
    {
      items: [
        { slug: "acme", ok: true },
        { slug: "globex", ok: false, problem },
      ],
    },
  ];
  await ask("Resume", "acme", "globex");
  press("Resume 2 tenants");
  expect(await dialog().findByText("1 of 2 done. 1 refused:")).toBeTruthy();
  const [first, second] = dialog().getAllByRole("listitem", { hidden: true });
  expect(first?.textContent).toBe(`refusedglobex${detail}`);
  expect(second?.textContent).toBe("doneacme");
  press("Close");
  await waitFor(() => expect(bar()?.textContent).toContain("1 chosen"));
  expect(screen.getByLabelText<HTMLInputElement>("Choose globex").checked).toBe(true);
  expect(screen.getByLabelText<HTMLInputElement>("Choose acme").checked).toBe(false);
});

it("that is refused as a whole says why, and can be tried again", async () => {
  answers = [new Refusal(503, "The database is away. Try again.")];
  await ask("Restart", "acme");
  press("Restart acme");
  expect(await dialog().findByText("The database is away. Try again.")).toBeTruthy();
  press("Restart acme");
  expect(await dialog().findByText(/^Done for all 1/)).toBeTruthy();
  expect(sent).toHaveLength(2);
});

describe("deleting", () => {
  it("waits for a word on the disks and for what it means to be typed", async () => {
    await ask("Delete", "acme", "globex");
    expect(isOff("Delete 2 tenants")).toBe(true);
    write("Their disks", "erase");
    expect(isOff("Delete 2 tenants")).toBe(true);
    write("Type erase 2 to go on", "erase 3");
    expect(isOff("Delete 2 tenants")).toBe(true);
    write("Type erase 2 to go on", "erase 2");
    press("Delete 2 tenants");
    await dialog().findByText(/^Done for all 2/);
    expect(sent).toEqual([{ action: "delete", slugs: ["acme", "globex"], data: "erase" }]);
  });

  it("asks for the word again when the disks are to be kept after all", async () => {
    await ask("Delete", "acme");
    write("Their disks", "erase");
    write("Type erase 1 to go on", "erase 1");
    expect(isOff("Delete acme")).toBe(false);
    write("Their disks", "keep");
    expect(isOff("Delete acme")).toBe(true);
    write("Type keep 1 to go on", "keep 1");
    press("Delete acme");
    await dialog().findByText(/^Done for all 1/);
    expect(sent).toEqual([{ action: "delete", slugs: ["acme"], data: "keep" }]);
  });
});

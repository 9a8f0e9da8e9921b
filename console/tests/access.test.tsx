// Opening a tenant signed in: the tab that was opened for it leads there, or is gone again.
import { QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { tenantOf } from "../dev/data";
import { FakeApi, Refusal } from "../src/api/fake";
import { createQueries } from "../src/api/queries";
import { Access } from "../src/pages/tenant/Access";
import { Toasts } from "../src/ui/Toast";

const LINK = "https://acme.t.localhost:8443/.stateroom/enter?ticket=once";

let given: string | null | Refusal;
let tab: { opener: unknown; location: { href: string }; isClosed: boolean; close(): void };

beforeEach(() => {
  tab = {
    opener: window,
    location: { href: "" },
    isClosed: false,
    close() {
      this.isClosed = true;
    },
  };
  const fake = new FakeApi().on("get", "/api/v1/tenants/{slug}/access", () =>
    given instanceof Refusal ? given : { url: "", api_token: "st_x", open_url: given },
  );
  vi.stubGlobal("fetch", (input: RequestInfo | URL, init?: RequestInit) => fake.fetch(input, init));
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const open = (opened: typeof tab | null) => {
  vi.stubGlobal("open", () => opened);
  render(
    <QueryClientProvider client={createQueries()}>
      <Access tenant={tenantOf(0)} />
      <Toasts />
    </QueryClientProvider>,
  );
  fireEvent.click(screen.getByRole("button", { name: "Open, signed in" }));
};

it("leads the tab to the link, and the tab knows nothing of the console", async () => {
  given = LINK;
  open(tab);
  await waitFor(() => expect(tab.location.href).toBe(LINK));
  expect([tab.opener, tab.isClosed]).toEqual([null, false]);
});

it("closes the tab and says so where no link was made", async () => {
  given = null;
  open(tab);
  expect(await screen.findByText(/No link was made: the steward is away/)).toBeTruthy();
  expect([tab.location.href, tab.isClosed]).toEqual(["", true]);
});

it("closes the tab and says why where it is refused", async () => {
  given = new Refusal(503, "The steward does not answer.");
  open(tab);
  expect(await screen.findByText("The steward does not answer.")).toBeTruthy();
  expect(tab.isClosed).toBe(true);
});

it("says so where the browser opened no tab", async () => {
  given = LINK;
  open(null);
  expect(await screen.findByText(/The browser blocked the new tab/)).toBeTruthy();
});

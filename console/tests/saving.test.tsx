// Saving the forms of a tenant's page: what is typed meanwhile stays, whoever changes a tenant in
// two ways is not in conflict with themselves, and somebody else is noticed all the same.
import { QueryClientProvider } from "@tanstack/react-query";
import { act, cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { tenantOf } from "../dev/data";
import { createFake } from "../dev/installation";
import { Refusal, Reply } from "../src/api/fake";
import { createQueries } from "../src/api/queries";
import type { Tenant as TenantOut } from "../src/api/types";
import { Tenant } from "../src/pages/Tenant";
import { Tenants } from "../src/pages/Tenants";
import { unchangedUpTo } from "../src/pages/tenant/ownChanges";
import { type Edits, leftOf } from "../src/pages/values/edits";
import { SilentStream } from "./silentStream";

let acme: TenantOut;
let sent: { body: unknown; match: string | null }[];
/** While it is there, a change waits for it. */
let gate: Promise<void> | null;
let queries = createQueries();

/** The server's part: the generation rises by one with every change, whoever makes it. */
const changed = (part: Partial<TenantOut> = {}) => {
  acme = { ...acme, ...part, generation: acme.generation + 1 };
  return acme;
};

beforeAll(() => {
  // happy-dom has dialogs without the part that opens them.
  HTMLDialogElement.prototype.showModal ??= () => undefined;
});
beforeEach(() => {
  sessionStorage.clear();
  history.replaceState(null, "", "/tenants/acme");
  acme = { ...tenantOf(0), own_values: {} };
  sent = [];
  gate = null;
  queries = createQueries();
  const { api } = createFake();
  api
    .on("get", "/api/v1/tenants/{slug}", () => acme)
    .on("patch", "/api/v1/tenants/{slug}", ({ body, headers }) => {
      const match = headers.get("If-Match");
      sent.push({ body, match });
      if (match !== null && match !== `"${acme.generation}"`) {
        return new Refusal(412, "The tenant was changed meanwhile.");
      }
      const patch = body as { name?: string; values?: object; limits?: object };
      const own_values = { ...acme.own_values, ...patch.values };
      return new Reply(202, changed({ own_values, name: patch.name ?? acme.name }));
    })
    .on("post", "/api/v1/tenants/{slug}/restart", () => new Reply(202, changed()))
    .on("get", "/api/v1/tenants", () => ({ items: [acme], total: 1, next: null, previous: null }))
    .on("post", "/api/v1/tenants/bulk", () => {
      const { slug, generation } = changed();
      return { items: [{ slug, ok: true, generation }] };
    })
    .on("put", "/api/v1/tenants/{slug}/secrets/{name}", () => {
      changed();
      return new Reply(204, null);
    })
    .on("delete", "/api/v1/tenants/{slug}/secrets/{name}", () => {
      changed();
      return new Reply(204, null);
    });
  vi.stubGlobal("fetch", async (input: RequestInfo | URL, init?: RequestInit) => {
    if (new Request(input, init).method !== "GET") await gate;
    return api.fetch(input, init);
  });
  vi.stubGlobal("EventSource", SilentStream);
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const show = () =>
  render(
    <QueryClientProvider client={queries}>
      <Tenant slug="acme" />
    </QueryClientProvider>,
  );
const type = async (label: string, value: string) =>
  fireEvent.change(await screen.findByLabelText(label), { target: { value } });
const written = (label: string) => screen.getByLabelText<HTMLInputElement>(label).value;
const buttons = (name: string) => screen.getAllByRole("button", { name, hidden: true });
const press = (name: string) => fireEvent.click(buttons(name).at(-1) as HTMLElement);
const look = (name: string) => fireEvent.click(screen.getByRole("tab", { name }));
/** The values' own: it stands before the one of the variables. */
const save = () => fireEvent.click(buttons("Save")[0] as HTMLElement);
const hold = () => {
  let open: () => void = () => undefined;
  gate = new Promise((resolve) => {
    open = resolve;
  });
  return open;
};
const shownGeneration = (number: number) => screen.findByText(new RegExp(`^${number}, `));

describe("what is typed while it is saved", () => {
  it("stays, and is saved by the next Save over the answer's generation", async () => {
    show();
    await type("Budget", "77");
    await type("Model", "demo-2");
    const open = hold();
    save();
    await type("Budget", "78");
    await type("Reports", "on");
    open();
    await screen.findByText("2 edits are not saved yet.");
    expect([written("Budget"), written("Model"), written("Reports")]).toEqual([
      "78",
      "demo-2",
      "on",
    ]);
    save();
    await waitFor(() => expect(sent).toHaveLength(2));
    expect(sent).toEqual([
      { body: { values: { budget: 77, model: "demo-2" } }, match: '"1"' },
      { body: { values: { budget: 78, reports: "on" } }, match: '"2"' },
    ]);
  });

  it("elsewhere on the page does not bring back what was saved", async () => {
    show();
    await type("Budget", "77");
    const open = hold();
    save();
    look("Events");
    open();
    await shownGeneration(2);
    look("Settings");
    await waitFor(() => expect(written("Budget")).toBe("77"));
    expect(screen.queryByText(/not saved yet/)).toBeNull();
  });

  it("is what differs from what was sent", () => {
    expect(leftOf({ a: "1", b: null, c: "3" }, { a: "1", b: null, c: "2" })).toEqual({ c: "3" });
    expect(leftOf<Edits>({ constructor: "x" }, {})).toEqual({ constructor: "x" });
  });
});

describe("edits that began before", () => {
  const begin = async () => {
    show();
    await type("Budget", "77");
  };
  const savedOver = async (generation: number) => {
    await shownGeneration(generation);
    save();
    await waitFor(() => expect(sent.at(-1)?.body).toEqual({ values: { budget: 77 } }));
    return sent.at(-1)?.match;
  };
  const rename = async () => {
    press("Rename");
    const name = screen.getAllByLabelText("Name").at(-1) as HTMLElement;
    fireEvent.change(name, { target: { value: "Acme Ltd" } });
    press("Rename");
  };

  /** Leaves the page for the table and comes back. */
  const restartFromTheTable = async () => {
    cleanup();
    history.replaceState(null, "", "/tenants");
    render(
      <QueryClientProvider client={queries}>
        <Tenants />
      </QueryClientProvider>,
    );
    fireEvent.click(await screen.findByLabelText("Choose acme"));
    press("Restart");
    press("Restart acme");
    await screen.findByText(/^Done for all 1/);
    cleanup();
    history.replaceState(null, "", "/tenants/acme");
    show();
  };

  it("an own restart are no conflict with it", async () => {
    await begin();
    press("Restart");
    press("Restart acme");
    expect(await savedOver(2)).toBe('"2"');
  });

  it("an own rename are no conflict with it", async () => {
    await begin();
    await rename();
    expect(await savedOver(2)).toBe('"2"');
  });

  it("own secrets are no conflict with them", async () => {
    await begin();
    press("Set CRM_API_KEY");
    await type("Value", "secret");
    press("Set");
    await shownGeneration(2);
    await waitFor(() => expect(screen.queryByLabelText("Value")).toBeNull());
    press("Set CRM_API_KEY");
    await type("Value", "another");
    press("Set");
    expect(await savedOver(3)).toBe('"3"');
  });

  it("another form was saved are no conflict with it, in another tab and after a reload", async () => {
    await begin();
    look("Limits and usage");
    await type("CPU cores", "2");
    save();
    await shownGeneration(2);
    cleanup();
    queries = createQueries();
    history.replaceState(null, "", "/tenants/acme");
    show();
    await screen.findByText("1 edit is not saved yet.");
    expect(await savedOver(2)).toBe('"2"');
  });

  it("an own bulk action are no conflict with it, and another's before it is", async () => {
    await begin();
    await restartFromTheTable();
    expect(await savedOver(2)).toBe('"2"');
    await type("Budget", "90");
    act(() => void changed());
    await restartFromTheTable();
    await shownGeneration(5);
    save();
    expect(await screen.findByText(/Somebody changed this tenant meanwhile/)).toBeTruthy();
    expect(sent.at(-1)?.match).toBe('"3"');
  });

  it("somebody else's change are in conflict with it, whatever this tab did around it", async () => {
    await begin();
    act(() => void changed());
    await rename();
    await shownGeneration(3);
    save();
    expect(await screen.findByText(/Somebody changed this tenant meanwhile/)).toBeTruthy();
    expect(sent.at(-1)?.match).toBe('"1"');
  });

  it("somebody else's change are so after an own one, too", async () => {
    await begin();
    await rename();
    await shownGeneration(2);
    act(() => void changed());
    save();
    expect(await screen.findByText(/Somebody changed this tenant meanwhile/)).toBeTruthy();
    expect(sent.at(-1)?.match).toBe('"2"');
  });

  it("are carried on over own generations without a gap", () => {
    expect(unchangedUpTo(3, [])).toBe(3);
    expect(unchangedUpTo(3, [5, 4])).toBe(5);
    expect(unchangedUpTo(3, [2, 5])).toBe(3);
  });
});

// What a new tenant is made with: a key that was typed for one blueprint goes to no other one.
import { QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { createFake } from "../dev/installation";
import { Refusal } from "../src/api/fake";
import { createQueries } from "../src/api/queries";
import type { Blueprint } from "../src/blueprint/document";
import { DeployStep } from "../src/pages/first-deploy/DeployStep";
import { BEGINNING } from "../src/pages/first-deploy/wizard";
import { CreateTenant } from "../src/pages/tenants/CreateTenant";
import { secretsFor } from "../src/pages/tenants/useNewTenantsBlueprint";

/** A blueprint that asks for these secrets. */
const asking = (name: string, ...secrets: string[]): Blueprint => ({
  name,
  blocks: [
    { id: "door", kind: "url", options: {} },
    { id: "agent", kind: "openclaw", options: { version: "2026.9.6" } },
    { id: "brain", kind: "model", options: { model: "demo-1" } },
    { id: "data", kind: "volume", options: {} },
    ...secrets.map((secret, at) => ({ id: `s${at}`, kind: "secret", options: { name: secret } })),
  ],
  links: [
    ["door", "agent"],
    ["agent", "brain"],
    ["agent", "data"],
    ...secrets.map((_, at): [string, string] => ["agent", `s${at}`]),
  ],
});

let made: unknown[];

beforeAll(() => {
  // happy-dom has dialogs without the part that opens them.
  HTMLDialogElement.prototype.showModal ??= () => undefined;
});
beforeEach(async () => {
  sessionStorage.clear();
  localStorage.clear();
  made = [];
  const { api } = createFake();
  api.on("post", "/api/v1/tenants", ({ body }) => {
    made.push(body);
    return new Refusal(507, "There is no room.");
  });
  vi.stubGlobal("fetch", (input: RequestInfo | URL, init?: RequestInit) => api.fetch(input, init));
  for (const document of [
    asking("mailer", "MAIL_KEY", "SHARED_KEY"),
    asking("shop", "SHARED_KEY"),
  ]) {
    await fetch(`/api/v1/blueprints/${document.name}`, {
      method: "PUT",
      body: JSON.stringify(document),
    });
  }
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const show = (part: ReactNode) =>
  render(<QueryClientProvider client={createQueries()}>{part}</QueryClientProvider>);
const type = async (label: string, value: string) =>
  fireEvent.change(await screen.findByLabelText(label), { target: { value } });
const press = (name: string) => fireEvent.click(screen.getByRole("button", { name, hidden: true }));

describe("secrets that were typed", () => {
  it("are those of the document, without empty ones", () => {
    const typed = { MAIL_KEY: "a", SHARED_KEY: "", constructor: "c" };
    expect(secretsFor(asking("mailer", "MAIL_KEY", "SHARED_KEY"), typed)).toEqual({
      MAIL_KEY: "a",
    });
    expect(secretsFor(undefined, typed)).toEqual({});
  });

  it("for a blueprint that is no longer the chosen one are not sent", async () => {
    show(<CreateTenant onClose={() => undefined} />);
    await type("Blueprint", "mailer");
    await type("Name", "Acme");
    await type("MAIL_KEY", "the mailer's");
    await type("SHARED_KEY", "of both");
    await type("Blueprint", "shop");
    await waitFor(() => expect(screen.queryByLabelText("MAIL_KEY")).toBeNull());
    await screen.findByLabelText("SHARED_KEY");
    press("Create tenant");
    await waitFor(() => expect(made).toHaveLength(1));
    expect(made[0]).toHaveProperty("blueprint", "shop");
    expect(made[0]).toHaveProperty("secrets", { SHARED_KEY: "of both" });
  });

  it("for a block that was taken away again are not sent by the first deploy", async () => {
    const nothing = () => undefined;
    const secrets = { MAIL_KEY: "the mailer's", SHARED_KEY: "of both" };
    show(
      <DeployStep
        wizard={{ ...BEGINNING, step: "deploy", blueprint: "shop", tenantName: "Acme" }}
        drawing={{ document: asking("shop", "SHARED_KEY"), places: {} }}
        secrets={secrets}
        {...{ onMade: nothing, onStarted: nothing, onRefused: nothing, onBack: nothing }}
      />,
    );
    press("Deploy");
    await waitFor(() => expect(made).toHaveLength(1));
    expect(made[0]).toHaveProperty("blueprint", "shop");
    expect(made[0]).toHaveProperty("secrets", { SHARED_KEY: "of both" });
  });
});

describe("the first deploy whose answers are lost on the way", () => {
  it("goes on by itself, with the same key, and says so meanwhile", async () => {
    const keys: (string | null)[] = [];
    const known = globalThis.fetch;
    vi.stubGlobal("fetch", (input: RequestInfo | URL, init?: RequestInit) => {
      const request = new Request(input, init);
      const isTenant = request.method === "POST" && request.url.endsWith("/tenants");
      if (isTenant && keys.push(request.headers.get("Idempotency-Key")) === 1) {
        return Promise.reject(new TypeError("network changed"));
      }
      return known(request);
    });
    const refused: unknown[] = [];
    const nothing = () => undefined;
    show(
      <DeployStep
        wizard={{ ...BEGINNING, step: "deploy", blueprint: "shop", tenantName: "Acme" }}
        drawing={{ document: asking("shop", "SHARED_KEY"), places: {} }}
        secrets={{}}
        onRefused={(error) => refused.push(error)}
        {...{ onMade: nothing, onStarted: nothing, onBack: nothing }}
      />,
    );
    press("Deploy");
    await screen.findByText(/goes on when it is back/);
    await waitFor(() => expect(refused).toHaveLength(1), { timeout: 10_000 });
    expect(keys).toHaveLength(2);
    expect(keys[0]).toBe(keys[1]);
  });
});

// A page asks again for what it shows whenever its window is looked at. An answer that fails then
// says nothing of what is there already: a form that is half filled in stays as it is.
import { focusManager, QueryClientProvider } from "@tanstack/react-query";
import { act, cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { tenantOf } from "../dev/data";
import { createFake } from "../dev/installation";
import { createQueries } from "../src/api/queries";
import { useSession } from "../src/api/session";
import { FirstDeploy } from "../src/pages/FirstDeploy";
import { BEGINNING } from "../src/pages/first-deploy/wizard";
import { SignUp } from "../src/pages/SignUp";
import { WebhookCard } from "../src/pages/sign-up/WebhookCard";
import { Values } from "../src/pages/tenant/Values";
import { CreateTenant } from "../src/pages/tenants/CreateTenant";

const A_MINUTE = 60_000;
let queries = createQueries();
let isOver: boolean;
let refused: string[];

beforeAll(() => {
  // happy-dom has dialogs without the part that opens them.
  HTMLDialogElement.prototype.showModal ??= () => undefined;
});
beforeEach(() => {
  sessionStorage.clear();
  localStorage.clear();
  queries = createQueries();
  isOver = false;
  refused = [];
  useSession.setState({ state: "signed-in" });
  vi.useFakeTimers({ toFake: ["Date"] });
  const { api } = createFake();
  vi.stubGlobal("fetch", async (input: RequestInfo | URL, init?: RequestInit) => {
    if (!isOver) return api.fetch(input, init);
    refused.push(new URL(new Request(input, init).url).pathname);
    return Response.json({ detail: "Your session is over." }, { status: 401 });
  });
});
afterEach(() => {
  cleanup();
  focusManager.setFocused(undefined);
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const show = (part: ReactNode) =>
  render(<QueryClientProvider client={queries}>{part}</QueryClientProvider>);
const type = async (label: string, value: string) =>
  fireEvent.change(await screen.findByLabelText(label), { target: { value } });
const written = (label: string) => screen.getByLabelText<HTMLInputElement>(label).value;

/** Somebody comes back to the window after the session ended: `path` is answered 401. */
async function comeBack(path: string): Promise<void> {
  isOver = true;
  vi.setSystemTime(Date.now() + A_MINUTE);
  act(() => {
    focusManager.setFocused(false);
    focusManager.setFocused(true);
  });
  await waitFor(() => expect(refused).toContain(path));
  await waitFor(() => expect(useSession.getState().state).toBe("expired"));
}

it("a new tenant stays as it was typed", async () => {
  show(<CreateTenant onClose={() => undefined} />);
  await type("CRM_API_KEY", "typed");
  await type("Name", "Acme");
  await comeBack("/api/v1/blueprints");
  await waitFor(() => expect(refused).toContain("/api/v1/blueprints/support-agent/schema"));
  expect(written("Name")).toBe("Acme");
  expect(written("CRM_API_KEY")).toBe("typed");
});

it("a webhook stays as it was typed, the first one too", async () => {
  show(<WebhookCard />);
  await type("Address of your receiver", "https://example.com/mine");
  await comeBack("/api/v1/webhook");
  expect(written("Address of your receiver")).toBe("https://example.com/mine");
});

it("the sign-up's example stays as it was typed", async () => {
  show(<SignUp />);
  await type("Slug", "mine");
  await comeBack("/api/v1/blueprints");
  await waitFor(() => expect(refused).toContain("/api/v1/blueprints/support-agent/schema"));
  expect(written("Slug")).toBe("mine");
});

it("a tenant's values stay as they were typed when a roll-out makes their schema old", async () => {
  show(<Values tenant={tenantOf(0)} />);
  await type("Budget", "77");
  isOver = true;
  await act(() => queries.invalidateQueries({ queryKey: ["blueprints"] }));
  expect(refused).toEqual(["/api/v1/blueprints/support-agent/schema"]);
  await waitFor(() => expect(useSession.getState().state).toBe("expired"));
  await act(() => new Promise((resolve) => setTimeout(resolve)));
  expect(written("Budget")).toBe("77");
});

it("a provider's key of the first deploy stays as it was typed", async () => {
  const begun = { ...BEGINNING, step: "model", blueprint: "support-agent", provider: "openai" };
  sessionStorage.setItem("stateroom:edits:first-deploy", JSON.stringify(begun));
  show(<FirstDeploy />);
  await type("Key", "typed");
  await comeBack("/api/v1/blueprints/support-agent");
  expect(written("Key")).toBe("typed");
});

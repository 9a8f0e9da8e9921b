// The page of one blueprint: what is drawn outlives a server that is away for a while.
import { notifyManager, QueryClientProvider } from "@tanstack/react-query";
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { FakeApi, Refusal } from "../src/api/fake";
import { createQueries } from "../src/api/queries";
import { Editor } from "../src/pages/Editor";
import { SAMPLE } from "./sample";

let api: FakeApi;

// What comes back is told to the page at once, so that `act` sees all of it.
notifyManager.setScheduler((tell) => tell());

beforeEach(() => {
  localStorage.clear();
  // happy-dom has dialogs without the part that opens them.
  HTMLDialogElement.prototype.showModal ??= () => undefined;
  api = new FakeApi()
    .on("get", "/api/v1/blueprints/{name}", () => ({
      name: "sample",
      revision: 1,
      deployed_revision: null,
      digest: "x",
      created_at: "2026-01-01T00:00:00Z",
      document: { ...SAMPLE },
      layout: {},
    }))
    .on("get", "/api/v1/templates", () => ({ items: [] }))
    .on("get", "/api/v1/deployments", () => ({ items: [] }));
  vi.stubGlobal("fetch", (input: RequestInfo | URL, init?: RequestInit) => api.fetch(input, init));
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

it("keeps the drawing and the way back while the server does not answer", async () => {
  const queries = createQueries();
  render(
    <QueryClientProvider client={queries}>
      <Editor name="sample" />
    </QueryClientProvider>,
  );
  fireEvent.click(await screen.findByRole("button", { name: /OpenClaw.*agent/s }));
  const cpu = screen.getByLabelText(/^CPU/, { selector: "input" });
  fireEvent.change(cpu, { target: { value: "2" } });
  expect(screen.getByText("1 staged change")).toBeTruthy();
  api.on("get", "/api/v1/blueprints/{name}", () => new Refusal(500, "The database is away."));
  await act(() => queries.refetchQueries({ queryKey: ["blueprints", "sample"] }));
  expect(queries.getQueryState(["blueprints", "sample"])?.status).toBe("error");
  expect(screen.getByText("1 staged change")).toBeTruthy();
  fireEvent.keyDown(document.body, { key: "z", ctrlKey: true });
  expect(screen.getByText("No changes")).toBeTruthy();
});

// The way back to a first deploy that was begun in this tab, from its blueprint on the canvas.
import { QueryClientProvider } from "@tanstack/react-query";
import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeApi } from "../src/api/fake";
import { createQueries } from "../src/api/queries";
import { emptyBlueprint } from "../src/blueprint/document";
import { EditingContext } from "../src/canvas/editing";
import { createEditor } from "../src/canvas/store";
import { Topbar } from "../src/pages/editor/Topbar";
import { BEGINNING } from "../src/pages/first-deploy/wizard";

beforeEach(() => {
  sessionStorage.clear();
  const fake = new FakeApi().on("get", "/api/v1/deployments", () => ({ items: [] }));
  vi.stubGlobal("fetch", (input: RequestInfo | URL, init?: RequestInit) => fake.fetch(input, init));
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

function open(name: string): void {
  const document = emptyBlueprint(name);
  const editor = createEditor(name, { revision: 1, drawing: { document, places: {} } }, null);
  const draft = { name, document, layout: {}, base: 1, problems: 0, changes: [] };
  const nothing = () => undefined;
  render(
    <QueryClientProvider client={createQueries()}>
      <EditingContext value={{ editor, starters: new Map() }}>
        <Topbar
          {...{ draft, deployed: 1, onDeploy: nothing, onRevisions: nothing }}
          {...{ onProblems: nothing, onChanges: nothing }}
        />
      </EditingContext>
    </QueryClientProvider>,
  );
}

const linkTo = (name: string) => screen.queryByRole("link", { name })?.getAttribute("href");

describe("above the canvas", () => {
  const begun = (blueprint: string) =>
    sessionStorage.setItem(
      "stateroom:edits:first-deploy",
      JSON.stringify({ ...BEGINNING, blueprint, step: "draw" }),
    );

  it("stands the way back to the guide, for its blueprint alone", () => {
    begun("minimal");
    open("minimal");
    expect(linkTo("Your first deploy")).toBe("/first");
    cleanup();
    open("another");
    expect(linkTo("Your first deploy")).toBeUndefined();
    expect(linkTo("Blueprints")).toBe("/blueprints");
  });

  it("stand the blueprints where nobody began one", () => {
    open("minimal");
    expect(linkTo("Your first deploy")).toBeUndefined();
    expect(linkTo("Blueprints")).toBe("/blueprints");
  });
});

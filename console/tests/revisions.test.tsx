// Deploying a revision that is there already: tenants are moved to it, and nothing is saved.
import { QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Refusal } from "../src/api/fake";
import { createQueries } from "../src/api/queries";
import type { Blueprint } from "../src/blueprint/document";
import { Revisions } from "../src/panels/Revisions";
import { BASE, button, RUNNING, type Server, saved, serve } from "./deployLab";

/** What revision 1 was, before the model was changed. */
const EARLIER: Blueprint = {
  ...BASE,
  blocks: BASE.blocks.map((block) =>
    block.id === "brain" ? { ...block, options: { model: "demo-0" } } : block,
  ),
};

let server: Server;

beforeEach(() => {
  server = serve();
  const { created: _, ...revision } = saved(1);
  const listed = { name: "sample", revision: 2, deployed_revision: 2 };
  server.api
    .on("get", "/api/v1/blueprints", () => ({ items: [{ ...revision, ...listed }] }))
    .on("get", "/api/v1/blueprints/{name}/revisions", () => ({
      items: [{ ...revision, revision: 2 }, revision],
    }))
    .on("get", "/api/v1/blueprints/{name}/revisions/{number}", ({ params }) => ({
      ...revision,
      revision: Number(params.number),
      document: { ...(params.number === "1" ? EARLIER : BASE) },
    }));
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const closed = vi.fn();
/** As soon as its plan is there. */
const review = async (number: number) => {
  closed.mockReset();
  render(
    <QueryClientProvider client={createQueries()}>
      <Revisions name="sample" onClose={closed} />
    </QueryClientProvider>,
  );
  const name = `Deploy revision ${number}`;
  fireEvent.click(await screen.findByRole("button", { name, hidden: true }));
  await screen.findByText("1 tenant is restarted and 1 is changed in place.");
};
const deploy = () => fireEvent.click(button("Deploy revision 1"));

it("plans the document of that revision, and sends its number alone", async () => {
  await review(1);
  expect(server.last("plan")?.body).toEqual(EARLIER);
  expect(server.acts()).toEqual([]);
  deploy();
  expect(await screen.findByText("Deploying to 0 tenants")).toBeTruthy();
  expect(server.acts()).toEqual(["deploy"]);
  expect(server.last("deploy")?.params).toEqual({ name: "sample" });
  expect(server.last("deploy")?.body).toEqual({ revision: 1 });
  fireEvent.click(button("Leave it running"));
  expect(closed).toHaveBeenCalledOnce();
});

it("sends the share that goes first, as the plan was asked for it", async () => {
  await review(1);
  fireEvent.click(screen.getByLabelText("10 % first"));
  await waitFor(() => expect(server.last("plan")?.query.get("canary")).toBe("10%"));
  deploy();
  await waitFor(() => expect(server.acts()).toEqual(["deploy"]));
  expect(server.last("deploy")?.body).toEqual({ revision: 1, canary: "10%" });
});

it("goes back to all revisions without sending anything", async () => {
  await review(1);
  fireEvent.click(button("Back"));
  expect(await screen.findByText("From revision 1 to 2")).toBeTruthy();
  expect(server.acts()).toEqual([]);
});

it("waits for a roll-out that goes on, which can be looked at", async () => {
  server.deployments = [RUNNING];
  await review(1);
  await screen.findByText(/A roll-out of sample goes on/);
  expect(button("Deploy revision 1").hasAttribute("disabled")).toBe(true);
  fireEvent.click(button("Show it"));
  expect(await screen.findByText("Deploying to 0 tenants")).toBeTruthy();
  expect(server.acts()).toEqual([]);
});

it("that is refused says why, and can be tried again", async () => {
  const short = "Not enough memory: 512 MiB are free, 1024 are needed.";
  server.api.on("post", "/api/v1/blueprints/{name}/deploy", () => new Refusal(507, short));
  await review(1);
  deploy();
  expect(await screen.findByText(short)).toBeTruthy();
  expect(button("Deploy revision 1").hasAttribute("disabled")).toBe(false);
});

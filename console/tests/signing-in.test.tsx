// Signing in, and a session that ends while somebody works: the code of a link is used once and
// stands nowhere, wrong ones are said, and too many make wait.
import { QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { StrictMode } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeApi, Refusal, Reply } from "../src/api/fake";
import { createQueries } from "../src/api/queries";

const real = globalThis.fetch;
afterEach(() => {
  cleanup();
  globalThis.fetch = real;
});
beforeEach(() => vi.resetModules());

/** As a browser does it: the address is there before any module is. */
async function open(address: string, fake: FakeApi) {
  history.replaceState(null, "", address);
  // Relative addresses need a page that they are relative to.
  globalThis.fetch = (input, init) => fake.fetch(input, init);
  const { SignIn } = await import("../src/pages/SignIn");
  render(
    <StrictMode>
      <QueryClientProvider client={createQueries()}>
        <SignIn />
      </QueryClientProvider>
    </StrictMode>,
  );
}

const UNTIL = { expires_at: "2030-01-01T00:00:00Z" };

describe("a link", () => {
  it("signs in once, and its code leaves the address at once", async () => {
    const sent: unknown[] = [];
    const fake = new FakeApi().on("post", "/api/v1/session", ({ body }) => {
      sent.push(body);
      return UNTIL;
    });
    await open("/sign-in#the-code", fake);
    expect(location.href).not.toContain("the-code");
    await waitFor(() => expect(location.pathname).toBe("/"));
    expect(sent).toEqual([{ code: "the-code" }]);
  });

  it("that is pasted into a tab which asks to sign in already is used too", async () => {
    const sent: unknown[] = [];
    const fake = new FakeApi().on("post", "/api/v1/session", ({ body }) => {
      sent.push(body);
      return UNTIL;
    });
    await open("/sign-in", fake);
    location.hash = "#pasted";
    await waitFor(() => expect(location.pathname).toBe("/"));
    expect(location.href).not.toContain("pasted");
    expect(sent).toEqual([{ code: "pasted" }]);
  });

  it("goes before what was asked without a session and is answered after it", async () => {
    const fake = new FakeApi()
      .on("post", "/api/v1/session", () => UNTIL)
      .on("get", "/api/v1/session", () => new Refusal(401, "nobody is signed in"));
    history.replaceState(null, "", "/sign-in#the-code");
    let answerLate = () => {};
    const late = new Promise<void>((resolve) => {
      answerLate = resolve;
    });
    globalThis.fetch = async (input, init) => {
      const answer = await fake.fetch(input, init);
      if (answer.status === 401) await late;
      return answer;
    };
    const { findSession, signIn, useSession } = await import("../src/api/session");
    const asked = findSession();
    await signIn({ code: "the-code" });
    answerLate();
    await asked;
    expect(fake.calls).toContain("GET /api/v1/session");
    expect(useSession.getState().state).toBe("signed-in");
  });

  it("that was used already says so, and a key still helps", async () => {
    const sent: unknown[] = [];
    const fake = new FakeApi().on("post", "/api/v1/session", ({ body }) => {
      sent.push(body);
      return "key" in (body as object) ? UNTIL : new Refusal(401, "this link was used already");
    });
    await open("/sign-in#old", fake);
    expect(await screen.findByText("This link was used already.")).toBeTruthy();
    fireEvent.change(screen.getByLabelText(/admin key here/), { target: { value: " k1 " } });
    fireEvent.click(screen.getByRole("button", { name: "Sign in" }));
    await waitFor(() => expect(sent).toEqual([{ code: "old" }, { key: "k1" }]));
  });
});

describe("too many wrong ones", () => {
  it("make wait as long as the server says", async () => {
    const problem = { type: "about:blank", title: "Wait", status: 429, detail: "Wait." };
    const fake = new FakeApi().on(
      "post",
      "/api/v1/session",
      () => new Reply(429, problem, { "Retry-After": "30" }),
    );
    await open("/sign-in", fake);
    fireEvent.change(screen.getByLabelText(/admin key here/), { target: { value: "wrong" } });
    fireEvent.click(screen.getByRole("button", { name: "Sign in" }));
    const button = await screen.findByRole<HTMLButtonElement>("button", { name: /^Wait \d+ s$/ });
    expect(button.disabled).toBe(true);
  });
});

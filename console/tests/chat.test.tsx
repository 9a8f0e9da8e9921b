// The chat: how a streamed answer is read, what a refusal says, and that words stay words.
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeApi } from "../src/api/fake";
import { Chat } from "../src/panels/Chat";
import { asked, ended, failed, grown, turnsOf } from "../src/panels/chat/conversation";
import { failureOf, UNREACHABLE } from "../src/panels/chat/failure";
import { createReader, type Piece, refusalText } from "../src/panels/chat/pieces";

const said = (text: string) =>
  `data: ${JSON.stringify({ choices: [{ delta: { content: text } }] })}`;

function textOf(pieces: Piece[]): string {
  return pieces.map((piece) => ("text" in piece ? piece.text : "")).join("");
}

describe("reading a stream", () => {
  it("gives the same text however it is cut", () => {
    const words = fc.array(fc.string(), { maxLength: 8 });
    const cuts = fc.array(fc.nat(400), { maxLength: 8 });
    const ends = fc.constantFrom("\n\n", "\r\n\r\n");
    fc.assert(
      fc.property(words, cuts, ends, (parts, at, end) => {
        const whole = [...parts.map(said), "data: [DONE]"].map((line) => line + end).join("");
        const read = createReader();
        const places = [0, ...at.map((cut) => cut % (whole.length + 1)), whole.length];
        const sorted = places.sort((one, other) => one - other);
        const pieces = sorted.flatMap((place, index) =>
          read(whole.slice(sorted[index - 1], place)),
        );
        expect(textOf(pieces)).toBe(parts.join(""));
        expect(pieces.at(-1)).toEqual({ done: true });
      }),
    );
  });

  it("passes over comments, other fields and what is no JSON", () => {
    const read = createReader();
    const noise = ": ping\nevent: x\nid: 1\ndata: {broken\ndata: {}\ndata: null\ndata: 7\n";
    expect(read(`${noise}${said("ok")}\n`)).toEqual([{ text: "ok" }]);
  });

  it("tells an error inside of a stream", () => {
    const read = createReader();
    expect(read('data: {"error": {"message": "The budget is spent."}}\n')).toEqual([
      { error: "The budget is spent." },
    ]);
    expect(read('data: {"error": "x"}\n')).toEqual([{ error: "x" }]);
  });
});

describe("a refusal", () => {
  it("says what to do for each kind", () => {
    const of = (status: number, retryAfter: number | null = null) =>
      failureOf({ status, said: "", retryAfter });
    expect(of(429, 12)).toMatchObject({ kind: "too-many", after: 12 });
    expect(of(429).text).toContain("in a minute");
    expect(of(503).kind).toBe("not-ready");
    expect(of(401).kind).toBe("no-token");
    expect(of(500).text).toContain("500");
  });

  it("gives the words of whoever refused", () => {
    expect(refusalText('{"detail": "The door is shut."}')).toBe("The door is shut.");
    expect(refusalText('{"error": {"message": "No such model."}}')).toBe("No such model.");
    expect(refusalText("<html>")).toBe("");
  });
});

describe("a conversation", () => {
  it("sends the turns that have words, and no empty place", () => {
    const first = ended(grown(asked([], "one"), "answer"), "done");
    const second = failed(asked(first, "two"), UNREACHABLE);
    expect(turnsOf(second)).toEqual([
      { role: "user", content: "one" },
      { role: "assistant", content: "answer" },
      { role: "user", content: "two" },
    ]);
  });
});

describe("the panel", () => {
  const HOSTILE = "<img src=x onerror='globalThis.hurt = true'>  two  spaces\n# no heading";
  const fetched: Request[] = [];
  let answers: Response[] = [];

  beforeEach(() => {
    fetched.length = 0;
    let token = 0;
    const fake = new FakeApi().on("get", "/api/v1/tenants/{slug}/access", () => {
      token += 1;
      return { url: "https://acme.t.localhost:8443/", api_token: `st_${token}`, open_url: null };
    });
    vi.stubGlobal("fetch", async (input: RequestInfo | URL, init?: RequestInit) => {
      const request = new Request(input, init);
      if (!request.url.startsWith("https://acme.")) return fake.fetch(request);
      fetched.push(request);
      const answer = answers.shift();
      if (!answer) throw new TypeError("Failed to fetch");
      return answer;
    });
    const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
    render(
      <QueryClientProvider client={client}>
        <Chat slug="acme" />
      </QueryClientProvider>,
    );
  });
  afterEach(() => {
    cleanup();
    vi.unstubAllGlobals();
  });

  const say = (text: string) => {
    const box = screen.getByLabelText("Your message");
    fireEvent.change(box, { target: { value: text } });
    fireEvent.keyDown(box, { key: "Enter" });
  };

  it("shows an answer as the text that it is", async () => {
    answers = [new Response(`${said(HOSTILE)}\n\ndata: [DONE]\n\n`)];
    say("hello");
    const shown = await screen.findAllByText((_, element) => element?.textContent === HOSTILE);
    expect(shown.some((element) => element.className === "bubble__text")).toBe(true);
    expect(document.querySelector("img")).toBeNull();
    expect(fetched[0]?.headers.get("Authorization")).toBe("Bearer st_1");
    expect(fetched[0]?.credentials).toBe("omit");
    expect(JSON.stringify([{ ...localStorage }, { ...sessionStorage }])).not.toContain("st_");
  });

  it("takes a new token where the old one is refused, once", async () => {
    answers = [new Response(`${said("one")}\n\ndata: [DONE]\n\n`)];
    say("first");
    await screen.findAllByText("one");
    answers = [
      new Response("", { status: 401 }),
      new Response(`${said("two")}\n\ndata: [DONE]\n\n`),
    ];
    say("second");
    await screen.findAllByText("two");
    expect(fetched.map((request) => request.headers.get("Authorization"))).toEqual([
      "Bearer st_1",
      "Bearer st_1",
      "Bearer st_2",
    ]);
  });

  it("keeps what came of an answer that broke off, and asks again on demand", async () => {
    answers = [new Response(`${said("half an ")}\n\n`)];
    say("hello");
    const again = await screen.findByRole("button", { name: "Try again" });
    expect(screen.getByText("half an")).toBeTruthy();
    answers = [new Response(`${said("whole")}\n\ndata: [DONE]\n\n`)];
    fireEvent.click(again);
    await screen.findAllByText("whole");
    expect(screen.queryByText("half an")).toBeNull();
    expect(await fetched[1]?.json()).toMatchObject({
      messages: [{ role: "user", content: "hello" }],
    });
  });

  it.each([429, 503])(
    "counts down what a %d asks for, and can be asked again then",
    async (status) => {
      answers = [new Response("", { status, headers: { "Retry-After": "1" } })];
      say("hello");
      const wait = await screen.findByRole("button", { name: "Try again in 1 s" });
      expect(wait.hasAttribute("disabled")).toBe(true);
      const again = await screen.findByRole("button", { name: "Try again" }, { timeout: 30_000 });
      answers = [new Response(`${said("whole")}\n\ndata: [DONE]\n\n`)];
      fireEvent.click(again);
      await screen.findAllByText("whole");
    },
  );

  it("explains the certificate where the tenant cannot be reached", async () => {
    answers = [];
    say("hello");
    await waitFor(() =>
      expect(screen.getByText(/does not trust Stateroom's certificate/)).toBeTruthy(),
    );
  });
});

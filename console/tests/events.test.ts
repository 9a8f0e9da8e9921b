// The stream of events, and what is asked for anew when some of them may have been lost: a browser
// takes a lost stream up again behind its last event, but a new one begins with what comes then.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type Heard, listen, lookAgain, useNews } from "../src/api/events";
import { FakeApi, Refusal } from "../src/api/fake";
import { createQueries, refreshByEvents } from "../src/api/queries";
import { useSession } from "../src/api/session";

type Take = (message: { data: string; lastEventId: string }) => void;

class Stream {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSED = 2;
  static opened: Stream[] = [];
  onopen = () => undefined;
  onerror = () => undefined;
  readyState = Stream.CONNECTING;
  private takes = new Map<string, Take>();
  constructor() {
    Stream.opened.push(this);
  }
  static get last(): Stream {
    return Stream.opened.at(-1) as Stream;
  }
  addEventListener(event: string, take: Take) {
    this.takes.set(event, take);
  }
  close() {
    this.readyState = Stream.CLOSED;
  }
  isThere() {
    this.readyState = Stream.OPEN;
    this.onopen();
  }
  tells(id: string) {
    this.takes.get("tenant")?.({ data: '{"slug": "acme"}', lastEventId: id });
  }
  /** The connection is lost, and the browser tries again by itself. */
  isLost() {
    this.readyState = Stream.CONNECTING;
    this.onerror();
  }
  /** It is answered 503 or 401, after which no browser tries again. */
  isRefused() {
    this.readyState = Stream.CLOSED;
    this.onerror();
  }
}

let heard: Heard[];
let missed: number;
let stop: () => void;
let session: "there" | "over" | "away";

beforeEach(() => {
  Stream.opened = [];
  heard = [];
  missed = 0;
  session = "there";
  vi.useFakeTimers();
  vi.stubGlobal("EventSource", Stream);
  const status = { there: 0, over: 401, away: 503 };
  const fake = new FakeApi().on("get", "/api/v1/session", () =>
    session === "there" ? { expires_at: "" } : new Refusal(status[session], "Not now."),
  );
  vi.stubGlobal("fetch", (input: RequestInfo | URL, init?: RequestInit) => fake.fetch(input, init));
  useSession.setState({ state: "signed-in" });
  stop = listen(
    (one) => void heard.push(one),
    () => {
      missed += 1;
    },
  );
});
afterEach(() => {
  stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const wait = () => vi.advanceTimersByTimeAsync(10_000);

it("the first stream has missed nothing", () => {
  Stream.last.isThere();
  Stream.last.tells("7");
  expect(heard).toEqual([{ event: "tenant", data: { slug: "acme" } }]);
  expect(missed).toBe(0);
});

it("one that goes on behind its last event has missed nothing", async () => {
  Stream.last.isThere();
  Stream.last.tells("7");
  Stream.last.isLost();
  await wait();
  Stream.last.isThere();
  expect([Stream.opened.length, missed]).toEqual([1, 0]);
});

it("one that was lost before its first event may have missed some", async () => {
  Stream.last.isThere();
  Stream.last.isLost();
  await wait();
  Stream.last.isThere();
  expect(missed).toBe(1);
});

it.each(["there", "over", "away"] as const)(
  "one that is made anew may have missed some, once (the session is %s)",
  async (how) => {
    Stream.last.isThere();
    Stream.last.tells("7");
    session = how;
    Stream.last.isRefused();
    await wait();
    expect([Stream.opened.length, missed]).toEqual([2, 0]);
    Stream.last.isThere();
    expect(missed).toBe(1);
    expect(useNews.getState().state).toBe("live");
    session = "there";
    Stream.last.tells("9");
    Stream.last.isLost();
    await wait();
    Stream.last.isThere();
    expect(missed).toBe(1);
  },
);

it("one that somebody asked for may have missed some", () => {
  Stream.last.isThere();
  Stream.last.tells("7");
  lookAgain();
  Stream.last.isThere();
  expect(missed).toBe(1);
});

it("one of another visit begins anew", async () => {
  Stream.last.isThere();
  Stream.last.isRefused();
  stop();
  stop = listen(
    () => undefined,
    () => {
      missed += 1;
    },
  );
  Stream.last.isThere();
  await wait();
  expect([Stream.opened.length, missed]).toEqual([2, 0]);
});

it("all answers are asked for anew where events may have been missed", async () => {
  stop();
  const queries = createQueries();
  await queries.fetchQuery({ queryKey: ["anything"], queryFn: () => "known" });
  stop = refreshByEvents(queries);
  Stream.last.isThere();
  Stream.last.isRefused();
  await wait();
  Stream.last.isThere();
  expect(queries.getQueryState(["anything"])?.isInvalidated).toBe(true);
});

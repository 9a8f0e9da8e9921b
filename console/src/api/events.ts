// What happens in the installation, as it happens: one stream for the whole console. Whoever
// listens is told; a lost stream is told too, and the browser takes it up again by itself.
import { create } from "zustand";
import { answer, api, problemFrom } from "./client";
import { noticeSessionError } from "./session";

export type Heard = { event: "tenant" | "deployment"; data: { [key: string]: unknown } };
type Listener = (heard: Heard) => void;
type Missed = () => void;

/** Whether news arrive at the moment. `away` from the first loss until it is back. */
export const useNews = create<{ state: "idle" | "live" | "away" }>(() => ({ state: "idle" }));

const ADDRESS = "/api/v1/events?follow=true&tail=0";
const PAUSE = 2_000;
const MOMENT = 500;
const TRIES = 3;
const listeners = new Map<Listener, Missed>();
let stream: EventSource | null = null;
/** Whether the stream had an event. Then the browser says which, and the server sends those behind
 *  it once the stream is back; a stream before its first event, or a new one, begins with now. */
let hasPlace = false;
let hasMissed = false;
let again: ReturnType<typeof setTimeout> | undefined;

/** Hear every event until the returned function is called. missed: called when events may have been
 *  lost between two streams, so that whatever is known may be old. */
export function listen(listener: Listener, missed: Missed = () => undefined): () => void {
  listeners.set(listener, missed);
  if (!stream) open();
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) close();
  };
}

function open(): void {
  clearTimeout(again);
  stream = new EventSource(ADDRESS);
  hasPlace = false;
  stream.onopen = opened;
  stream.onerror = lost;
  for (const event of ["tenant", "deployment"] as const) {
    stream.addEventListener(event, (message) => {
      hasPlace ||= message.lastEventId !== "";
      tell(event, message.data);
    });
  }
}

function opened(): void {
  useNews.setState({ state: "live" });
  if (hasMissed) for (const missed of listeners.values()) missed();
  hasMissed = false;
}

// A browser tries again by itself after a lost connection, but not after an answer such as 503 or
// 401: a session that is over is no server that is away.
function lost(): void {
  clearTimeout(again);
  const isClosed = stream?.readyState === EventSource.CLOSED;
  hasMissed ||= isClosed || !hasPlace;
  if (isClosed) again = setTimeout(open, PAUSE);
  void lookForServer();
}

// On the machine itself a browser loses every connection when a cabin's network comes or goes, and
// has it again a moment later. Only a server that does not answer a few times is away.
async function lookForServer(): Promise<void> {
  for (let tries = 0; tries < TRIES && stream?.readyState !== EventSource.OPEN; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, MOMENT));
    try {
      await answer(api.GET("/api/v1/session"));
      return;
    } catch (error) {
      const isOver = problemFrom(error).status === 401;
      if (isOver || tries === TRIES - 1) noticeAbsence(error);
      if (isOver) return;
    }
  }
}

function noticeAbsence(error: unknown): void {
  if (!stream || stream.readyState === EventSource.OPEN) return;
  const isOver = problemFrom(error).status === 401;
  if (isOver) noticeSessionError(error);
  // What was asked for meanwhile has failed, whatever the stream still knows.
  hasMissed = true;
  useNews.setState({ state: isOver ? "idle" : "away" });
}

/** Look for the server now rather than at the next turn. */
export function lookAgain(): void {
  if (listeners.size === 0) return;
  stream?.close();
  hasMissed = true;
  open();
}

function close(): void {
  clearTimeout(again);
  stream?.close();
  stream = null;
  hasMissed = false;
  useNews.setState({ state: "idle" });
}

function tell(event: Heard["event"], text: string): void {
  const data = parsed(text);
  if (data) for (const listener of listeners.keys()) listener({ event, data });
}

function parsed(text: string): { [key: string]: unknown } | null {
  try {
    const data: unknown = JSON.parse(text);
    return typeof data === "object" && data !== null ? (data as { [key: string]: unknown }) : null;
  } catch {
    return null;
  }
}

// A tenant's log as it is written, by SSE. What comes in a rush is shown in one go. While it is
// paused the window stands still and what comes is counted.
import { useCallback, useEffect, useRef, useState } from "react";
import { added, type Kept, lineOf, MOST_LINES, NOTHING } from "./lines";

const TAIL = 500;
const TOGETHER = 150;
const PAUSE = 2_000;

export type LogState = "opening" | "live" | "away";

/** service: the id of a service's block; empty for the agent. */
export function useLog(slug: string, service: string, isPaused: boolean) {
  const [kept, setKept] = useState<Kept>(NOTHING);
  const [state, setState] = useState<LogState>("opening");
  const [behind, setBehind] = useState(0);
  const paused = useRef(isPaused);
  paused.current = isPaused;
  const came = useRef<{ at: string; text: string }[]>([]);

  const show = useCallback(() => {
    if (paused.current) {
      setBehind(came.current.length);
      return;
    }
    const some = came.current;
    came.current = [];
    setBehind(0);
    setKept((before) => added(before, some));
  }, []);

  useEffect(() => {
    if (!isPaused) show();
  }, [isPaused, show]);

  useEffect(() => {
    let due: ReturnType<typeof setTimeout> | undefined;
    const take = (data: string) => {
      const line = lineOf(data);
      if (!line) return;
      came.current.push(line);
      // Paused for an hour, it holds no more than it could show.
      if (came.current.length > MOST_LINES)
        came.current.splice(0, came.current.length - MOST_LINES);
      due ??= setTimeout(() => {
        due = undefined;
        show();
      }, TOGETHER);
    };
    const close = follow(addressOf(slug, service), take, setState);
    return () => {
      clearTimeout(due);
      close();
      came.current = [];
      setBehind(0);
      setKept(NOTHING);
      setState("opening");
    };
  }, [slug, service, show]);

  return {
    kept,
    state,
    behind,
    clear: () => setKept((before) => ({ ...NOTHING, last: before.last })),
  };
}

function addressOf(slug: string, service: string): string {
  const asked = new URLSearchParams({ follow: "true", tail: String(TAIL) });
  if (service) asked.set("service", service);
  return `/api/v1/tenants/${encodeURIComponent(slug)}/logs?${asked}`;
}

/** One stream until the returned function is called. Whoever comes back after a loss begins behind
 *  the last line: a new stream is told where by its time, a reopened one by the browser. */
function follow(address: string, take: (data: string) => void, say: (state: LogState) => void) {
  let stream: EventSource | undefined;
  let again: ReturnType<typeof setTimeout> | undefined;
  let last = "";
  const open = () => {
    stream = new EventSource(address);
    stream.onopen = () => say("live");
    stream.onerror = () => {
      say("away");
      if (stream?.readyState === EventSource.CLOSED) again = setTimeout(open, PAUSE);
    };
    stream.addEventListener("log", (message: MessageEvent<string>) => {
      // Seen before the stream was lost: a line's id is its time, and times sort as text.
      if (message.lastEventId !== "" && message.lastEventId <= last) return;
      last = message.lastEventId;
      take(message.data);
    });
  };
  open();
  return () => {
    clearTimeout(again);
    stream?.close();
  };
}

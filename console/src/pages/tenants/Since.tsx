// How long ago, in words; the exact moment on hover. All of them are counted on by one clock.

import { useEffect } from "react";
import { create } from "zustand";
import { ago } from "./times";

const TURN = 15_000;
const useNow = create<{ now: number }>(() => ({ now: Date.now() }));
let readers = 0;
let clock: ReturnType<typeof setInterval> | undefined;

export function Since({ at }: { at: string }) {
  const now = useNow((state) => state.now);
  useEffect(() => {
    readers += 1;
    useNow.setState({ now: Date.now() });
    clock ??= setInterval(() => useNow.setState({ now: Date.now() }), TURN);
    return () => {
      readers -= 1;
      if (readers > 0) return;
      clearInterval(clock);
      clock = undefined;
    };
  }, []);
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return null;
  return (
    <time dateTime={at} title={date.toLocaleString()}>
      {ago(date.getTime(), now)}
    </time>
  );
}

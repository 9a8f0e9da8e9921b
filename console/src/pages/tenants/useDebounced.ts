// A text as it is typed, and what to do once the typing rests.
import { useEffect, useRef, useState } from "react";

const REST = 250;

/** The text follows `settled` when that changes from elsewhere (the way back, a cleared filter). */
export function useDebounced(settled: string, settle: (text: string) => void) {
  const [text, setText] = useState(settled);
  const latest = useRef(settle);
  latest.current = settle;
  const sent = useRef(settled);
  useEffect(() => {
    if (settled === sent.current) return;
    sent.current = settled;
    setText(settled);
  }, [settled]);
  useEffect(() => {
    if (text === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = text.trim();
      latest.current(text.trim());
    }, REST);
    return () => clearTimeout(timer);
  }, [text]);
  return [text, setText] as const;
}

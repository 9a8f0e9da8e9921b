// A list that grows at its end: it follows while the reader is at the end, and stays where it is
// once they have scrolled up to read.
import { useCallback, useLayoutEffect, useRef, useState } from "react";

const NEAR = 48;

export function useStayAtEnd(grows: unknown) {
  const list = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const [isBehind, setBehind] = useState(false);

  const toEnd = useCallback(() => {
    const element = list.current;
    if (!element) return;
    follows.current = true;
    element.scrollTop = element.scrollHeight;
    setBehind(false);
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: it follows what grows.
  useLayoutEffect(() => {
    if (follows.current) toEnd();
    else setBehind(true);
  }, [grows, toEnd]);

  const onScroll = () => {
    const element = list.current;
    if (!element) return;
    follows.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR;
    if (follows.current) setBehind(false);
  };
  return { list, onScroll, isBehind, toEnd };
}

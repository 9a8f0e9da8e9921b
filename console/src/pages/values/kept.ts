// Edits that are not sent yet outlive a reload: they lie in this tab until they are sent or
// discarded. Never used for secrets.
import { useState } from "react";

const PREFIX = "stateroom:edits:";

export function useKept<T>(key: string, none: T, isNone: (value: T) => boolean) {
  const [value, setValue] = useState<T>(() => read<T>(key) ?? none);
  const keep = (next: T) => {
    setValue(next);
    if (isNone(next)) sessionStorage.removeItem(PREFIX + key);
    else sessionStorage.setItem(PREFIX + key, JSON.stringify(next));
  };
  /** From what is kept by then: for whoever changes it after a while. */
  const change = (by: (now: T) => T) => keep(by(read<T>(key) ?? none));
  return [value, keep, change] as const;
}

function read<T>(key: string): T | null {
  const text = sessionStorage.getItem(PREFIX + key);
  if (text === null) return null;
  try {
    return JSON.parse(text) as T;
  } catch {
    return null;
  }
}

// Edits of a list's entries. Each answers a new list; a place that is not there changes nothing.

export function inserted(entries: readonly unknown[], at: number, more: unknown[]): unknown[] {
  return [...entries.slice(0, at), ...more, ...entries.slice(at)];
}

export function replaced(entries: readonly unknown[], at: number, by: unknown[]): unknown[] {
  return inserted(removed(entries, at), at, by);
}

export function removed(entries: readonly unknown[], at: number): unknown[] {
  return entries.filter((_, index) => index !== at);
}

export function moved(entries: readonly unknown[], at: number, by: number): unknown[] {
  const to = at + by;
  if (to < 0 || to >= entries.length) return [...entries];
  return inserted(removed(entries, at), to, [entries[at]]);
}

// PURE. A bounded window on a log that never ends: the newest lines, each cut where it is absurdly
// long, so that a runtime that shouts cannot fill the browser's memory.
export interface Line {
  /** Rises; a line keeps its number while it is kept. */
  number: number;
  at: string;
  text: string;
}

export interface Kept {
  lines: readonly Line[];
  /** How many lines were let go. */
  gone: number;
  last: number;
}

export const MOST_LINES = 5_000;
export const LONGEST = 4_000;
export const NOTHING: Kept = { lines: [], gone: 0, last: 0 };

/** The window with what came. */
export function added(kept: Kept, came: readonly { at: string; text: string }[]): Kept {
  if (came.length === 0) return kept;
  let { last } = kept;
  const fresh = came.map(({ at, text }) => {
    last += 1;
    return { number: last, at, text: text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text };
  });
  const all = [...kept.lines, ...fresh];
  const tooMany = Math.max(0, all.length - MOST_LINES);
  return { lines: all.slice(tooMany), gone: kept.gone + tooMany, last };
}

/** The lines that hold every word of the search, in any case. */
export function found(lines: readonly Line[], search: string): readonly Line[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return lines;
  return lines.filter(({ text }) => {
    const lower = text.toLowerCase();
    return words.every((word) => lower.includes(word));
  });
}

/** What an SSE message of the log says; null for something else. */
export function lineOf(data: string): { at: string; text: string } | null {
  try {
    const given: unknown = JSON.parse(data);
    if (typeof given !== "object" || given === null) return null;
    const { at, text } = given as { at?: unknown; text?: unknown };
    if (typeof text !== "string") return null;
    return { at: typeof at === "string" ? at : "", text: withoutColours(text) };
  } catch {
    return null;
  }
}

/** Terminals' colours mean nothing here. */
export function withoutColours(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what they begin with.
  return text.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, "");
}

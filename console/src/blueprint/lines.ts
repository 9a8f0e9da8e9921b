// What differs between two texts, line by line: the shortest list of lines that go and come.
export interface Line {
  kind: "same" | "gone" | "come";
  text: string;
}

/** Blueprints are short; past this many lines everything is said to be new. */
const MOST_CELLS = 4_000_000;

export function lineDiff(before: string, after: string): Line[] {
  const [old, now] = [before.split("\n"), after.split("\n")];
  if (old.length * now.length > MOST_CELLS) {
    return [...old.map(line("gone")), ...now.map(line("come"))];
  }
  return walk(old, now, commonLengths(old, now));
}

function line(kind: Line["kind"]) {
  return (text: string): Line => ({ kind, text });
}

/** For every pair of places, how many lines both texts share from there on. */
function commonLengths(old: string[], now: string[]): Uint32Array {
  const width = now.length + 1;
  const lengths = new Uint32Array((old.length + 1) * width);
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = now.length - 1; j >= 0; j -= 1) {
      const [below, right] = [lengths[(i + 1) * width + j] ?? 0, lengths[i * width + j + 1] ?? 0];
      const across = (lengths[(i + 1) * width + j + 1] ?? 0) + 1;
      lengths[i * width + j] = old[i] === now[j] ? across : Math.max(below, right);
    }
  }
  return lengths;
}

function walk(old: string[], now: string[], lengths: Uint32Array): Line[] {
  const width = now.length + 1;
  const at = (i: number, j: number) => lengths[i * width + j] ?? 0;
  const found: Line[] = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < now.length) {
    const [was, is] = [old[i], now[j]];
    if (was !== undefined && was === is) {
      found.push({ kind: "same", text: was });
      i += 1;
      j += 1;
    } else if (was !== undefined && (is === undefined || at(i + 1, j) >= at(i, j + 1))) {
      found.push({ kind: "gone", text: was });
      i += 1;
    } else {
      found.push({ kind: "come", text: is ?? "" });
      j += 1;
    }
  }
  return found;
}

/** Only the lines that differ, with a few around them; null stands for what is left out. */
export function hunks(lines: Line[], around = 2): (Line | null)[] {
  const isNear = lines.map((_, index) =>
    lines
      .slice(Math.max(0, index - around), index + around + 1)
      .some(({ kind }) => kind !== "same"),
  );
  return lines.flatMap((one, index) => {
    if (isNear[index]) return [one];
    return index === 0 || isNear[index - 1] ? [null] : [];
  });
}

// What a mistyped word was surely meant to be: the server's own measure of likeness, so that both
// give the same hint and forgive the same typing errors.
const LONGEST_WORD = 64;
const LIKE = 0.6;

/** Which of `known` was surely meant, or null. */
export function nearest(word: string, known: Iterable<string>, likeness = LIKE): string | null {
  const letters = Array.from(word);
  if (letters.length > LONGEST_WORD) return null;
  let best: { score: number; word: string } | null = null;
  for (const candidate of known) {
    const score = ratio(Array.from(candidate), letters, likeness);
    if (score < likeness) continue;
    const isBetter = !best || score > best.score || (score === best.score && candidate > best.word);
    if (isBetter) best = { score, word: candidate };
  }
  return best?.word ?? null;
}

/** A hint for a word that is none of `known`: the nearest one, else all of them. */
export function near(word: string, known: Iterable<string>, what: string): string {
  const choices = [...known].sort();
  const meant = nearest(word, choices);
  if (meant) return `Did you mean ${meant}?`;
  if (choices.length > 12) {
    return `There are ${choices.length} ${what}, and none of them is like this.`;
  }
  return choices.length > 0
    ? `Known ${what}: ${choices.join(", ")}.`
    : `There are no ${what} here.`;
}

// Twice the letters that both have in the same order, over the letters of both; 0 where a cheap
// bound already says that it stays below `least`.
function ratio(one: string[], other: string[], least: number): number {
  const both = one.length + other.length;
  if (both === 0) return 1;
  if ((2 * Math.min(one.length, other.length)) / both < least) return 0;
  if ((2 * lettersInCommon(one, other)) / both < least) return 0;
  return (2 * matching(one, other, 0, one.length, 0, other.length)) / both;
}

function lettersInCommon(one: string[], other: string[]): number {
  const left = new Map<string, number>();
  for (const letter of other) left.set(letter, (left.get(letter) ?? 0) + 1);
  let common = 0;
  for (const letter of one) {
    const count = left.get(letter) ?? 0;
    if (count > 0) common += 1;
    left.set(letter, count - 1);
  }
  return common;
}

/** Letters in the longest run that both share, and in what lies left and right of it. */
function matching(
  one: string[],
  other: string[],
  oneFrom: number,
  oneTo: number,
  otherFrom: number,
  otherTo: number,
): number {
  let [atOne, atOther, size] = [oneFrom, otherFrom, 0];
  let runs = new Map<number, number>();
  for (let i = oneFrom; i < oneTo; i += 1) {
    const next = new Map<number, number>();
    for (let j = otherFrom; j < otherTo; j += 1) {
      if (one[i] !== other[j]) continue;
      const run = (runs.get(j - 1) ?? 0) + 1;
      next.set(j, run);
      if (run > size) [atOne, atOther, size] = [i - run + 1, j - run + 1, run];
    }
    runs = next;
  }
  if (size === 0) return 0;
  return (
    size +
    matching(one, other, oneFrom, atOne, otherFrom, atOther) +
    matching(one, other, atOne + size, oneTo, atOther + size, otherTo)
  );
}

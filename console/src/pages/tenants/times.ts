// PURE. Time and size in a few characters.
const UNITS: [seconds: number, name: string][] = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
];

/** `3 min ago`. The future counts as now: clocks differ by a little. */
export function ago(at: number, now: number): string {
  const seconds = (now - at) / 1_000;
  for (const [size, name] of UNITS) {
    if (seconds >= size) return `${Math.floor(seconds / size)} ${name} ago`;
  }
  return "just now";
}

/** MiB as people say it. */
export function size(mb: number): string {
  if (mb >= 1_024) return `${trimmed(mb / 1_024)} GiB`;
  return `${trimmed(mb)} MiB`;
}

function trimmed(number: number): string {
  return number >= 100 ? String(Math.round(number)) : String(Math.round(number * 10) / 10);
}

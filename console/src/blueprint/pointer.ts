// JSON Pointers (RFC 6901): how a problem says where in the document it is.
const LONGEST_KEY = 80;

/** `pointer("blocks", 2, "id")` is `/blocks/2/id`. A hostile key is cut. */
export function pointer(...parts: (string | number)[]): string {
  return parts.map((part) => `/${escaped(cut(String(part), LONGEST_KEY))}`).join("");
}

/** The parts of a pointer, as they were before escaping. */
export function partsOf(at: string): string[] {
  return at
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function escaped(part: string): string {
  return part
    .replaceAll("~", "~0")
    .replaceAll("/", "~1")
    .replace(/[\ud800-\udfff]/gu, "?");
}

/** The first characters of a text, counted as people count them: never half of one. */
export function cut(text: string, most: number): string {
  return text.length <= most ? text : Array.from(text).slice(0, most).join("");
}

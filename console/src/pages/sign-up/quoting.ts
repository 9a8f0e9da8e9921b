// PURE. Values written so that a shell, Python and JavaScript read exactly them, whatever is in
// them: a customer's name is data in somebody's program.

/** One word of a POSIX shell. */
export function shellWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** JSON over several lines, at an indent. Every JSON value is JavaScript as well. */
export function json(value: unknown, indent = ""): string {
  return JSON.stringify(value, null, 2).replaceAll("\n", `\n${indent}`);
}

/** A Python literal. JSON's texts are Python's too: the escapes mean the same. */
export function python(value: unknown, indent = ""): string {
  if (value === null || value === undefined) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  const inner = `${indent}    `;
  if (Array.isArray(value)) {
    return `[${value.map((item) => python(item, indent)).join(", ")}]`;
  }
  if (typeof value === "object") {
    const entries = Object.entries(value);
    if (entries.length === 0) return "{}";
    const lines = entries.map(
      ([name, item]) => `${inner}${JSON.stringify(name)}: ${python(item, inner)},`,
    );
    return `{\n${lines.join("\n")}\n${indent}}`;
  }
  return JSON.stringify(value);
}

// YAML in and out. In: JSON that is easier to write, no more, as the server reads it: no anchors,
// no tags, every name once and text; bounded. Out: the form that the documentation uses.
import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  parseDocument,
  stringify,
  type YAMLMap,
  YAMLSeq,
} from "yaml";
import type { Blueprint } from "./document";
import { shown } from "./names";
import { partsOf } from "./pointer";
import { type Problem, problem } from "./problem";

/** Characters that are read at all. */
export const LARGEST_TEXT = 256 * 1024;
const PLAIN_TAG = /^tag:yaml\.org,2002:(map|seq|str|int|float|bool|null)$/;
const DEEPEST = 32;
const MOST_TOLD = 20;

export interface Read {
  /** What the text says; undefined where it could not be read. */
  value: unknown;
  problems: Problem[];
  /** The line (from 1) of the part at this pointer, or of the nearest part around it. */
  lineOf(pointer: string): number;
}

/** Read a text. Never throws; a text that is no YAML, or dangerous, has problems with a line. */
export function readYaml(text: string): Read {
  if (text.length > LARGEST_TEXT) {
    const detail = `This is longer than ${LARGEST_TEXT / 1024} KiB.`;
    return refused(problem("", "too_large", detail, "A blueprint is a few pages at most."));
  }
  const lines = new LineCounter();
  // Plain words follow YAML 1.2: off and no are text. Aliases are told below, and never followed.
  const document = nestsTooDeeply(text) ? null : parseSafely(text, lines);
  if (!document) {
    return refused(problem("", "too_deep", "This is nested too deeply.", "Flatten it."));
  }
  const lineAt = (offset: number | undefined) =>
    offset === undefined ? 1 : Math.max(1, lines.linePos(offset).line);
  const wrong = document.errors.slice(0, MOST_TOLD).map((error) => {
    const first = error.message.split("\n")[0] ?? "it cannot be read";
    const said = first.includes("call stack") ? "it is nested too deeply" : first;
    const line = lineAt(error.pos[0]);
    const detail = `This is not YAML: ${said.replace(/ at line.*$/, "")} (line ${line}).`;
    return { line, found: problem("", "malformed", detail, "Check indentation and quotes there.") };
  });
  const lineOf = (pointer: string) => lineAt(placeOf(document, partsOf(pointer)));
  if (wrong.length > 0) {
    const line = wrong[0]?.line ?? 1;
    return { value: undefined, problems: wrong.map(({ found }) => found), lineOf: () => line };
  }
  const reader = new Reader(lineAt);
  const value = reader.value(document.contents as Node | null, 0);
  if (!reader.problem) return { value, problems: [], lineOf };
  const { line } = reader;
  return { value: undefined, problems: [reader.problem], lineOf: () => line };
}

function refused(found: Problem): Read {
  return { value: undefined, problems: [found], lineOf: () => 1 };
}

/** Whether it nests deeper than anything that is read here. The parser calls itself for each level,
 *  and a stack that runs full at the wrong moment takes the whole page along, so it is not asked. */
function nestsTooDeeply(text: string): boolean {
  let open = 0;
  let begun = 0;
  for (const token of new Lexer().lex(text)) {
    if (token === "[" || token === "{") open += 1;
    else if (token === "]" || token === "}") open -= 1;
    else if (token === "\n" || token === "\r\n") begun = 0;
    else if ((token === "-" || token === "?") && open <= 0) begun += 1;
    if (open > DEEPEST || begun > DEEPEST) return true;
  }
  return false;
}

// What still overflows its stack, block in block over many lines, is an answer too.
function parseSafely(text: string, lineCounter: LineCounter): Document.Parsed | null {
  try {
    return parseDocument(text, {
      lineCounter,
      uniqueKeys: false,
      version: "1.2",
      logLevel: "error",
    });
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Turns nodes into values; the first thing that is refused ends it. */
class Reader {
  problem: Problem | null = null;
  line = 1;
  constructor(private readonly lineAt: (offset: number | undefined) => number) {}

  value(node: Node | null, depth: number): unknown {
    if (this.problem || node === null) return null;
    if (depth > DEEPEST) return this.refuse(node, "too_deep", "This is nested too deeply", "");
    if (isAlias(node) || ("anchor" in node && node.anchor)) {
      const hint = "Write the part out again.";
      return this.refuse(node, "alias", "Anchors and aliases are not read", hint);
    }
    if (node.tag && !PLAIN_TAG.test(node.tag)) {
      return this.refuse(node, "tag", "Tags (!…) are not read", "Leave the tag out.");
    }
    if (isSeq(node)) return node.items.map((item) => this.value(item as Node | null, depth + 1));
    if (isMap(node)) return this.map(node, depth);
    if (isScalar(node)) return this.scalar(node.value, node);
    return this.refuse(node, "malformed", "This part cannot be read", "");
  }

  private map(node: YAMLMap, depth: number): unknown {
    // The library's own check compares every key with every other: too slow for a hostile text.
    const entries = new Map<string, unknown>();
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? key.value : undefined;
      if (typeof name !== "string") {
        const at = (key as Node | null) ?? node;
        return this.refuse(
          at,
          "not_text",
          `${shown(name)} is not a name here`,
          "Put it in quotes.",
        );
      }
      if (entries.has(name)) {
        const what = `The name ${shown(name)} stands twice`;
        return this.refuse(key as Node, "duplicate_key", what, "Remove one.");
      }
      entries.set(name, this.value(value as Node | null, depth + 1));
    }
    return Object.fromEntries(entries);
  }

  private scalar(value: unknown, node: Node): unknown {
    if (typeof value === "number" && !Number.isFinite(value)) {
      return this.refuse(node, "not_a_number", `${value} is not a number here`, "Leave it out.");
    }
    return value;
  }

  private refuse(node: Node, code: string, what: string, hint: string): null {
    this.line = this.lineAt(node.range?.[0]);
    this.problem ??= problem("", code, `${what} (line ${this.line}).`, hint);
    return null;
  }
}

/** Where in the text the part begins; for a part that is not there, where what holds it does. */
function placeOf(document: Document.Parsed, parts: string[]): number | undefined {
  let node = document.contents as Node | null;
  let offset = node?.range?.[0];
  for (const part of parts) {
    const next: unknown = isMap(node)
      ? node.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === part)
      : isSeq(node)
        ? node.items[Number(part)]
        : undefined;
    if (!next) break;
    const key = isPair(next) ? (next.key as Node | null) : null;
    node = (isPair(next) ? next.value : next) as Node | null;
    offset = (key ?? node)?.range?.[0] ?? offset;
  }
  return offset;
}

/** The document as YAML: a block a paragraph, links as pairs on one line each. */
export function writeYaml({ name, blocks, links }: Blueprint): string {
  const pairs = new YAMLSeq();
  pairs.items = links.map((link) => flow(link));
  const document = {
    name,
    blocks: blocks.map(({ id, kind, options }) =>
      Object.keys(options).length > 0 ? { id, kind, options } : { id, kind },
    ),
    links: links.length > 0 ? pairs : [],
  };
  return stringify(document, {
    version: "1.2",
    lineWidth: 96,
    aliasDuplicateObjects: false,
    flowCollectionPadding: false,
  });
}

function flow(link: string[]): YAMLSeq {
  const pair = new YAMLSeq();
  pair.items = [...link];
  pair.flow = true;
  return pair;
}

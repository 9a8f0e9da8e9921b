// Reading a document block by block: what can be understood, and what cannot. A reader stops at
// nothing, so that one wrong letter does not hide the other problems. Mirrors `domain/reading.py`.
import { MOST_BLOCKS, MOST_LINKS } from "./document";
import { KINDS, type Kind, optionOf } from "./kinds";
import { BLOCK, kindOf, SLUG, shown } from "./names";
import { near, nearest } from "./nearest";
import { givenProblems } from "./perTenant";
import { pointer } from "./pointer";
import { ofBlock, type Problem, problem } from "./problem";
import { isObject, REFUSED, type Safe, type SafeObject } from "./safe";

const KEYS = ["name", "blocks", "links", "layout"];
const BLOCK_KEYS = ["id", "kind", "options"];

/** A block as far as it could be read. id, kind: "" where there is none that can be used. */
export interface Found {
  at: string;
  id: string;
  kind: string;
  options: SafeObject;
}

export interface FoundLink {
  at: string;
  pair: [string, string];
}

export interface Reading {
  blocks: Found[];
  links: FoundLink[];
  problems: Problem[];
}

/** `document` is a safe copy. */
export function readBlueprint(document: Safe): Reading {
  if (!isObject(document)) {
    if (document === REFUSED) return { blocks: [], links: [], problems: [] };
    const detail = `A blueprint is an object with name, blocks and links, not ${kindOf(document)}.`;
    return { blocks: [], links: [], problems: [problem("", "wrong_type", detail)] };
  }
  const problems = [...unknownKeys(document, KEYS, ""), ...nameProblems(document)];
  const blocks = readBlocks(document, problems);
  const links = readLinks(document, problems);
  const layout = Object.hasOwn(document, "layout") ? document.layout : {};
  if (layout !== REFUSED && !isObject(layout)) {
    problems.push(problem("/layout", "wrong_type", "layout is an object, or left out."));
  }
  return { blocks, links, problems };
}

function own(given: SafeObject, key: string): Safe {
  return (Object.hasOwn(given, key) ? given[key] : null) ?? null;
}

function unknownKeys(given: SafeObject, keys: string[], at: string): Problem[] {
  return Object.keys(given)
    .filter((key) => !keys.includes(key))
    .map((key) => {
      const detail = `${shown(key)} means nothing here.`;
      return problem(at + pointer(key), "unknown_key", detail, near(key, keys, "keys"));
    });
}

function nameProblems(document: SafeObject): Problem[] {
  const name = own(document, "name");
  const hint = "Use 1 to 40 of a-z, 0-9 and hyphens; begin with a letter.";
  if (name === REFUSED) return [];
  if (name === null) return [problem("/name", "missing", "The blueprint has no name.", hint)];
  if (typeof name !== "string") {
    return [problem("/name", "wrong_type", `A name is text, not ${kindOf(name)}.`, hint)];
  }
  if (SLUG.test(name)) return [];
  return [problem("/name", "bad_name", `${shown(name)} cannot name a blueprint.`, hint)];
}

/** The list under `key`; an empty one, and a problem, where there is none to go through. */
function readList(document: SafeObject, key: string, most: number, problems: Problem[]): Safe[] {
  const given = own(document, key);
  const at = pointer(key);
  if (given === null) {
    problems.push(problem(at, "missing", `The blueprint has no ${key}.`, `Add ${key}: [].`));
  } else if (Array.isArray(given)) {
    if (given.length <= most) return given;
    problems.push(problem(at, "too_many", `More than ${most} ${key}.`, "Leave some out."));
  } else if (given !== REFUSED) {
    problems.push(problem(at, "wrong_type", `${key} is a list, not ${kindOf(given)}.`));
  }
  return [];
}

function readBlocks(document: SafeObject, problems: Problem[]): Found[] {
  const found: Found[] = [];
  for (const [index, given] of readList(document, "blocks", MOST_BLOCKS, problems).entries()) {
    const at = pointer("blocks", index);
    if (isObject(given)) {
      const { block, wrong } = readBlock(given, at);
      problems.push(...wrong.map((one) => ofBlock(one, block.id || null)));
      found.push(block);
    } else if (given !== REFUSED) {
      const detail = `A block is an object with id, kind and options, not ${kindOf(given)}.`;
      problems.push(problem(at, "wrong_type", detail));
    }
  }
  return found;
}

function readBlock(given: SafeObject, at: string): { block: Found; wrong: Problem[] } {
  const wrong = unknownKeys(given, BLOCK_KEYS, at);
  const id = readId(own(given, "id"), `${at}/id`, wrong);
  const kind = readKind(own(given, "kind"), `${at}/kind`, wrong);
  const options = Object.hasOwn(given, "options") ? given.options : {};
  if (isObject(options)) {
    if (kind) wrong.push(...optionProblems(kind, options, `${at}/options`));
  } else if (options !== REFUSED) {
    const detail = `options is an object, not ${kindOf(options)}.`;
    wrong.push(problem(`${at}/options`, "wrong_type", detail));
  }
  const usable = isObject(options) ? options : {};
  return { block: { at, id, kind: kind?.name ?? "", options: usable }, wrong };
}

function readId(given: Safe, at: string, wrong: Problem[]): string {
  const hint = "Use 1 to 40 of a-z, 0-9, - and _; begin with a letter.";
  if (given === REFUSED) return "";
  if (given === null) wrong.push(problem(at, "missing", "The block has no id.", hint));
  else if (typeof given !== "string") {
    wrong.push(problem(at, "wrong_type", `An id is text, not ${kindOf(given)}.`, hint));
  } else if (!BLOCK.test(given)) {
    wrong.push(problem(at, "bad_name", `${shown(given)} cannot be a block's id.`, hint));
  } else return given;
  return "";
}

function readKind(given: Safe, at: string, wrong: Problem[]): Kind | null {
  const known = `Known kinds: ${[...KINDS.keys()].sort().join(", ")}.`;
  if (given === REFUSED) return null;
  if (given === null) {
    wrong.push(problem(at, "missing", "The block has no kind.", known));
    return null;
  }
  if (typeof given !== "string") {
    wrong.push(problem(at, "wrong_type", `A kind is text, not ${kindOf(given)}.`, known));
    return null;
  }
  const kind = KINDS.get(given);
  if (kind) return kind;
  const hint = near(given, KINDS.keys(), "kinds");
  wrong.push(problem(at, "unknown_kind", `There is no kind ${shown(given)}.`, hint));
  const meant = nearest(given, KINDS.keys(), 0.8);
  return (meant && KINDS.get(meant)) || null;
}

function optionProblems(kind: Kind, options: SafeObject, at: string): Problem[] {
  const names = kind.options.map(({ name }) => name);
  const found: Problem[] = [];
  for (const name of Object.keys(options)) {
    if (names.includes(name)) continue;
    const detail = `${shown(name)} is no option of ${kind.name}.`;
    found.push(problem(at + pointer(name), "unknown_option", detail, near(name, names, "options")));
  }
  for (const option of kind.options) {
    const place = at + pointer(option.name);
    if (Object.hasOwn(options, option.name)) {
      found.push(...givenProblems(option, options[option.name], place));
    } else if (option.required) {
      const detail = `${kind.name} needs the option ${option.name}.`;
      found.push(problem(place, "missing_option", detail, option.hint));
    }
  }
  return [...found, ...needProblems(kind, options, at)];
}

/** Options that another one's choice calls for. */
function needProblems(kind: Kind, options: SafeObject, at: string): Problem[] {
  return kind.options.flatMap((option) =>
    option.needs.flatMap(([choice, name]) => {
      if (own(options, option.name) !== choice || Object.hasOwn(options, name)) return [];
      const detail = `With ${option.name}: ${choice} the option ${name} must be given.`;
      const hint = optionOf(kind, name)?.hint;
      return [problem(at + pointer(name), "missing_option", detail, hint)];
    }),
  );
}

function readLinks(document: SafeObject, problems: Problem[]): FoundLink[] {
  const found: FoundLink[] = [];
  for (const [index, given] of readList(document, "links", MOST_LINKS, problems).entries()) {
    const at = pointer("links", index);
    const [source, target] = Array.isArray(given) && given.length === 2 ? given : [null, null];
    if (typeof source === "string" && typeof target === "string") {
      found.push({ at, pair: [source, target] });
    } else if (given !== REFUSED) {
      const hint = "Write [door, agent]: the block that it begins at, the one it leads to.";
      problems.push(problem(at, "bad_link", "A link is a pair of block ids.", hint));
    }
  }
  return found;
}

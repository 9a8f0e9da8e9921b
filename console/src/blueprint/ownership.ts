// Ownership: a block belongs to the one that links to it, a disk or a secret to the agent or to one
// of the services beside it. Mirrors `domain/ownership.py`.
import { KINDS, type Kind, type Option, type Owned, optionOf } from "./kinds";
import { shown } from "./names";
import { optionProblem } from "./option";
import { ofBlock, type Problem, problem } from "./problem";
import type { Found, FoundLink, Reading } from "./reading";

/** A link that may be: both ends are there, once, and the one may lead to the other. */
export interface Owning {
  link: FoundLink;
  owner: Found;
  owned: Found;
}

/** By the place of who is owned. */
type Settled = ReadonlyMap<string, Owning>;

/** Whether a block of one kind may lead to one of another. */
export function isAllowed(source: string, target: string): boolean {
  return KINDS.get(target)?.links_from.includes(source) ?? false;
}

/** Every link that may be, in the order of the document. */
export function owningsOf({ blocks, links }: Pick<Reading, "blocks" | "links">): Owning[] {
  const byId = new Map(blocks.filter(({ id }) => id).map((block) => [block.id, block]));
  const found = new Map<string, Owning>();
  for (const link of links) {
    const [owner, owned] = [byId.get(link.pair[0]), byId.get(link.pair[1])];
    const key = JSON.stringify(link.pair);
    if (!owner || !owned || owner === owned || found.has(key)) continue;
    if (isAllowed(owner.kind, owned.kind)) found.set(key, { link, owner, owned });
  }
  return [...found.values()];
}

export function ownershipProblems(reading: Reading, ownings: Owning[]): Problem[] {
  // Who links to a block first has it, whoever else would.
  const settled = new Map([...ownings].reverse().map((one) => [one.owned.at, one]));
  return [
    ...linkProblems(ownings),
    ...missing(reading.blocks, ownings),
    ...idProblems(reading.blocks, settled),
    ...fixedProblems(settled),
    ...sameValues(reading.blocks, settled),
  ];
}

function ruleOf({ owner, owned }: Owning): Owned | undefined {
  return KINDS.get(owned.kind)?.owned.find((rule) => rule.owner === owner.kind);
}

/** Links that are one too many: for who is owned, or else for who owns. */
export function linkProblems(ownings: Owning[]): Problem[] {
  const owners = new Map<string, number>();
  const first = new Map<string, string>();
  const owned = new Map<string, number>();
  return ownings.flatMap((one) => {
    const kind = KINDS.get(one.owned.kind) as Kind;
    const has = first.get(one.owned.id) ?? one.owner.id;
    first.set(one.owned.id, has);
    if (counted(owners, one.owned.id) > (kind.most_owners ?? Number.POSITIVE_INFINITY)) {
      const detail = `${one.owned.id} belongs to ${has} already.`;
      const hint = `Remove this link, or add another ${kind.name}.`;
      return [ofLink(one, "too_many_owners", detail, hint)];
    }
    const most = ruleOf(one)?.at_most ?? Number.POSITIVE_INFINITY;
    if (counted(owned, `${one.owner.id} ${kind.name}`) <= most) return [];
    const detail = `${one.owner.id} has at most ${most} of kind ${kind.name}.`;
    return [ofLink(one, "too_many_links", detail, "Link it from another block.")];
  });
}

function counted(counts: Map<string, number>, key: string): number {
  const count = (counts.get(key) ?? 0) + 1;
  counts.set(key, count);
  return count;
}

function ofLink({ link }: Owning, code: string, detail: string, hint: string): Problem {
  return { ...problem(link.at, code, detail, hint), link: link.pair };
}

// Blocks without what they must own. Where some block of that kind has no owner at all, or none is
// there, that is told already.
function missing(blocks: Found[], ownings: Owning[]): Problem[] {
  const owned = new Set(ownings.map((one) => one.owned.at));
  return [...KINDS.values()].flatMap((kind) => {
    const ofKind = blocks.filter((block) => block.kind === kind.name);
    if (ofKind.length < Math.max(1, kind.at_least)) return [];
    if (ofKind.some(({ at }) => !owned.has(at))) return [];
    return kind.owned.flatMap((rule) => without(kind, rule, blocks, ownings));
  });
}

function without(kind: Kind, rule: Owned, blocks: Found[], ownings: Owning[]): Problem[] {
  const owners = blocks.filter((block) => block.kind === rule.owner && block.id);
  // A second runtime is told as such.
  const most = KINDS.get(rule.owner)?.at_most ?? owners.length;
  return owners.slice(0, most).flatMap(({ at, id }) => {
    const own = ownings.filter((one) => one.owner.at === at && one.owned.kind === kind.name);
    if (own.length >= rule.at_least) return [];
    const detail = `${id} has no ${kind.name} of its own.`;
    const hint = `Add one, and a link from ${id} to it.`;
    return [ofBlock(problem(at, "missing_link", detail, hint), id)];
  });
}

function idProblems(blocks: Found[], settled: Settled): Problem[] {
  return blocks.flatMap(({ at, id, kind }) => {
    const one = settled.get(at);
    const ofOwner = (one && ruleOf(one)?.reserved_ids) ?? [];
    const all = [...(KINDS.get(kind)?.reserved_ids ?? []), ...ofOwner];
    if (!id || !all.includes(id)) return [];
    const detail = `The id ${id} is taken by a part of the cabin.`;
    const hint = `Choose another one, for example ${id}-1.`;
    return [ofBlock(problem(`${at}/id`, "reserved_id", detail, hint), id)];
  });
}

/** Options that must be what their owner wants. */
function fixedProblems(settled: Settled): Problem[] {
  return [...settled.values()].flatMap((one) =>
    (ruleOf(one)?.fixed ?? []).flatMap(([name, wanted]) => {
      const option = optionOf(KINDS.get(one.owned.kind), name);
      const given = option ? givenOf(one.owned, option) : null;
      if (given === null || given === wanted) return [];
      const detail = `${name} cannot be ${shown(given)} for ${one.owner.id}.`;
      const found = problem(
        `${one.owned.at}/options/${name}`,
        "unknown_choice",
        detail,
        `Known choices: ${String(wanted)}.`,
      );
      return [ofBlock(found, one.owned.id)];
    }),
  );
}

/** What holds for an option; null where that is nothing, or not what could hold. */
function givenOf({ options }: Found, option: Option): unknown {
  const isGiven = Object.hasOwn(options, option.name);
  const given = (isGiven ? options[option.name] : option.default) ?? null;
  return given === null || optionProblem(option, given, "") ? null : given;
}

function sameValues(blocks: Found[], settled: Settled): Problem[] {
  const said = new Map<string, [value: unknown, by: string][]>();
  return blocks.flatMap((block) =>
    (KINDS.get(block.kind)?.options ?? []).flatMap((option) => {
      if (option.unique === "" && option.taken.length === 0) return [];
      const given = givenOf(block, option);
      const among = option.unique === "owner" ? settled.get(block.at)?.owner.at : "";
      if (given === null || among === undefined) return [];
      const key = `${block.kind} ${option.name} ${among}`;
      const others = said.get(key) ?? [...option.taken];
      said.set(key, [...others, [given, block.id || "another block"]]);
      const [, by] = others.find(([value]) => isSame(option, value, given)) ?? [];
      return by === undefined ? [] : [taken(block, option, given, by)];
    }),
  );
}

// Of paths also one below the other: a disk would hide what lies on the disk above it.
function isSame(option: Option, one: unknown, other: unknown): boolean {
  if (option.schema["x-form"] !== "path") return one === other;
  const [first, second] = [`${one}/`, `${other}/`];
  return first.startsWith(second) || second.startsWith(first);
}

function taken(block: Found, option: Option, given: unknown, by: string): Problem {
  const at = `${block.at}/options/${option.name}`;
  const isPath = option.schema["x-form"] === "path";
  const detail = isPath
    ? `${shown(given)} and the path of ${by} are the same, or one lies below the other.`
    : `The ${option.name} ${shown(given)} is that of ${by} already.`;
  const found = isPath
    ? problem(at, "duplicate_path", detail, "Mount each disk beside the others.")
    : problem(at, "duplicate_value", detail, option.hint || "Give another one.");
  return ofBlock(found, block.id || null);
}

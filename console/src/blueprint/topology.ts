// Topology: which blocks a blueprint must have, and which may be linked with which. One mistake is
// told once. Mirrors `domain/topology.py`.
import { environmentNames, KINDS, ROOT } from "./kinds";
import { shown } from "./names";
import { near, nearest } from "./nearest";
import { isAllowed, type Owning, ownershipProblems, owningsOf } from "./ownership";
import { declared, demandsOf } from "./perTenant";
import { cut } from "./pointer";
import { ofBlock, type Problem, problem } from "./problem";
import type { Found, FoundLink, Reading } from "./reading";

/** Every problem of the whole that single blocks do not show. */
export function topologyProblems(reading: Reading): Problem[] {
  const wrongLinks = linkProblems(reading);
  const ownings = owningsOf(reading);
  return [
    ...idProblems(reading.blocks),
    ...countProblems(reading.blocks),
    ...wrongLinks,
    ...looseBlocks(reading, wrongLinks, ownings),
    ...ownershipProblems(reading, ownings),
    ...nameClashes(reading.blocks, ownings),
    ...valueClashes(reading.blocks),
  ];
}

function idProblems(blocks: Found[]): Problem[] {
  const seen = new Set<string>();
  const found: Problem[] = [];
  for (const { at, id } of blocks) {
    if (id && seen.has(id)) {
      const detail = `Another block has the id ${id} already.`;
      found.push(ofBlock(problem(`${at}/id`, "duplicate_id", detail, "Rename one."), id));
    }
    seen.add(id);
  }
  return found;
}

function countProblems(blocks: Found[]): Problem[] {
  const counts = new Map<string, number>();
  const found: Problem[] = [];
  for (const { at, id, kind: name } of blocks) {
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    const most = KINDS.get(name)?.at_most ?? null;
    if (most === null || count <= most) continue;
    const detail = `A blueprint has at most ${most} block of kind ${name}.`;
    found.push(ofBlock(problem(at, "too_many_blocks", detail, "Remove it."), id || null));
  }
  for (const kind of KINDS.values()) {
    if ((counts.get(kind.name) ?? 0) >= kind.at_least) continue;
    const detail = `There is no block of kind ${kind.name}.`;
    found.push(problem("/blocks", "missing_block", detail, `Add one. ${kind.help}`));
  }
  return found;
}

function linkProblems({ blocks, links }: Reading): Problem[] {
  const byId = new Map(blocks.filter(({ id }) => id).map((block) => [block.id, block]));
  const seen = new Set<string>();
  return links.flatMap((link) => {
    const [source, target] = link.pair;
    const key = JSON.stringify(link.pair);
    const [from, to] = [byId.get(source), byId.get(target)];
    const isTwice = seen.has(key);
    seen.add(key);
    if (!from || !to) return dangling(link, byId);
    if (source === target) {
      return [ofLink(link, "self_link", `${source} is linked with itself.`, "Remove the link.")];
    }
    if (isTwice) {
      const detail = `${source} and ${target} are linked twice.`;
      return [ofLink(link, "duplicate_link", detail, "Remove one of the links.")];
    }
    return wrongWay(link, from, to);
  });
}

function ofLink({ at, pair }: FoundLink, code: string, detail: string, hint: string): Problem {
  return { ...problem(at, code, detail, hint), link: pair };
}

function dangling(link: FoundLink, byId: ReadonlyMap<string, Found>): Problem[] {
  return link.pair.flatMap((name, end) => {
    if (byId.has(name)) return [];
    const hint = near(name, byId.keys(), "blocks");
    const found = ofLink(link, "dangling_link", `There is no block ${shown(name)}.`, hint);
    // Its ends name no block, so they can be anything that somebody sent.
    const short = link.pair.map((id) => cut(id, 40));
    return [{ ...found, pointer: `${link.at}/${end}`, link: short }];
  });
}

function wrongWay(link: FoundLink, source: Found, target: Found): Problem[] {
  if (!source.kind || !target.kind || isAllowed(source.kind, target.kind)) return [];
  const detail = `${capital(a(source.kind))} cannot lead to ${a(target.kind)}.`;
  const hint = isAllowed(target.kind, source.kind)
    ? `Turn it round: [${target.id}, ${source.id}].`
    : `Links go from a url to the ${ROOT}, and from there to what belongs to it.`;
  return [ofLink(link, "wrong_link", detail, hint)];
}

export function a(kind: string): string {
  return /^[aeio]/.test(kind) ? `an ${kind}` : `a ${kind}`;
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function looseBlocks(reading: Reading, wrongLinks: Problem[], ownings: Owning[]): Problem[] {
  const { blocks, problems } = reading;
  const roots = blocks.filter(({ kind }) => kind === ROOT);
  const root = roots.length === 1 ? roots[0]?.id : undefined;
  // The links cannot be judged without the one block that all of them go to, nor while some of
  // them could not be read at all.
  if (!root || problems.some(({ code }) => code === "bad_link")) return [];
  const linked = new Set([...linkedIn(reading, ownings), ...meant(wrongLinks, blocks)]);
  return blocks.flatMap(({ at, id, kind }) => {
    if (!id || !kind || kind === ROOT || linked.has(id)) return [];
    const pair = isAllowed(kind, ROOT) ? `[${id}, ${root}]` : `[${root}, ${id}]`;
    const others = KINDS.get(kind)?.links_from.filter((other) => other !== ROOT) ?? [];
    const other = others.find((name) => blocks.some((block) => block.kind === name));
    const hint = other ? `Add the link ${pair}, or one from a ${other}.` : `Add the link ${pair}.`;
    const detail = `${id} is not linked with ${root}.`;
    return [ofBlock(problem(at, "unlinked", detail, hint), id)];
  });
}

/** Blocks with a place in the drawing: something leads to them, or they are what begins it. A
 *  link that is wrong is told as such, so both of its ends count. */
function linkedIn({ links }: Reading, ownings: Owning[]): string[] {
  const right = new Map(ownings.map((one) => [one.link.at, one]));
  return links.flatMap(({ at, pair }) => {
    const kind = right.get(at)?.owner.kind;
    const begins = kind === undefined || KINDS.get(kind)?.links_from.length === 0;
    return begins ? pair : [pair[1]];
  });
}

/** Blocks that a link with a mistyped end was surely meant for. */
function meant(wrongLinks: Problem[], blocks: Found[]): string[] {
  const ids = blocks.map(({ id }) => id);
  const ends = new Set(wrongLinks.flatMap(({ link }) => link ?? []));
  return [...ends]
    .filter((end) => !ids.includes(end))
    .map((end) => nearest(end, ids))
    .filter((id) => id !== null);
}

/** Names that one environment would have twice, or that two blocks of a kind share which may
 *  not. */
function nameClashes(blocks: Found[], ownings: Owning[]): Problem[] {
  const environment = new Map([...ownings].reverse().map((one) => [one.owned.at, one.owner.id]));
  const first = new Map<string, string>();
  const found: Problem[] = [];
  for (const block of blocks) {
    const kind = KINDS.get(block.kind);
    if (!kind) continue;
    const among = [`of ${environment.get(block.at) ?? ""}`];
    if (kind.names_unique === "blueprint") among.push(`every ${kind.name}`);
    for (const { name, at } of environmentNames(kind, block.options)) {
      const keys = among.map((group) => JSON.stringify([group, name]));
      const by = keys.map((key) => first.get(key)).find((owner) => owner !== undefined);
      for (const key of keys) if (!first.has(key)) first.set(key, block.id || "another block");
      if (by !== undefined) {
        const detail = `${shown(name)} is defined by ${by} already.`;
        const hint = "An environment has each name once; rename one.";
        const place = `${block.at}/options${at}`;
        found.push(ofBlock(problem(place, "duplicate_name", detail, hint), block.id || null));
      }
    }
  }
  return found;
}

function valueClashes(blocks: Found[]): Problem[] {
  const first = new Map<string, { owner: string; demands: string }>();
  const found: Problem[] = [];
  for (const block of blocks) {
    const kind = KINDS.get(block.kind);
    if (!kind) continue;
    for (const { at, value } of declared(kind, block.options)) {
      const demands = demandsOf(value);
      const known = first.get(value.name);
      if (!known) first.set(value.name, { owner: block.id, demands });
      else if (known.demands !== demands) {
        const owner = known.owner || "another block";
        const detail = `The value ${shown(value.name)} of ${owner} is not this.`;
        const hint = "Give it another name, or the same default, required and set_by.";
        const place = `${block.at}/options${at}`;
        found.push(ofBlock(problem(place, "value_conflict", detail, hint), block.id || null));
      }
    }
  }
  return found;
}

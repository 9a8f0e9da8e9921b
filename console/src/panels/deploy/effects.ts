// PURE. What a plan would do to tenants, in words: the hardest first, so that nobody overlooks it.
import type { Effect, Plan } from "../../api/types";

export type PlannedTenant = Plan["tenants"][number];

interface Words {
  title: string;
  about: string;
  /** After "1 tenant" and after "2 tenants". */
  one: string;
  many: string;
}

export const WORDS: { [effect in Effect]: Words } = {
  recreated: {
    title: "Recreated",
    about: "A new container takes over the disk. It does not answer meanwhile.",
    one: "is recreated",
    many: "are recreated",
  },
  restarted: {
    title: "Restarted",
    about: "It does not answer for some seconds. Its disk stays.",
    one: "is restarted",
    many: "are restarted",
  },
  created: {
    title: "Created",
    about: "It is built and started for the first time.",
    one: "is created",
    many: "are created",
  },
  in_place: {
    title: "Changed in place",
    about: "It goes on answering.",
    one: "is changed in place",
    many: "are changed in place",
  },
  none: {
    title: "Nothing changes",
    about: "It runs like this already.",
    one: "stays as it is",
    many: "stay as they are",
  },
};

const HARDEST_FIRST: Effect[] = ["recreated", "restarted", "created", "in_place", "none"];

export interface Group {
  effect: Effect;
  tenants: PlannedTenant[];
}

export function groupsOf(tenants: readonly PlannedTenant[]): Group[] {
  return HARDEST_FIRST.map((effect) => ({
    effect,
    tenants: tenants.filter((tenant) => tenant.effect === effect),
  })).filter((group) => group.tenants.length > 0);
}

/** The whole plan in one sentence. */
export function summaryOf(tenants: readonly PlannedTenant[]): string {
  const groups = groupsOf(tenants);
  if (groups.length === 0) return "No tenant uses this blueprint yet.";
  const parts = groups.map(({ effect, tenants: { length } }, index) => {
    const noun = index > 0 ? "" : length === 1 ? " tenant" : " tenants";
    return `${length}${noun} ${length === 1 ? WORDS[effect].one : WORDS[effect].many}`;
  });
  return `${inARow(parts)}.`;
}

function inARow(parts: readonly string[]): string {
  const last = parts.at(-1) ?? "";
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(", ")} and ${last}`;
}

/** Details that several tenants share are said once. */
export function detailsOf({ tenants }: Group): { detail: string; slugs: string[] }[] {
  const found = new Map<string, string[]>();
  for (const { slug, detail } of tenants) {
    const slugs = found.get(detail);
    if (slugs) slugs.push(slug);
    else found.set(detail, [slug]);
  }
  return [...found].map(([detail, slugs]) => ({ detail, slugs }));
}

/** Why the plan would not do something yet: each reason once, as several tenants share it. */
export function reasonsOf(waiting: Plan["waiting"]): string[] {
  return [...new Set(waiting.map(({ reason }) => reason))];
}

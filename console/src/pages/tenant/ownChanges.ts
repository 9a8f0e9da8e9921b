// The generations that this tab made itself, by saving another form, a restart, a secret or a bulk
// action. Edits that began before one of them are not in conflict with it: nobody else changed
// anything. Like those edits they outlive a reload.
//
// A roll-out is not among them, also one that was begun here: the steward makes its generations one
// by one, long after the answer, and another revision may have other values, which whoever edits
// them should see first.
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { answer, api } from "../../api/client";
import type { BulkOut, Tenant, TenantsPage } from "../../api/types";

const PREFIX = "stateroom:own-changes:";

/** PURE. The generation up to which nobody else changed anything since `generation`. */
export function unchangedUpTo(generation: number, own: readonly number[]): number {
  let last = generation;
  while (own.includes(last + 1)) last += 1;
  return last;
}

/** With which generation edits that began at `generation` are saved. */
export function carriedOn(tenantId: string, generation: number): number {
  return unchangedUpTo(generation, read(tenantId));
}

/** Somebody else's change may lie between what this tab knew and what came of its own one. Only
 *  the very next generation is certainly its own. */
function note(tenantId: string, before: number | undefined, after: number): void {
  if (before === undefined || after !== before + 1) return;
  sessionStorage.setItem(PREFIX + tenantId, JSON.stringify([...read(tenantId), after]));
}

function read(tenantId: string): number[] {
  try {
    const list: unknown = JSON.parse(sessionStorage.getItem(PREFIX + tenantId) ?? "[]");
    return Array.isArray(list) ? list.filter((one) => typeof one === "number") : [];
  } catch {
    return [];
  }
}

type Known = Map<string, { id: string; generation: number }>;

/** What this tab knows of tenants before many are changed: by slug, from the pages of the table
 *  and from what it showed of each alone. */
export function knownOf(queries: QueryClient, slugs: readonly string[]): Known {
  const pages = queries.getQueriesData<TenantsPage>({ queryKey: ["tenants", "list"] });
  const alone = slugs.map((slug) => queries.getQueryData<Tenant>(["tenants", "one", slug]));
  const known: Known = new Map();
  for (const tenant of [...pages.flatMap(([, page]) => page?.items ?? []), ...alone]) {
    if (!tenant || !slugs.includes(tenant.slug)) continue;
    const { id, slug, generation } = tenant;
    if (generation > (known.get(slug)?.generation ?? 0)) known.set(slug, { id, generation });
  }
  return known;
}

/** What came of an own change of many. */
export function tookAll(known: Known, { items }: BulkOut): void {
  for (const { slug, generation } of items) {
    const before = known.get(slug);
    if (before && generation) note(before.id, before.generation, generation);
  }
}

export function useOwnChanges(slug: string) {
  const queries = useQueryClient();
  const key = ["tenants", "one", slug];
  const took = (tenant: Tenant, before: number | undefined) => {
    note(tenant.id, before, tenant.generation);
    queries.setQueryData<Tenant>(key, (shown) =>
      shown ? { ...shown, ...tenant, status: { ...shown.status, ...tenant.status } } : shown,
    );
  };
  return {
    /** The generation that this tab knows before a change. */
    known: () => queries.getQueryData<Tenant>(key)?.generation,
    /** What came of an own change: shown at once; events tell the rest. */
    took,
    /** The same for a change that is answered with nothing. */
    ask: async (before: number | undefined) => {
      const path = { params: { path: { slug } } };
      const tenant = await answer(api.GET("/api/v1/tenants/{slug}", path)).catch(() => null);
      // Without it the worst is that a later save asks whether somebody else was there.
      if (tenant) took(tenant, before);
    },
  };
}

// A tenant's phase as it changes: written into the rows that are there at once, so that a table
// does not wait for its next reading and nothing flickers.
import type { QueryClient } from "@tanstack/react-query";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { listen } from "../../api/events";
import type { Phase, Tenant, TenantsPage } from "../../api/types";
import { PHASES } from "./filters";

export interface PhaseNews {
  slug: string;
  phase: Phase;
  reason: string | null;
  since: string | null;
}

/** What an event says of a tenant's phase; null where it says none. */
export function newsIn(data: { [key: string]: unknown }): PhaseNews | null {
  const slug = typeof data.slug === "string" ? data.slug : data.tenant;
  const status = typeof data.status === "object" && data.status !== null ? data.status : data;
  const { phase, reason, since } = status as { [key: string]: unknown };
  const known = PHASES.find((one) => one === phase);
  if (typeof slug !== "string" || !known) return null;
  return {
    slug,
    phase: known,
    reason: typeof reason === "string" ? reason : null,
    since: typeof since === "string" ? since : null,
  };
}

/** The tenant with the news; the very same object where it is about another or nothing new. */
export function told(tenant: Tenant, news: PhaseNews): Tenant {
  const { status } = tenant;
  const reason = news.reason ?? status.reason;
  const since = news.since ?? status.since;
  const isSame = status.phase === news.phase && status.reason === reason && status.since === since;
  if (tenant.slug !== news.slug || isSame) return tenant;
  return { ...tenant, status: { ...status, phase: news.phase, reason, since } };
}

function isPage(data: unknown): data is TenantsPage {
  return typeof data === "object" && data !== null && "items" in data && "total" in data;
}

function tell(queries: QueryClient, news: PhaseNews): void {
  queries.setQueriesData({ queryKey: ["tenants", "list"] }, (data: unknown) =>
    isPage(data) ? { ...data, items: data.items.map((tenant) => told(tenant, news)) } : data,
  );
  queries.setQueryData<Tenant>(["tenants", "one", news.slug], (tenant) =>
    tenant ? told(tenant, news) : undefined,
  );
}

export function useLivePhases(): void {
  const queries = useQueryClient();
  useEffect(
    () =>
      listen(({ event, data }) => {
        const news = event === "tenant" ? newsIn(data) : null;
        if (news) tell(queries, news);
      }),
    [queries],
  );
}

// PURE. What the table of tenants shows, as it stands in the address: a link to it is the table.
import type { Phase, TenantsAsked, TenantsPage } from "../../api/types";
import { SLUG } from "../../blueprint/names";

export const PHASES = [
  "provisioning",
  "starting",
  "ready",
  "degraded",
  "asleep",
  "waking",
  "suspended",
  "failed",
  "deleting",
] as const satisfies readonly Phase[];

export const PAGE_SIZE = 50;

/** The call that an address means. What makes no sense in it counts as not there. */
export function askedBy(query: URLSearchParams): TenantsAsked {
  const asked: TenantsAsked = { limit: PAGE_SIZE };
  const phase = PHASES.find((known) => known === query.get("phase"));
  const blueprint = query.get("blueprint") ?? "";
  const revision = Number(query.get("revision"));
  const search = (query.get("search") ?? "").trim().slice(0, 100);
  const cursor = (query.get("cursor") ?? "").slice(0, 200);
  const before = query.get("before") ?? "";
  if (phase) asked.phase = phase;
  if (SLUG.test(blueprint)) asked.blueprint = blueprint;
  if (Number.isInteger(revision) && revision > 0) asked.revision = revision;
  if (search) asked.search = search;
  if (cursor) asked.cursor = cursor;
  else if (SLUG.test(before)) asked.before = before;
  return asked;
}

/** Whether anything is left out on purpose. */
export function isFiltered({ phase, blueprint, revision, search }: TenantsAsked): boolean {
  return Boolean(phase || blueprint || revision || search);
}

/** The addresses of the pages beside this one, null where there is none. */
export function pagesBeside(
  query: URLSearchParams,
  { previous, next }: Pick<TenantsPage, "previous" | "next">,
): { previous: string | null; next: string | null } {
  return {
    previous: previous && withPage(query, "before", previous),
    next: next && withPage(query, "cursor", next),
  };
}

function withPage(query: URLSearchParams, name: "cursor" | "before", place: string): string {
  const moved = new URLSearchParams(query);
  moved.delete("cursor");
  moved.delete("before");
  moved.set(name, place);
  return `?${moved}`;
}

/** Another filter begins at its first page. */
export const FIRST_PAGE = { cursor: null, before: null };

// PURE. Who goes first: nobody, a tenth, or a number of tenants that somebody types.
export type CanaryKind = "none" | "tenth" | "count";

export interface Canary {
  kind: CanaryKind;
  /** As typed; only read where the kind is "count". */
  count: string;
}

export const NO_CANARY: Canary = { kind: "none", count: "1" };

/** As the API takes it; undefined for everybody at once, or where it cannot be sent yet. */
export function shareOf(canary: Canary): string | undefined {
  if (canary.kind === "none") return undefined;
  if (canary.kind === "tenth") return "10%";
  return canaryProblem(canary) ? undefined : String(Number(canary.count.trim()));
}

export function canaryProblem({ kind, count }: Canary): string | undefined {
  if (kind !== "count" || /^[1-9][0-9]{0,5}$/.test(count.trim())) return undefined;
  return "Type how many tenants go first: a whole number from 1.";
}

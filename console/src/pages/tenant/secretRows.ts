// PURE. What a blueprint asks for and what a tenant has, as one list.
import type { components } from "../../api/schema";

export interface SecretRow {
  name: string;
  kind: "env" | "file" | null;
  updatedAt: string | null;
  required: boolean;
}

/** What is asked for first, then what is the tenant's own; each by name. */
export function secretRows(
  asked: readonly { name: string; required: boolean }[],
  given: readonly components["schemas"]["SecretOut"][],
): SecretRow[] {
  const known = new Map(given.map((secret) => [secret.name, secret]));
  const first = asked.map(({ name, required }) => {
    const { kind = null, updated_at = null } = known.get(name) ?? {};
    return { name, kind, updatedAt: updated_at, required };
  });
  const own = given
    .filter(({ name }) => !asked.some((one) => one.name === name))
    .map(({ name, kind, updated_at }) => ({ name, kind, updatedAt: updated_at, required: false }));
  const byName = (one: SecretRow, other: SecretRow) => (one.name < other.name ? -1 : 1);
  return [...first.sort(byName), ...own.sort(byName)];
}

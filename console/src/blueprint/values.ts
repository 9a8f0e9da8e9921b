// Values: everything that a blueprint leaves open for each tenant, by name.
import type { Blueprint } from "./document";
import { KINDS } from "./kinds";
import { declared, type Value } from "./perTenant";

export interface DeclaredValue extends Value {
  /** Blocks that use it. */
  blocks: string[];
}

export function declaredValues({ blocks }: Blueprint): DeclaredValue[] {
  const found = new Map<string, DeclaredValue>();
  for (const { id, kind, options } of blocks) {
    const known = KINDS.get(kind);
    for (const { value } of known ? declared(known, options) : []) {
      const before = found.get(value.name);
      if (before) before.blocks.push(id);
      else found.set(value.name, { ...value, blocks: [id] });
    }
  }
  return [...found.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
}

// PURE. Choosing blocks by keyboard. Who walks to a block chooses it alone; who holds what is
// chosen walks on from there without losing it, and adds or takes out the block where they are.

export interface Chosen {
  ids: ReadonlySet<string>;
  /** Somebody said that these stay chosen. */
  isHeld: boolean;
}

/** What is chosen once the keyboard has come to a block. */
export function walkedTo({ ids, isHeld }: Chosen, id: string): ReadonlySet<string> {
  return isHeld || ids.size > 1 ? ids : new Set([id]);
}

/** What is held once somebody says so at a block: one that was only walked to stays in. */
export function heldAt({ ids, isHeld }: Chosen, id: string): ReadonlySet<string> {
  if (!ids.has(id)) return new Set([...ids, id]);
  if (!isHeld && ids.size === 1) return ids;
  return new Set([...ids].filter((other) => other !== id));
}

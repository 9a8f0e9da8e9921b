// PURE. Which tenants are chosen for a bulk action: kept while paging, as slugs.
export const MOST_AT_ONCE = 500;

export function toggled(chosen: ReadonlySet<string>, slug: string): Set<string> {
  const next = new Set(chosen);
  if (!next.delete(slug)) next.add(slug);
  return next;
}

/** With Shift: everything from the row touched last to this one becomes what this one becomes. */
export function stretched(
  chosen: ReadonlySet<string>,
  slugs: readonly string[],
  from: string,
  to: string,
): Set<string> {
  const ends = [slugs.indexOf(from), slugs.indexOf(to)];
  if (ends.includes(-1)) return toggled(chosen, to);
  const between = slugs.slice(Math.min(...ends), Math.max(...ends) + 1);
  return withAll(chosen, between, !chosen.has(to));
}

export function withAll(
  chosen: ReadonlySet<string>,
  slugs: readonly string[],
  isOn: boolean,
): Set<string> {
  const next = new Set(chosen);
  for (const slug of slugs) {
    if (isOn) next.add(slug);
    else next.delete(slug);
  }
  return next;
}

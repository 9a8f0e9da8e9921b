// PURE. What a refused call said of one place of what was sent.
import { problemFrom } from "../../api/client";
import { pointer } from "../../blueprint/pointer";

/** The sentence about that place or a part of it; undefined for none. */
export function problemAt(error: unknown, ...place: string[]): string | undefined {
  if (!error) return undefined;
  const at = pointer(...place);
  const found = (problemFrom(error).errors ?? []).find(
    (problem) => problem.pointer === at || problem.pointer.startsWith(`${at}/`),
  );
  return found && `${found.detail} ${found.hint}`.trim();
}

/** Whether everything that was wrong has a place among these: nothing is left to say elsewhere. */
export function allPlaced(error: unknown, places: readonly string[]): boolean {
  const errors = problemFrom(error).errors ?? [];
  const isPlaced = (at: string) =>
    places.some((place) => at === place || at.startsWith(`${place}/`));
  return errors.length > 0 && errors.every(({ pointer: at }) => isPlaced(at));
}

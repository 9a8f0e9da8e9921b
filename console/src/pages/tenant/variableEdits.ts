// PURE. A tenant's own variables, and edits of them that are not saved yet.
import { environmentProblem } from "../../blueprint/names";

/** By name: the text that it is to have, or null where it is to go. */
export type VariableEdits = { readonly [name: string]: string | null };
type Variables = { readonly [name: string]: string };

export interface VariableRow {
  name: string;
  text: string;
  state: "as before" | "new" | "changed" | "removed";
}

const LONGEST = 8_192;

/** By name, those that are to go among them, so that they can be taken back. */
export function variableRows(own: Variables, edits: VariableEdits): VariableRow[] {
  const names = new Set([...Object.keys(own), ...Object.keys(edits)]);
  return [...names].sort().map((name) => {
    const edit = Object.hasOwn(edits, name) ? edits[name] : undefined;
    const before = Object.hasOwn(own, name) ? own[name] : undefined;
    if (edit === null) return { name, text: before ?? "", state: "removed" };
    if (edit === undefined) return { name, text: before ?? "", state: "as before" };
    return { name, text: edit, state: before === undefined ? "new" : "changed" };
  });
}

/** What changes nothing is no edit. */
export function withVariable(
  own: Variables,
  edits: VariableEdits,
  name: string,
  next: string | null,
): VariableEdits {
  const { [name]: _, ...rest } = edits;
  const before = Object.hasOwn(own, name) ? own[name] : null;
  return next === before ? rest : { ...rest, [name]: next };
}

/** Why nothing new can be called so, or null. */
export function newNameProblem(rows: readonly VariableRow[], name: string): string | null {
  if (rows.some((row) => row.name === name)) return `There is ${name} already: change it there.`;
  const found = environmentProblem(name, "");
  return found && `${found.detail} ${found.hint}`;
}

export function textProblem(text: string): string | undefined {
  if (text.length > LONGEST) return `A variable has at most ${LONGEST} characters.`;
  return text.includes("\0") ? "Leave out NUL characters." : undefined;
}

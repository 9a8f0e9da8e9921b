// PURE. What a person changed of some values, and what that means: the patch to send, and what is
// wrong before anything is sent. Nothing here knows a form or a server.
import { optionProblem } from "../../blueprint/option";
import { canonical } from "../../blueprint/perTenant";
import type { Question } from "./questions";

/** As it stands in the control. */
export type Written = string | boolean;
/** By name: what was written, or null for going back to what is inherited. */
export type Edits = { [name: string]: Written | null };
export type Values = { [name: string]: unknown };

/** What stands under a name; a value may be called `constructor`. */
export function under<T>(names: { [name: string]: T }, name: string): T | undefined {
  return Object.hasOwn(names, name) ? names[name] : undefined;
}

/** What a control's text means. A number that is none stays text: the check says so. */
export function meant({ option }: Question, written: Written): unknown {
  if (typeof written === "boolean") return written;
  if (option.kind === "list") return written.split("\n").filter((line) => line.trim() !== "");
  if (option.kind !== "integer" && option.kind !== "number") return written;
  const number = Number(written.trim().replace(",", "."));
  return written.trim() !== "" && Number.isFinite(number) ? number : written;
}

/** A value as a control shows it. */
export function asWritten(question: Question, value: unknown): Written {
  if (question.option.kind === "boolean") return value === true;
  if (value === undefined || value === null) return "";
  if (Array.isArray(value)) return value.map(String).join("\n");
  return typeof value === "string" ? value : String(value);
}

/** The edits with one more. What is written as it was before is no edit. */
export function edited(edits: Edits, question: Question, own: Values, next: Written | null): Edits {
  const { [question.name]: _, ...rest } = edits;
  const before = Object.hasOwn(own, question.name) ? own[question.name] : null;
  const after = next === null ? null : meant(question, next);
  return canonical(before) === canonical(after) ? rest : { ...rest, [question.name]: next };
}

/** What is still to be saved once `sent` was: what was edited since. */
export function leftOf<E extends { readonly [name: string]: unknown }>(edits: E, sent: E): E {
  const since = Object.entries(edits).filter(([name, edit]) => under(sent, name) !== edit);
  return Object.fromEntries(since) as E;
}

/** A JSON Merge Patch: null puts a value back to what it inherits. */
export function patchOf(questions: readonly Question[], edits: Edits): Values {
  const patch: Values = {};
  for (const question of questions) {
    const edit = under(edits, question.name);
    if (edit !== undefined) patch[question.name] = edit === null ? null : meant(question, edit);
  }
  return patch;
}

/** What is wrong with what is written, in a sentence for each name. */
export function wrongIn(questions: readonly Question[], edits: Edits): { [name: string]: string } {
  const wrong: { [name: string]: string } = {};
  for (const question of questions) {
    const edit = under(edits, question.name);
    if (edit === undefined || edit === null) continue;
    const named = { ...question.option, name: question.label };
    const problem = optionProblem(named, meant(question, edit), "");
    if (problem) wrong[question.name] = `${problem.detail} ${problem.hint}`.trim();
  }
  return wrong;
}

/** Required, with nothing written and nothing there. */
export function unanswered(questions: readonly Question[], edits: Edits, own: Values): string[] {
  return questions
    .filter(
      ({ name, required }) => required && (under(edits, name) ?? under(own, name) ?? null) === null,
    )
    .map(({ name }) => name);
}

// PURE. The first deploy: its five steps, what was answered so far, and what an answer does to the
// document. Keys and secrets are no part of it: they are never written down in the browser.
import type { Blueprint } from "../../blueprint/document";
import { KINDS } from "../../blueprint/kinds";
import { isValue } from "../../blueprint/perTenant";
import { declaredValues } from "../../blueprint/values";
import type { Edits } from "../values/edits";
import { inWords, type Question } from "../values/questions";

export const STEPS = [
  { key: "template", title: "Template" },
  { key: "model", title: "Model" },
  { key: "draw", title: "Blueprint" },
  { key: "tenant", title: "First tenant" },
  { key: "deploy", title: "Deploy" },
] as const;
export type Step = (typeof STEPS)[number]["key"];

export interface Wizard {
  step: Step;
  /** The blueprint's name; empty until a template is chosen. */
  blueprint: string;
  template: string;
  provider: string;
  model: string;
  tenantName: string;
  /** null: follows the name. */
  slug: string | null;
  edits: Edits;
  /** The slug of the tenant that was made already: it is not made twice. */
  made: string | null;
  /** The roll-out, once it began. */
  deployment: string | null;
}

export const BEGINNING: Wizard = {
  step: "template",
  blueprint: "",
  template: "",
  provider: "demo",
  model: "demo-1",
  tenantName: "",
  slug: null,
  edits: {},
  made: null,
  deployment: null,
};

export function stepNumber(step: Step): number {
  return STEPS.findIndex(({ key }) => key === step);
}

/** The document with every model block asking this provider for this model. What is left to each
 *  tenant stays so, with the model as its default. */
export function withModel(document: Blueprint, provider: string, model: string): Blueprint {
  const blocks = document.blocks.map((block) => {
    if (block.kind !== "model") return block;
    const given = block.options.model;
    const next = isValue(given) ? { ...given, default: model } : model;
    return { ...block, options: { ...block.options, provider, model: next } };
  });
  return { ...document, blocks };
}

/** The values that a tenant of the document is asked for: those without a default first. */
export function questionsIn(document: Blueprint): Question[] {
  const questions = declaredValues(document).map(
    ({ name, option, default: fallback, required, setBy }): Question => ({
      name,
      label: inWords(name),
      option,
      setBy: setBy === "tenant" ? "tenant" : "operator",
      required,
      default: fallback ?? undefined,
    }),
  );
  return questions.sort((one, other) => Number(other.required) - Number(one.required));
}

/** A name that nothing has yet, made from a template's. */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  for (let number = 2; ; number += 1) {
    if (!taken.has(`${name}-${number}`)) return `${name}-${number}`;
  }
}

/** What a block is for, in the words of its kind: the first sentence of its help. */
export function purposeOf(kind: string): string {
  const help = KINDS.get(kind)?.help ?? "";
  return /^.*?\.(?= |$)/s.exec(help)?.[0] ?? help;
}

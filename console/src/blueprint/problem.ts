// One thing that is wrong with a document: the same form that the API answers.
export interface Problem {
  pointer: string;
  code: string;
  /** One sentence for people. */
  detail: string;
  /** What to do about it; may be empty. */
  hint: string;
  /** The block that has it, where there is one. */
  block: string | null;
  /** The link that has it, where there is one. */
  link: string[] | null;
}

export function problem(pointer: string, code: string, detail: string, hint = ""): Problem {
  return { pointer, code, detail, hint, block: null, link: null };
}

export function ofBlock(found: Problem, block: string | null): Problem {
  return { ...found, block };
}

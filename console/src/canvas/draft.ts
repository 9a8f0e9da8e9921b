// A draft: what is drawn and not deployed, as other parts of the console see it.
import type { Blueprint } from "../blueprint/document";
import type { Layout } from "./drawing";

export interface Draft {
  name: string;
  document: Blueprint;
  layout: Layout;
  /** The revision that the edits began from; null for a blueprint that was never saved. */
  base: number | null;
  /** Problems that must be gone before it can be deployed. */
  problems: number;
  /** The staged changes in words. */
  changes: string[];
}

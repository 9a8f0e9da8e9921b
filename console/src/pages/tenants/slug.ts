// PURE. A slug for a name, and what is wrong with one before the server has to say it.
import { SLUG } from "../../blueprint/names";

/** `Café Ünlü & Co` becomes `cafe-unlu-co`. Empty where nothing is left. */
export function slugOf(name: string): string {
  return name
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+/, "")
    .slice(0, 40)
    .replace(/-+$/, "");
}

export function slugProblem(slug: string): string | undefined {
  if (slug === "") return "Every tenant needs a slug: it is the name in its address.";
  if (SLUG.test(slug) && !slug.includes("--")) return undefined;
  return "Use 1 to 40 of a-z, 0-9 and single hyphens; begin with a letter.";
}

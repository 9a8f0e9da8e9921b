// What a new tenant of a blueprint is asked for: of the revision that was deployed last, else of
// the newest one. That is the one it gets.
import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../../api/client";
import { drawingOf } from "../../blueprint/document";

export interface AskedSecret {
  name: string;
  required: boolean;
}

export function useNewTenantsBlueprint(name: string) {
  const path = { name };
  const schema = useQuery({
    queryKey: ["blueprints", name, "schema"],
    queryFn: () => answer(api.GET("/api/v1/blueprints/{name}/schema", { params: { path } })),
  });
  const document = useQuery({
    queryKey: ["blueprints", name, "for-new-tenants"],
    queryFn: async () => {
      const found = await answer(api.GET("/api/v1/blueprints/{name}", { params: { path } }));
      const { deployed_revision: number, revision } = found;
      if (number === null || number === revision) return found.document;
      const params = { path: { name, number } };
      return (await answer(api.GET("/api/v1/blueprints/{name}/revisions/{number}", { params })))
        .document;
    },
  });
  return { schema, document };
}

/** Of what was typed, that for which the document asks: what was typed for another blueprint would
 *  enter this one's runtime unseen. Empty ones are none. */
export function secretsFor(
  document: unknown,
  typed: { readonly [name: string]: string },
): { [name: string]: string } {
  const asked = new Set(namedSecrets(document).map(({ name }) => name));
  const given = Object.entries(typed).filter(([name, value]) => value !== "" && asked.has(name));
  return Object.fromEntries(given);
}

/** The secrets that a document names. */
export function namedSecrets(document: unknown): AskedSecret[] {
  const blocks = drawingOf(document)?.blocks ?? [];
  return blocks.flatMap(({ kind, options }) => {
    const { name, required } = options;
    if (kind !== "secret" || typeof name !== "string") return [];
    return [{ name, required: required === true }];
  });
}

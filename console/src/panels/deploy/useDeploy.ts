// Deploying: the document is saved under the revision that it began from, then tenants are moved
// to the revision that came of it. What the server refuses is told apart by what one can do.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ApiError, answer, api } from "../../api/client";
import type { Deployment } from "../../api/types";
import { type Drawing, layoutOf } from "../../canvas/drawing";

export interface Wish {
  name: string;
  /** To be saved first; null where the revision is there already. */
  save: { drawing: Drawing; base: number | null } | null;
  revision: number | null;
  canary: string | undefined;
}

/** Save a drawing. `base` null means that it must not be there yet. */
export async function saveBlueprint(
  name: string,
  { drawing, base }: NonNullable<Wish["save"]>,
): Promise<number> {
  const saved = await answer(
    api.PUT("/api/v1/blueprints/{name}", {
      params: { path: { name } },
      headers: { "If-Match": `"${base ?? 0}"` },
      body: { ...drawing.document, layout: layoutOf(drawing) },
    }),
  );
  return saved.revision;
}

export async function begin(
  name: string,
  revision: number,
  canary: string | undefined,
): Promise<Deployment> {
  const body = canary === undefined ? { revision } : { revision, canary };
  return answer(api.POST("/api/v1/blueprints/{name}/deploy", { params: { path: { name } }, body }));
}

/** `onSaved` is called before tenants are moved: what is saved stays, whatever comes after. It gets
 *  the drawing that was sent: what is drawn may be another one by then. */
export function useDeploy(onSaved: (revision: number, drawing: Drawing) => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async ({ name, save, revision, canary }: Wish) => {
      const number = save ? await saveBlueprint(name, save) : revision;
      if (number === null) throw new Error("There is no revision to deploy: save one first.");
      if (save) onSaved(number, save.drawing);
      return begin(name, number, canary);
    },
    onSettled: () => {
      void queries.invalidateQueries({ queryKey: ["deployments"] });
      void queries.invalidateQueries({ queryKey: ["blueprints"] });
    },
  });
}

/** Another roll-out of the blueprint runs: there is one at a time. */
export function isTaken(error: unknown): boolean {
  return error instanceof ApiError && error.status === 409;
}

// Changing a tenant by a merge patch.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { answer, api } from "../../api/client";
import { useOwnChanges } from "./ownChanges";

export interface Change {
  patch: {
    name?: string;
    values?: { [name: string]: unknown };
    limits?: { [name: string]: unknown };
    variables?: { [name: string]: string | null };
    suspended?: boolean;
  };
  /** Only if nobody changed the tenant since this generation. */
  generation?: number;
}

export function useChange(slug: string) {
  const queries = useQueryClient();
  const own = useOwnChanges(slug);
  return useMutation({
    mutationFn: ({ patch, generation }: Change) =>
      answer(
        api.PATCH("/api/v1/tenants/{slug}", {
          params: { path: { slug } },
          body: patch,
          headers: generation === undefined ? {} : { "If-Match": `"${generation}"` },
        }),
      ),
    onMutate: ({ generation }) => generation ?? own.known(),
    onSuccess: (tenant, _, before) => own.took(tenant, before),
    onSettled: () => void queries.invalidateQueries({ queryKey: ["tenants"] }),
  });
}

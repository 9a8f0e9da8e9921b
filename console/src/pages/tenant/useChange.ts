// Changing a tenant by a merge patch. What comes back is shown at once; events tell the rest.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { answer, api } from "../../api/client";
import type { Tenant } from "../../api/types";

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
  return useMutation({
    mutationFn: ({ patch, generation }: Change) =>
      answer(
        api.PATCH("/api/v1/tenants/{slug}", {
          params: { path: { slug } },
          body: patch,
          headers: generation === undefined ? {} : { "If-Match": `"${generation}"` },
        }),
      ),
    onSuccess: (tenant) => {
      queries.setQueryData<Tenant>(["tenants", "one", slug], (before) =>
        before ? { ...before, ...tenant, status: { ...before.status, ...tenant.status } } : before,
      );
    },
    onSettled: () => void queries.invalidateQueries({ queryKey: ["tenants"] }),
  });
}

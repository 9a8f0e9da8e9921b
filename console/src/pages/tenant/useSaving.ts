// Saving a form of a tenant: guarded by the generation that the edits began with.
import { ApiError } from "../../api/client";
import type { Tenant } from "../../api/types";
import { toast } from "../../ui";
import { type Change, useChange } from "./useChange";

export interface Saving {
  isBusy: boolean;
  error: Error | null;
  /** Somebody else changed the tenant since. */
  hasMoved: boolean;
  save(patch: Change["patch"], generation: number): void;
  forget(): void;
}

export function useSaving(tenant: Tenant, onSaved: () => void): Saving {
  const change = useChange(tenant.slug);
  const { error } = change;
  return {
    isBusy: change.isPending,
    error,
    hasMoved: error instanceof ApiError && error.hasMoved,
    save: (patch, generation) =>
      change.mutate(
        { patch, generation },
        {
          onSuccess: () => {
            onSaved();
            toast("Saved. It is applied now.", "good");
          },
        },
      ),
    forget: () => change.reset(),
  };
}

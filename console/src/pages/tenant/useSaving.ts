// Saving a form of a tenant: guarded by the generation that the edits began with.
import { useEffect, useRef } from "react";
import { ApiError } from "../../api/client";
import type { Tenant } from "../../api/types";
import { toast } from "../../ui";
import { carriedOn } from "./ownChanges";
import { type Change, useChange } from "./useChange";

export interface Saving {
  isBusy: boolean;
  error: Error | null;
  /** Somebody else changed the tenant since. */
  hasMoved: boolean;
  save(patch: Change["patch"], generation: number): void;
  forget(): void;
  /** What was refused is another text by now. */
  edited(): void;
}

/** onSaved: the one given when `save` was called, which therefore knows what was sent. */
export function useSaving(tenant: Tenant, onSaved: () => void): Saving {
  const change = useChange(tenant.slug);
  const { error, reset } = change;
  const hasMoved = error instanceof ApiError && error.hasMoved;
  // What failed was about the tenant as it was: once something else of it was saved, the words
  // would stand there for no reason that anybody sees.
  const failedAt = useRef(tenant.generation);
  useEffect(() => {
    if (error && !hasMoved && failedAt.current !== tenant.generation) reset();
  }, [error, hasMoved, reset, tenant.generation]);
  return {
    isBusy: change.isPending,
    error,
    hasMoved,
    save: (patch, generation) => {
      failedAt.current = tenant.generation;
      // A promise, for a form that was left meanwhile is not told by its mutation any more. What
      // is refused stands in `error`.
      change.mutateAsync({ patch, generation: carriedOn(tenant.id, generation) }).then(
        () => {
          onSaved();
          toast("Saved. It is applied now.", "good");
        },
        () => undefined,
      );
    },
    forget: reset,
    edited: () => {
      if (error && !hasMoved) reset();
    },
  };
}

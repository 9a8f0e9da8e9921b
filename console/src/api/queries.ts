// How answers are kept: one cache for the console. Keys begin with the noun ("tenants",
// "blueprints", "deployments", ...), so that an event can say which of them are old.
import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { isAway } from "./client";
import { listen } from "./events";
import { noticeSessionError } from "./session";

const TRIES = 3;

export function createQueries(): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({ onError: noticeSessionError }),
    mutationCache: new MutationCache({ onError: noticeSessionError }),
    defaultOptions: {
      queries: { staleTime: 5_000, retry: worthAnotherTry, refetchOnWindowFocus: true },
    },
  });
}

function worthAnotherTry(failures: number, error: Error): boolean {
  return failures < TRIES && isAway(error);
}

/** Answers grow old by events, and all of them where events may have been missed. One refresh a
 *  second at most: a thousand tenants may change at once. Returns how to stop. */
export function refreshByEvents(queries: QueryClient): () => void {
  const old = new Set<string>();
  let due: ReturnType<typeof setTimeout> | undefined;
  const refresh = () => {
    due = undefined;
    for (const noun of old) void queries.invalidateQueries({ queryKey: [noun] });
    old.clear();
  };
  const stop = listen(
    ({ event }) => {
      for (const noun of event === "tenant"
        ? ["tenants", "status"]
        : ["deployments", "blueprints"]) {
        old.add(noun);
      }
      due ??= setTimeout(refresh, 1_000);
    },
    () => void queries.invalidateQueries(),
  );
  return () => {
    stop();
    clearTimeout(due);
  };
}

// A roll-out as it goes on. Events make it old, and while it runs it is also asked for now and
// then: a stream that broke must not leave somebody looking at a bar that stands still.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { answer, api } from "../../api/client";
import type { Deployment } from "../../api/types";
import { isOver } from "./rollOut";

const TURN = 2_500;
/** Of more tenants than anybody reads it does not ask. */
const MOST_ROWS = 100;

export function useDeployment(id: string) {
  return useQuery({
    queryKey: ["deployments", "one", id],
    queryFn: () => {
      const params = { path: { deployment: id }, query: { members: MOST_ROWS } };
      return answer(api.GET("/api/v1/deployments/{deployment}", { params }));
    },
    refetchInterval: ({ state: { data } }) => (data && isOver(data) ? false : TURN),
  });
}

/** The roll-outs of a blueprint, newest first, each with its counts and none of its tenants. */
export function useDeployments(blueprint: string | null, limit: number) {
  return useQuery({
    queryKey: ["deployments", "list", blueprint, limit],
    queryFn: () => {
      const asked = { limit, members: 0 };
      const query = blueprint === null ? asked : { ...asked, blueprint };
      return answer(api.GET("/api/v1/deployments", { params: { query } }));
    },
    refetchInterval: ({ state: { data } }) => (data?.items.some(goesOn) ? TURN : false),
  });
}

/** The one that goes on at the moment: there is one at a time. */
export function useRunning(blueprint: string): { running: Deployment | null; isKnown: boolean } {
  const { data, isFetched } = useDeployments(blueprint, 1);
  return { running: data?.items.find(goesOn) ?? null, isKnown: isFetched };
}

export function goesOn(deployment: Deployment): boolean {
  return !isOver(deployment);
}

/** The time, every second while something runs. */
export function useSeconds(isRunning: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!isRunning) return;
    setNow(Date.now());
    const clock = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(clock);
  }, [isRunning]);
  return now;
}

// Whether the first tenant is there. A roll-out has nothing to do for one that was made with its
// revision, and is through at once; the tenant still has to come up.
import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../../api/client";
import type { DeployedTenant, Deployment, Tenant } from "../../api/types";
import { isOver } from "../../panels/progress/rollOut";
import { useDeployment } from "../../panels/progress/useDeployment";

export type Arrival = "coming" | "answers" | "failed";

const ANSWERING = ["ready", "degraded", "asleep"];

export function arrivalOf(deployment: Deployment | undefined, tenant: Tenant | undefined): Arrival {
  if (!deployment || !isOver(deployment)) return "coming";
  if (deployment.state !== "done") return "failed";
  if (!tenant) return "coming";
  const { phase, blocked } = tenant.status;
  if (ANSWERING.includes(phase)) return "answers";
  return phase === "failed" || blocked ? "failed" : "coming";
}

/** The tenant as a row of a roll-out. */
export function rowOf({ slug, status }: Tenant, since: string, arrival: Arrival): DeployedTenant {
  const { steps, reason } = status;
  const state = arrival === "failed" ? "failed" : arrival === "answers" ? "done" : "running";
  return { slug, canary: false, state, steps, since, reason, note: "" };
}

const TURN = 1_500;

/** Both as they are now; asked for until it answers. */
export function useArrival(id: string, slug: string) {
  const { data: deployment, error } = useDeployment(id);
  const { data: tenant } = useQuery({
    queryKey: ["tenants", "one", slug],
    queryFn: () => answer(api.GET("/api/v1/tenants/{slug}", { params: { path: { slug } } })),
    refetchInterval: ({ state: { data } }) =>
      arrivalOf(deployment, data) === "coming" ? TURN : false,
  });
  return { deployment, tenant, error, arrival: arrivalOf(deployment, tenant) };
}

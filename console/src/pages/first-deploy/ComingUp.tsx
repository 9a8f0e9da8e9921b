// The first tenant on its way, once the roll-out has nothing more to do for it.

import type { Deployment, Tenant } from "../../api/types";
import { Said } from "../../ui/Said";
import "../../panels/Progress.css";
import { TenantRow } from "../../panels/progress/TenantRow";
import { useSeconds } from "../../panels/progress/useDeployment";
import { type Arrival, rowOf } from "./arrival";

interface Props {
  deployment: Deployment;
  tenant: Tenant;
  arrival: Arrival;
}

export function ComingUp({ deployment, tenant, arrival }: Props) {
  const isComing = arrival === "coming";
  const now = useSeconds(isComing);
  const row = rowOf(tenant, deployment.created_at, arrival);
  return (
    <section className="progress" aria-label="Progress">
      <p className="visually-hidden" role="status">
        <Said text={`${tenant.slug} is ${tenant.status.phase}. ${tenant.status.reason}`} />
      </p>
      <ul className="progress__tenants">
        <TenantRow tenant={row} now={now} over={!isComing} />
      </ul>
    </section>
  );
}

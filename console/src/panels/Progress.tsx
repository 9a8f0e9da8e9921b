// A roll-out as it runs: how far, for how long, what something waits for, and what was put back.
// It lives on the server: whoever leaves the page finds it again as it is by then.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { answer, api } from "../api/client";
import type { Deployment } from "../api/types";
import { Badge, Button, Code, Confirm, classes, Failure, Loading, Notice, Said } from "../ui";
import "./Progress.css";
import {
  announcementOf,
  headlineOf,
  isOver,
  lasted,
  sentence,
  settled,
  toneOf,
  total,
} from "./progress/rollOut";
import { TenantRow } from "./progress/TenantRow";
import { useDeployment, useSeconds } from "./progress/useDeployment";

interface Props {
  id: string;
  /** Stands at the end once it is over. */
  after?: (deployment: Deployment) => ReactNode;
}

export function Progress({ id, after }: Props) {
  const found = useDeployment(id);
  if (!found.data) {
    return found.error ? (
      <Failure error={found.error} again={() => void found.refetch()} />
    ) : (
      <Loading label="Looking how far it is" lines={6} />
    );
  }
  return <Shown deployment={found.data} after={after} />;
}

function Shown({ deployment, after }: { deployment: Deployment; after: Props["after"] }) {
  const over = isOver(deployment);
  const now = useSeconds(!over);
  const { tenants, created_at, finished_at, log } = deployment;
  const end = finished_at === null ? now : Date.parse(finished_at);
  const all = total(deployment);
  return (
    <section className="progress" aria-label="Progress">
      <div className="progress__head">
        <Badge tone={toneOf(deployment)} live={!over}>
          {headlineOf(deployment)}
        </Badge>
        <span className="soft progress__time">{lasted(created_at, end)}</span>
        {!over && deployment.state === "running" && !deployment.stopping && (
          <Stop deployment={deployment} />
        )}
      </div>
      <p className="visually-hidden" role="status">
        {announcementOf(deployment)}
      </p>
      <progress
        className={`progress__bar progress__bar--${toneOf(deployment)}`}
        aria-label="Tenants that are through"
        value={over ? 1 : settled(deployment) / Math.max(1, all)}
      />
      <Told deployment={deployment} />
      {log.length > 0 && <Code label="The log lines that matter" text={log.join("\n")} />}
      {all === 0 ? (
        <p className="soft">
          No tenant uses this blueprint yet: the next one begins with this revision.
        </p>
      ) : (
        <ul className={classes("progress__tenants", !over && "progress__tenants--live")}>
          {tenants.map((tenant) => (
            <TenantRow key={tenant.slug} tenant={tenant} now={now} over={over} />
          ))}
        </ul>
      )}
      {all > tenants.length && (
        <p className="soft">And {all - tenants.length} more; these need your eyes most.</p>
      )}
      {over && after?.(deployment)}
    </section>
  );
}

/** What happened where it did not go well: why, and what became of the disks. */
function Told({ deployment }: { deployment: Deployment }) {
  const { state, reason, tenants } = deployment;
  if (state === "running") {
    return reason ? (
      <Notice tone="brass">
        <Said text={reason} />
      </Notice>
    ) : null;
  }
  if (state === "done") return null;
  const kept = tenants.filter(({ note }) => note !== "").length;
  return (
    <Notice tone="bad">
      <Said text={sentence(reason) || "It was stopped."} />{" "}
      {state === "rolled_back" && "Every tenant that was moved is back. "}
      {kept > 0 && "What was written in between is kept: it stands below, at each tenant."}
    </Notice>
  );
}

function Stop({ deployment }: { deployment: Deployment }) {
  const [asks, setAsks] = useState(false);
  const queries = useQueryClient();
  const stop = useMutation({
    mutationFn: () => {
      const params = { path: { deployment: deployment.id } };
      return answer(api.POST("/api/v1/deployments/{deployment}/stop", { params }));
    },
    onSuccess: () => setAsks(false),
    onSettled: () => queries.invalidateQueries({ queryKey: ["deployments"] }),
  });
  const before = deployment.previous_revision;
  return (
    <>
      <Button size="s" kind="danger" onClick={() => setAsks(true)}>
        Stop and put back
      </Button>
      {asks && (
        <Confirm
          title="Stop this roll-out?"
          act="Stop and put back"
          busy={stop.isPending}
          onConfirm={() => stop.mutate()}
          onClose={() => setAsks(false)}
        >
          <p>
            Tenants that were moved go back to{" "}
            {before === deployment.revision ? "what they had before" : `revision ${before}`}; the
            others stay as they are. Revision {deployment.revision} stays saved.
          </p>
          {stop.error && <Failure error={stop.error} />}
        </Confirm>
      )}
    </>
  );
}

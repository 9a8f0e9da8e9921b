// How a tenant is: its phase, why, what it waits for, and the way it has come.
import { useState } from "react";
import type { Steps, Tenant } from "../../api/types";
import { paths } from "../../router";
import { Badge, Button, Card, CheckIcon, classes, Link, Notice, PhaseBadge, Said } from "../../ui";
import { Since } from "../tenants/Since";
import { Rename } from "./Rename";

const STEPS: (keyof Steps)[] = ["built", "started", "healthy", "routed"];

export function Facts({ tenant }: { tenant: Tenant }) {
  const { status, blueprint, revision, target_revision: target } = tenant;
  const [isRenaming, setRenaming] = useState(false);
  return (
    <Card
      title="State"
      aside={
        <span className="soft">
          <Since at={status.since} />
        </span>
      }
    >
      <div className="facts__phase" role="status">
        <PhaseBadge phase={status.phase} />
        {tenant.safe_mode && <Badge tone="brass">safe mode</Badge>}
        {status.reason && (
          <p>
            <Said text={status.reason} />
          </p>
        )}
      </div>
      {status.waiting.length > 0 && (
        <Notice tone="brass">
          Waits: <Said text={status.waiting.join("; ")} />
        </Notice>
      )}
      <Way steps={status.steps} />
      <dl className="facts">
        <dt>Slug</dt>
        <dd className="mono">{tenant.slug}</dd>
        <dt>Blueprint</dt>
        <dd>
          <Link to={paths.blueprint(blueprint)}>{blueprint}</Link>{" "}
          {revision === target
            ? `revision ${revision}`
            : `revision ${revision}, moves to ${target}`}
        </dd>
        <dt>Generation</dt>
        <dd>
          {status.applied_generation === tenant.generation
            ? `${tenant.generation}, applied`
            : `${tenant.generation}, ${status.applied_generation} is applied`}
        </dd>
        {status.isolation.total > 0 && (
          <>
            <dt>Isolation</dt>
            <dd>
              {status.isolation.passed} of {status.isolation.total} probes passed
            </dd>
          </>
        )}
        <dt>Created</dt>
        <dd>{new Date(tenant.created_at).toLocaleString()}</dd>
      </dl>
      <div>
        <Button size="s" onClick={() => setRenaming(true)}>
          Rename
        </Button>
      </div>
      {isRenaming && <Rename tenant={tenant} onClose={() => setRenaming(false)} />}
    </Card>
  );
}

function Way({ steps }: { steps: Steps | undefined }) {
  if (!steps) return null;
  return (
    <ol className="way" aria-label="Steps">
      {STEPS.map((step) => (
        <li key={step} className={classes("way__step", steps[step] && "way__step--done")}>
          <span className="way__mark" aria-hidden="true">
            {steps[step] && <CheckIcon size={12} />}
          </span>
          {step}
          {!steps[step] && <span className="visually-hidden"> not yet</span>}
        </li>
      ))}
    </ol>
  );
}

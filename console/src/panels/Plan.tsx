// What deploying a document would do, and to whom: asked anew with every change of the document or
// of the share that goes first.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { answer, api } from "../api/client";
import type { Plan as Planned } from "../api/types";
import { type Blueprint, meaningOf } from "../blueprint/document";
import { Badge, classes, Failure, Loading, Said, TextField } from "../ui";
import { type Canary, type CanaryKind, canaryProblem, shareOf } from "./deploy/canary";
import { detailsOf, type Group, groupsOf, reasonsOf, summaryOf, WORDS } from "./deploy/effects";
import "./Plan.css";

interface Asked {
  name: string;
  document: Blueprint;
  canary: Canary;
}

/** The plan for a document that nobody has to have saved. */
export function usePlan({ name, document, canary }: Asked) {
  const share = shareOf(canary);
  return useQuery({
    queryKey: ["plan", name, share ?? "", meaningOf(document)],
    queryFn: () => {
      const params = { path: { name }, query: share === undefined ? {} : { canary: share } };
      const body = { ...document };
      return answer(api.POST("/api/v1/blueprints/{name}/plan", { params, body }));
    },
    placeholderData: keepPreviousData,
    staleTime: 0,
  });
}

interface Props {
  plan: ReturnType<typeof usePlan>;
  canary: Canary;
  onCanary(canary: Canary): void;
}

export function Plan({ plan, canary, onCanary }: Props) {
  const { data, error } = plan;
  return (
    <section className="plan" aria-label="Plan">
      <h3>What happens</h3>
      {error && !data ? (
        <Failure error={error} again={() => void plan.refetch()} />
      ) : !data ? (
        <Loading label="Planning" lines={4} />
      ) : (
        <Effects plan={data} isOld={plan.isPlaceholderData} />
      )}
      {data && data.tenants.length > 1 && (
        <CanaryChoice canary={canary} count={data.tenants.length} onChange={onCanary} />
      )}
    </section>
  );
}

function Effects({ plan, isOld }: { plan: Planned; isOld: boolean }) {
  const { tenants } = plan;
  const reasons = reasonsOf(plan.waiting);
  return (
    <div className={classes("plan__effects", isOld && "plan__effects--old")}>
      <p role="status">{summaryOf(tenants)}</p>
      {groupsOf(tenants).map((group) => (
        <GroupRow key={group.effect} group={group} />
      ))}
      {reasons.length > 0 && (
        <div className="plan__waits">
          <strong>It would wait for</strong>
          <ul>
            {reasons.slice(0, MOST_REASONS).map((reason) => (
              <li key={reason}>
                <Said text={reason} />
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}

const MOST_REASONS = 5;
const MOST_NAMES = 12;

function GroupRow({ group }: { group: Group }) {
  const { title, about } = WORDS[group.effect];
  const canaries = group.tenants.filter(({ canary }) => canary).length;
  return (
    <details className={`effect effect--${group.effect}`}>
      <summary>
        <strong>{group.tenants.length}</strong>
        <span className="effect__title">{title}</span>
        {canaries > 0 && <Badge tone="brass">{canaries} first</Badge>}
        <span className="effect__about soft">{about}</span>
      </summary>
      <ul>
        {detailsOf(group).map(({ detail, slugs }) => (
          <li key={detail}>
            <span>
              {slugs.slice(0, MOST_NAMES).join(", ")}
              {slugs.length > MOST_NAMES && ` and ${slugs.length - MOST_NAMES} more`}
            </span>
            {detail && <span className="soft">{detail}</span>}
          </li>
        ))}
      </ul>
    </details>
  );
}

const KINDS: { kind: CanaryKind; label: string }[] = [
  { kind: "none", label: "Everybody" },
  { kind: "tenth", label: "10 % first" },
  { kind: "count", label: "Some first" },
];

function CanaryChoice({
  canary,
  count,
  onChange,
}: {
  canary: Canary;
  count: number;
  onChange(canary: Canary): void;
}) {
  return (
    <fieldset className="canary">
      <legend>Who goes first</legend>
      <div className="canary__kinds">
        {KINDS.map(({ kind, label }) => (
          <label key={kind} className="canary__kind">
            <input
              type="radio"
              name="canary"
              checked={canary.kind === kind}
              onChange={() => onChange({ ...canary, kind })}
            />
            <span>{label}</span>
          </label>
        ))}
      </div>
      {canary.kind === "count" && (
        <TextField
          label="How many go first"
          inputMode="numeric"
          value={canary.count}
          error={canaryProblem(canary)}
          onChange={(event) => onChange({ ...canary, count: event.target.value })}
        />
      )}
      <p className="soft canary__about">
        {canary.kind === "none"
          ? "A tenant that does not get ready stops the roll-out, and every tenant is put back."
          : `The other ${count > 2 ? "tenants follow" : "one follows"} once the canary is ready. If it is not, nobody else is touched.`}
      </p>
    </fieldset>
  );
}

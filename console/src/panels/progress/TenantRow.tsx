// One tenant of a roll-out: its four steps, what it waits for, and where what it wrote was kept.
import type { DeployedTenant } from "../../api/types";
import { paths } from "../../router";
import { Badge, classes, Link, Said } from "../../ui";
import { lasted, MOVES, STEPS, stepStates } from "./rollOut";

const WORDS = { done: "done", now: "under way", stopped: "it ended here", later: "not yet" };

interface Props {
  tenant: DeployedTenant;
  now: number;
  /** The whole roll-out is over: nobody's turn comes any more. */
  over: boolean;
}

export function TenantRow({ tenant, now, over }: Props) {
  const { slug, canary, state, since, reason, note } = tenant;
  const moves = state === "running" && !over;
  const isUntouched = state === "pending" && over;
  return (
    <li className={classes("moved", `moved--${state}`)}>
      <div className="moved__head">
        <Link to={paths.tenant(slug)}>{slug}</Link>
        {canary && <Badge tone="brass">canary</Badge>}
        <span className="moved__state">
          {isUntouched ? "not touched" : MOVES[state]}
          {moves && <span className="moved__time"> {lasted(since, now)}</span>}
        </span>
      </div>
      <StepsLine tenant={tenant} />
      <p className="moved__reason">{state !== "done" && !isUntouched && <Said text={reason} />}</p>
      {note && <p className="moved__note">{note}</p>}
    </li>
  );
}

function StepsLine({ tenant }: { tenant: DeployedTenant }) {
  const states = stepStates(tenant);
  return (
    <ol className="steps" aria-label={`Steps of ${tenant.slug}`}>
      {STEPS.map((step, index) => {
        const state = states[index] ?? "later";
        return (
          <li key={step} className={`steps__step steps__step--${state}`}>
            {step}
            <span className="visually-hidden">: {WORDS[state]}</span>
          </li>
        );
      })}
    </ol>
  );
}

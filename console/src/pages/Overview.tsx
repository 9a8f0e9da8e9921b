// How the installation is: what runs, what needs somebody, and the next step. An empty one is led
// to its first deploy.
import { useEffect } from "react";
import type { Deployment } from "../api/types";
import { headlineOf, isOver, lasted, toneOf } from "../panels/progress/rollOut";
import { navigate, paths } from "../router";
import { Badge, Card, CheckIcon, Failure, Link, Loading, Page, PhaseBadge } from "../ui";
import "./Overview.css";
import { type Attention, attentionIn, type Known, nextStepIn, phasesIn } from "./overview/state";
import { useKnown } from "./overview/useKnown";

export function Overview() {
  const { known, error } = useKnown();
  const isEmpty =
    known !== null && known.status.tenants.total === 0 && known.blueprints.length === 0;
  useEffect(() => {
    if (isEmpty) navigate(paths.first, { replace: true });
  }, [isEmpty]);
  return (
    <Page title="Overview">
      {known && !isEmpty ? (
        <Shown known={known} />
      ) : error ? (
        <Failure error={error} />
      ) : (
        <Loading lines={8} />
      )}
    </Page>
  );
}

function Shown({ known }: { known: Known }) {
  const next = nextStepIn(known);
  return (
    <>
      <NeedsSomebody attention={attentionIn(known)} />
      <section className="next" aria-label="Next step">
        <p>{next.text}</p>
        <Link button="primary" to={next.to}>
          {next.act}
        </Link>
      </section>
      <div className="overview__pair">
        <Tenants known={known} />
        <Blueprints known={known} />
      </div>
      {known.deployments.length > 0 && <RollOuts deployments={known.deployments} />}
    </>
  );
}

function NeedsSomebody({ attention }: { attention: readonly Attention[] }) {
  if (attention.length === 0) {
    return (
      <p className="calm">
        <CheckIcon /> Nothing needs you.
      </p>
    );
  }
  return (
    <Card title="Needs you">
      <ul className="needs">
        {attention.map(({ key, tone, text, hint, to, act }) => (
          <li key={key} className={`needs__row needs__row--${tone}`}>
            <span>
              <strong>{text}</strong> <span className="soft">{hint}</span>
            </span>
            {to && (
              <Link button="plain" to={to}>
                {act}
              </Link>
            )}
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Tenants({ known }: { known: Known }) {
  const { total, phases } = known.status.tenants;
  const found = phasesIn(phases);
  return (
    <Card title="Tenants" aside={<Link to={paths.tenants}>All {total}</Link>}>
      <div className="share" aria-hidden="true">
        {found.map(([phase, count]) => (
          <span
            key={phase}
            className={`share__part share__part--${phase}`}
            style={{ flex: count }}
          />
        ))}
      </div>
      <ul className="overview__list">
        {found.map(([phase, count]) => (
          <li key={phase}>
            <Link to={`${paths.tenants}?phase=${phase}`}>
              <PhaseBadge phase={phase} />
              <strong>{count}</strong>
            </Link>
          </li>
        ))}
        {found.length === 0 && <li className="soft">None yet.</li>}
      </ul>
    </Card>
  );
}

function Blueprints({ known }: { known: Known }) {
  return (
    <Card title="Blueprints" aside={<Link to={paths.blueprints}>All</Link>}>
      <ul className="overview__list">
        {known.blueprints.map(({ name, revision, deployed_revision: deployed }) => (
          <li key={name}>
            <Link to={paths.blueprint(name)}>
              <span>{name}</span>
              <span className="soft">
                {deployed === revision
                  ? `revision ${revision}`
                  : deployed === null
                    ? `revision ${revision}, not deployed`
                    : `revision ${revision}, ${deployed} is deployed`}
              </span>
            </Link>
          </li>
        ))}
        {known.blueprints.length === 0 && <li className="soft">None yet.</li>}
      </ul>
    </Card>
  );
}

function RollOuts({ deployments }: { deployments: readonly Deployment[] }) {
  return (
    <Card title="Last roll-outs">
      <ul className="overview__list">
        {deployments.map((deployment) => {
          const { id, blueprint, created_at, finished_at } = deployment;
          const end = finished_at === null ? null : Date.parse(finished_at);
          return (
            <li key={id}>
              <Link to={paths.blueprint(blueprint)}>
                <span>
                  {blueprint}{" "}
                  <Badge tone={toneOf(deployment)} live={!isOver(deployment)}>
                    {headlineOf(deployment)}
                  </Badge>
                </span>
                <span className="soft">
                  {new Date(created_at).toLocaleString()}
                  {end !== null && `, took ${lasted(created_at, end)}`}
                </span>
              </Link>
            </li>
          );
        })}
      </ul>
    </Card>
  );
}

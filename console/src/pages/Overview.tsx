// How the installation is: tenants by phase, blueprints, what needs somebody. An empty one is led
// to its first deploy.
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { answer, api } from "../api/client";
import type { Phase } from "../api/coming";
import { navigate, paths } from "../router";
import { Card, Failure, Link, Loading, Notice, Page, PhaseBadge } from "../ui";
import "./Overview.css";

export function Overview() {
  const status = useQuery({
    queryKey: ["status"],
    queryFn: () => answer(api.GET("/api/v1/status")),
  });
  const blueprints = useQuery({
    queryKey: ["blueprints"],
    queryFn: () => answer(api.GET("/api/v1/blueprints")),
  });
  const isEmpty = status.data?.tenants.total === 0 && blueprints.data?.items.length === 0;
  useEffect(() => {
    if (isEmpty) navigate(paths.first, { replace: true });
  }, [isEmpty]);
  const error = status.error ?? blueprints.error;
  if (error)
    return (
      <Page title="Overview">
        <Failure error={error} />
      </Page>
    );
  if (!status.data || !blueprints.data || isEmpty) return <Loading lines={6} />;
  const phases = Object.entries(status.data.tenants.phases) as [Phase, number][];
  return (
    <Page
      title="Overview"
      actions={
        <Link button="primary" to={paths.blueprints}>
          Open a blueprint
        </Link>
      }
    >
      {status.data.notices?.map((notice, index) => (
        <Notice key={index} tone="brass">
          {notice.detail} {notice.hint}
        </Notice>
      ))}
      <Card title={`Tenants (${status.data.tenants.total})`}>
        <ul className="overview__list">
          {phases.map(([phase, count]) => (
            <li key={phase}>
              <Link to={`${paths.tenants}?phase=${phase}`}>
                <PhaseBadge phase={phase} /> <strong>{count}</strong>
              </Link>
            </li>
          ))}
          {phases.length === 0 && <li className="soft">None yet.</li>}
        </ul>
      </Card>
      <Card title="Blueprints">
        <ul className="overview__list">
          {blueprints.data.items.map(({ name, revision, deployed_revision }) => (
            <li key={name}>
              <Link to={paths.blueprint(name)}>{name}</Link>{" "}
              <span className="soft">
                revision {revision}
                {deployed_revision === null
                  ? ", not deployed yet"
                  : deployed_revision !== revision && `, ${deployed_revision} is deployed`}
              </span>
            </li>
          ))}
        </ul>
      </Card>
    </Page>
  );
}

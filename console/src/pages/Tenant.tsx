// One tenant: how it is, how to reach it, what it is set to, what it uses, and what happened.
import { useQuery as useAnswer } from "@tanstack/react-query";
import { ApiError, answer, api } from "../api/client";
import { Chat } from "../panels/Chat";
import { Logs } from "../panels/Logs";
import { paths, useQuery } from "../router";
import { Empty, Failure, Link, Loading, Page, Tabs } from "../ui";
import { Access } from "./tenant/Access";
import { Acts } from "./tenant/Acts";
import { Events } from "./tenant/Events";
import { Facts } from "./tenant/Facts";
import { Limits } from "./tenant/Limits";
import { Secrets } from "./tenant/Secrets";
import { Usage } from "./tenant/Usage";
import { Values } from "./tenant/Values";
import { Variables } from "./tenant/Variables";
import "./tenant/tenant.css";
import { KeptDisks } from "./tenants/KeptDisks";
import { useLivePhases } from "./tenants/live";

const TABS = [
  { key: "settings", title: "Settings" },
  { key: "limits", title: "Limits and usage" },
  { key: "chat", title: "Chat" },
  { key: "logs", title: "Logs" },
  { key: "events", title: "Events" },
] as const;
type Key = (typeof TABS)[number]["key"];

export function Tenant({ slug }: { slug: string }) {
  const [query, change] = useQuery();
  const found = useAnswer({
    queryKey: ["tenants", "one", slug],
    queryFn: () => answer(api.GET("/api/v1/tenants/{slug}", { params: { path: { slug } } })),
  });
  useLivePhases();
  const tenant = found.data;
  if (found.error instanceof ApiError && found.error.status === 404) return <Gone slug={slug} />;
  if (!tenant) {
    return (
      <Page title={slug} lead={<Link to={paths.tenants}>All tenants</Link>} wide>
        {found.error ? (
          <Failure error={found.error} again={() => void found.refetch()} />
        ) : (
          <div className="tenant__skeleton">
            <Loading label={`Loading ${slug}`} lines={10} />
          </div>
        )}
      </Page>
    );
  }
  const tab = TABS.find(({ key }) => key === query.get("tab"))?.key ?? "settings";
  return (
    <Page
      title={tenant.name}
      lead={<Link to={paths.tenants}>All tenants</Link>}
      wide
      actions={<Acts tenant={tenant} />}
    >
      <div className="tenant__head">
        <Facts tenant={tenant} />
        <Access tenant={tenant} />
      </div>
      <div className="tenant__tabs">
        <Tabs<Key>
          label={`Views of ${slug}`}
          tabs={TABS}
          current={tab}
          onChange={(key) => change({ tab: key === "settings" ? null : key })}
        >
          {tab === "settings" && (
            <div className="tenant__columns">
              <Values tenant={tenant} />
              <div className="tenant__stack">
                <Secrets tenant={tenant} />
                <Variables tenant={tenant} />
              </div>
            </div>
          )}
          {tab === "limits" && (
            <div className="tenant__stack">
              <div className="tenant__columns tenant__columns--even">
                <Limits tenant={tenant} />
                <Usage slug={slug} />
              </div>
              <KeptDisks slug={slug} />
            </div>
          )}
          {tab === "chat" && <Chat slug={slug} />}
          {tab === "logs" && <Logs slug={slug} services={tenant.services} />}
          {tab === "events" && <Events slug={slug} />}
        </Tabs>
      </div>
    </Page>
  );
}

function Gone({ slug }: { slug: string }) {
  return (
    <Page title={slug}>
      <Empty
        title={`There is no tenant ${slug}`}
        action={
          <Link button="primary" to={paths.tenants}>
            Show all tenants
          </Link>
        }
      >
        It was deleted, or the address is mistyped.
      </Empty>
      <KeptDisks slug={slug} />
    </Page>
  );
}

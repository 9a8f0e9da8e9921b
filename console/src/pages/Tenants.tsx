// All tenants: a page of them at a time from the server, filtered by what stands in the address,
// with their phases as they change.
import { keepPreviousData, useQuery as useAnswer } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { answer, api } from "../api/client";
import type { BulkAction, TenantsPage } from "../api/types";
import { navigate, useQuery } from "../router";
import { Button, Empty, Failure, Page, PlusIcon, TenantsIcon } from "../ui";
import { Bulk } from "./tenants/Bulk";
import { BulkBar } from "./tenants/BulkBar";
import { CreateTenant } from "./tenants/CreateTenant";
import { Filters } from "./tenants/Filters";
import { askedBy, FIRST_PAGE, isFiltered, PAGE_SIZE, pagesBeside } from "./tenants/filters";
import { KeptDisks } from "./tenants/KeptDisks";
import { useLivePhases } from "./tenants/live";
import { Pager } from "./tenants/Pager";
import { Skeleton } from "./tenants/Skeleton";
import { TenantsTable } from "./tenants/TenantsTable";
import "./tenants/tenants.css";

export function Tenants() {
  const [query, change] = useQuery();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [bulk, setBulk] = useState<BulkAction | null>(null);
  const [isCreating, setCreating] = useState(query.get("new") === "1");
  const asked = askedBy(query);
  const list = useAnswer({
    queryKey: ["tenants", "list", asked],
    queryFn: ({ signal }) =>
      answer(api.GET("/api/v1/tenants", { params: { query: asked }, signal })),
    placeholderData: keepPreviousData,
  });
  useLivePhases();
  useWayToFirstPage(Boolean(asked.before), list.isPlaceholderData ? undefined : list.data);

  return (
    <Page
      title="Tenants"
      lead="Each has a runtime, a disk and an address of its own."
      wide
      actions={
        <Button kind="primary" icon={<PlusIcon />} onClick={() => setCreating(true)}>
          New tenant
        </Button>
      }
    >
      <Filters query={query} onChange={(parts) => change({ ...parts, ...FIRST_PAGE })} />
      {list.error && !list.data ? (
        <Failure error={list.error} again={() => void list.refetch()} />
      ) : !list.data ? (
        <Skeleton />
      ) : (
        <div className="tenants" aria-busy={list.isPlaceholderData || undefined}>
          <TenantsTable
            tenants={list.data.items}
            chosen={chosen}
            onChoose={setChosen}
            empty={
              isFiltered(asked) ? (
                <Empty
                  title="No tenant is like that"
                  icon={<TenantsIcon size={28} />}
                  action={<Button onClick={() => navigate("/tenants")}>Show all tenants</Button>}
                >
                  Search looks in slugs and names.
                </Empty>
              ) : (
                <Empty
                  title="No tenant yet"
                  icon={<TenantsIcon size={28} />}
                  action={<Button onClick={() => setCreating(true)}>Create the first</Button>}
                >
                  A tenant is one customer of yours: it gets a runtime that nobody else shares.
                </Empty>
              )
            }
          />
          <Pager
            total={list.data.total}
            filtered={isFiltered(asked)}
            {...pagesBeside(query, list.data)}
          />
        </div>
      )}
      <KeptDisks />
      {chosen.size > 0 && (
        <BulkBar count={chosen.size} onAct={setBulk} onClear={() => setChosen(new Set())} />
      )}
      {bulk && (
        <Bulk
          action={bulk}
          slugs={[...chosen].sort()}
          onClose={(done) => {
            setBulk(null);
            setChosen(new Set([...chosen].filter((slug) => !done.has(slug))));
          }}
        />
      )}
      {isCreating && <CreateTenant onClose={() => setCreating(false)} />}
    </Page>
  );
}

/** A page before the first one is shorter than a page: then it is the first that is meant. */
function useWayToFirstPage(isOnTheWayBack: boolean, page: TenantsPage | undefined): void {
  const [, change] = useQuery();
  const isShort = isOnTheWayBack && page !== undefined && page.items.length < PAGE_SIZE;
  useEffect(() => {
    if (isShort) change(FIRST_PAGE);
  });
}

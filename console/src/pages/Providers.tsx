// Model providers: where models come from. Their keys stay with the broker and are never shown.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api } from "../api/client";
import type { components } from "../api/schema";
import {
  Badge,
  Button,
  type Column,
  Confirm,
  Failure,
  Loading,
  Page,
  PlusIcon,
  Table,
  toast,
} from "../ui";
import { ProviderDialog } from "./providers/ProviderDialog";
import "./providers/providers.css";

type Provider = components["schemas"]["ProviderOut"];

export function Providers() {
  const list = useQuery({
    queryKey: ["providers"],
    queryFn: () => answer(api.GET("/api/v1/providers")),
  });
  const [editing, setEditing] = useState<Provider | "new" | null>(null);
  const [removing, setRemoving] = useState<Provider | null>(null);
  return (
    <Page
      title="Providers"
      lead="Where models come from. A provider's key stays with the broker: no tenant's runtime ever holds it."
      actions={
        <Button kind="primary" icon={<PlusIcon />} onClick={() => setEditing("new")}>
          New provider
        </Button>
      }
    >
      {list.error ? (
        <Failure error={list.error} again={() => void list.refetch()} />
      ) : !list.data ? (
        <Loading lines={4} />
      ) : (
        <Table
          label="Providers"
          rows={list.data.items}
          rowKey={({ name }) => name}
          columns={columns(setEditing, setRemoving)}
        />
      )}
      {editing && (
        <ProviderDialog
          provider={editing === "new" ? null : editing}
          taken={list.data?.items.map(({ name }) => name) ?? []}
          onClose={() => setEditing(null)}
        />
      )}
      {removing && <Remove provider={removing} onClose={() => setRemoving(null)} />}
    </Page>
  );
}

function columns(
  edit: (provider: Provider) => void,
  remove: (provider: Provider) => void,
): Column<Provider>[] {
  return [
    {
      key: "name",
      title: "Name",
      cell: ({ name, built_in }) => (
        <span className="providers__name">
          <strong>{name}</strong>
          {built_in && <span className="soft">answers without a key, for trying things out</span>}
        </span>
      ),
    },
    { key: "kind", title: "Kind", cell: ({ kind }) => kind },
    {
      key: "address",
      title: "Address",
      cell: ({ base_url }) => (
        <span className="mono providers__address">{base_url || "built in"}</span>
      ),
    },
    { key: "key", title: "Key", cell: keyBadge },
    {
      key: "prices",
      title: "Prices",
      numeric: true,
      cell: ({ prices }) => {
        const count = Object.keys(prices).length;
        return count === 0 ? "none" : `${count} ${count === 1 ? "model" : "models"}`;
      },
    },
    {
      key: "acts",
      title: "Actions",
      hiddenTitle: true,
      cell: (provider) =>
        provider.built_in ? null : (
          <span className="providers__acts">
            <Button size="s" aria-label={`Edit ${provider.name}`} onClick={() => edit(provider)}>
              Edit
            </Button>
            <Button
              size="s"
              kind="danger"
              aria-label={`Remove ${provider.name}`}
              onClick={() => remove(provider)}
            >
              Remove
            </Button>
          </span>
        ),
    },
  ];
}

function keyBadge({ kind, has_key }: Provider) {
  if (kind === "demo") return <Badge>needs none</Badge>;
  return has_key ? <Badge tone="good">set</Badge> : <Badge tone="brass">missing</Badge>;
}

function Remove({ provider: { name }, onClose }: { provider: Provider; onClose(): void }) {
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () =>
      answer(api.DELETE("/api/v1/providers/{name}", { params: { path: { name } } })),
    onSuccess: () => {
      toast(`${name} is removed.`);
      onClose();
    },
    onSettled: () => void queries.invalidateQueries({ queryKey: ["providers"] }),
  });
  return (
    <Confirm
      title={`Remove ${name}?`}
      act={`Remove ${name}`}
      busy={remove.isPending}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      <p>Its key is gone with it. It is refused while a tenant uses it.</p>
      {remove.error && <Failure error={remove.error} />}
    </Confirm>
  );
}

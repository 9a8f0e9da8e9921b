// A tenant's secrets: names and times, never a value. What the blueprint asks for stands here also
// while it is missing.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api, problemFrom } from "../../api/client";
import type { Tenant } from "../../api/types";
import { Badge, Button, Card, Confirm, Failure, Loading, PlusIcon, toast } from "../../ui";
import { Since } from "../tenants/Since";
import { namedSecrets } from "../tenants/useNewTenantsBlueprint";
import { useOwnChanges } from "./ownChanges";
import { SetSecret } from "./SetSecret";
import { secretRows } from "./secretRows";

export function Secrets({ tenant }: { tenant: Tenant }) {
  const { slug } = tenant;
  const [setting, setSetting] = useState<string | null>(null);
  const [removing, setRemoving] = useState<string | null>(null);
  const path = { slug };
  const list = useQuery({
    queryKey: ["tenants", "one", slug, "secrets"],
    queryFn: () => answer(api.GET("/api/v1/tenants/{slug}/secrets", { params: { path } })),
  });
  const asked = useAskedSecrets(tenant);
  const queries = useQueryClient();
  const own = useOwnChanges(slug);
  const remove = useMutation({
    mutationFn: (name: string) =>
      answer(
        api.DELETE("/api/v1/tenants/{slug}/secrets/{name}", { params: { path: { slug, name } } }),
      ),
    onMutate: own.known,
    onSuccess: (_, __, before) => {
      toast("Removed.", "good");
      void own.ask(before);
    },
    onError: (error) => toast(problemFrom(error).detail, "bad"),
    onSettled: () => {
      setRemoving(null);
      void queries.invalidateQueries({ queryKey: ["tenants"] });
    },
  });
  const rows = secretRows(asked, list.data?.items ?? []);
  return (
    <Card
      title="Secrets"
      aside={
        <Button size="s" icon={<PlusIcon size={14} />} onClick={() => setSetting("")}>
          Add
        </Button>
      }
    >
      <p className="field__help">
        Sealed when they arrive. Nobody can read them again, here or elsewhere; they can be
        replaced.
      </p>
      {list.error && !list.data ? (
        <Failure error={list.error} again={() => void list.refetch()} />
      ) : !list.data ? (
        <Loading lines={2} />
      ) : rows.length === 0 ? (
        <p className="soft">None yet.</p>
      ) : (
        <ul className="secrets">
          {rows.map(({ name, kind, updatedAt, required }) => (
            <li key={name}>
              <div>
                <span className="mono">{name}</span>
                <p className="field__help">
                  {updatedAt ? (
                    <>
                      {kind === "file" ? "a file" : "environment"}, set <Since at={updatedAt} />
                    </>
                  ) : required ? (
                    "It does not start without it."
                  ) : (
                    "The blueprint offers it."
                  )}
                </p>
              </div>
              <div className="secrets__acts">
                {!updatedAt && (
                  <Badge tone={required ? "bad" : "soft"}>{required ? "missing" : "not set"}</Badge>
                )}
                <Button size="s" onClick={() => setSetting(name)} aria-label={`Set ${name}`}>
                  {updatedAt ? "Replace" : "Set"}
                </Button>
                {updatedAt && (
                  <Button
                    size="s"
                    kind="danger"
                    aria-label={`Remove ${name}`}
                    onClick={() => setRemoving(name)}
                  >
                    Remove
                  </Button>
                )}
              </div>
            </li>
          ))}
        </ul>
      )}
      {setting !== null && (
        <SetSecret slug={slug} name={setting} onClose={() => setSetting(null)} />
      )}
      {removing !== null && (
        <Confirm
          title={`Remove ${removing}?`}
          act={`Remove ${removing}`}
          busy={remove.isPending}
          onConfirm={() => remove.mutate(removing)}
          onClose={() => setRemoving(null)}
        >
          <p>
            The runtime loses it within seconds. Where it stands in the environment, the runtime
            restarts.
          </p>
        </Confirm>
      )}
    </Card>
  );
}

function useAskedSecrets({ blueprint: name, target_revision: number }: Tenant) {
  const revision = useQuery({
    queryKey: ["blueprints", name, "revision", number],
    queryFn: () =>
      answer(
        api.GET("/api/v1/blueprints/{name}/revisions/{number}", {
          params: { path: { name, number } },
        }),
      ),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return namedSecrets(revision.data?.document);
}

// What the overview knows: a few answers of the API and the drafts of this browser.
import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../../api/client";
import { useInstallation } from "../../api/installation";
import type { Deployment, Phase } from "../../api/types";
import { draftsBeside } from "../../canvas/unsaved";
import { useDeployments } from "../../panels/progress/useDeployment";
import { useWizard } from "../first-deploy/useWizard";
import type { Wizard } from "../first-deploy/wizard";
import type { Known } from "./state";

const MOST_SHOWN = 5;

export function useKnown(): { known: Known | null; error: unknown } {
  const status = useInstallation();
  const blueprints = useQuery({
    queryKey: ["blueprints"],
    queryFn: () => answer(api.GET("/api/v1/blueprints")),
  });
  const deployments = useDeployments(null, MOST_SHOWN);
  const failed = useUnwell("failed");
  const degraded = useUnwell("degraded");
  const [guide] = useWizard();
  const error = status.error ?? blueprints.error;
  const isPending = deployments.isPending || failed.isPending || degraded.isPending;
  if (!status.data || !blueprints.data || isPending) return { known: null, error };
  const items = blueprints.data.items;
  const rollOuts = deployments.data?.items ?? [];
  return {
    error,
    known: {
      status: status.data,
      blueprints: items,
      deployments: rollOuts,
      unwell: [failed, degraded].flatMap(({ data }) => data?.items ?? []),
      drafts: draftsBeside(localStorage, new Set(items.map(({ name }) => name))),
      guided: isThrough(guide, rollOuts) ? null : guide.blueprint || null,
    },
  };
}

function isThrough({ deployment }: Wizard, rollOuts: readonly Deployment[]): boolean {
  return rollOuts.some(({ id, state }) => id === deployment && state === "done");
}

function useUnwell(phase: Phase) {
  return useQuery({
    queryKey: ["tenants", "unwell", phase],
    queryFn: () => {
      const query = { phase, limit: MOST_SHOWN };
      return answer(api.GET("/api/v1/tenants", { params: { query } }));
    },
  });
}

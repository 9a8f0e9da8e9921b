// What can be done with a tenant as a whole. What this installation cannot do is not shown.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api, problemFrom } from "../../api/client";
import { useInstallation } from "../../api/installation";
import type { Tenant } from "../../api/types";
import { Button, Confirm, toast } from "../../ui";
import { DeleteTenant } from "./DeleteTenant";
import { useOwnChanges } from "./ownChanges";
import { useChange } from "./useChange";

type Asking = "restart" | "safe" | "suspend" | "delete" | null;
type Power = "verify" | "sleep" | "wake";

const DONE: { [power in Power]: string } = {
  verify: "The probes run; what they find stands under State.",
  sleep: "It goes to sleep.",
  wake: "It wakes up.",
};

export function Acts({ tenant }: { tenant: Tenant }) {
  const [asking, setAsking] = useState<Asking>(null);
  const close = () => setAsking(null);
  const { slug, status, suspended } = tenant;
  const isGoing = status.phase === "deleting";
  const act = useActing(slug);
  const change = useChange(slug);
  const can = useCapabilities();
  const say = (error: Error) => toast(problemFrom(error).detail, "bad");
  const restart = (safe_mode: boolean) =>
    act.mutate(
      { act: "restart", safe_mode },
      { onSuccess: () => toast(`${slug} restarts.`, "good"), onError: say, onSettled: close },
    );
  const suspend = (isOn: boolean) =>
    change.mutate(
      { patch: { suspended: isOn } },
      {
        onSuccess: () => toast(isOn ? `${slug} is suspended.` : `${slug} starts again.`, "good"),
        onError: say,
        onSettled: close,
      },
    );
  const use = (power: Power) =>
    act.mutate({ act: power }, { onSuccess: () => toast(DONE[power], "good"), onError: say });
  return (
    <>
      {can("verify") && (
        <Button disabled={isGoing} onClick={() => use("verify")}>
          Verify isolation
        </Button>
      )}
      {can("sleep") && status.phase === "ready" && (
        <Button onClick={() => use("sleep")}>Put to sleep</Button>
      )}
      {can("wake") && status.phase === "asleep" && (
        <Button onClick={() => use("wake")}>Wake</Button>
      )}
      <Button disabled={isGoing || suspended} onClick={() => setAsking("restart")}>
        Restart
      </Button>
      <Button disabled={isGoing || suspended} onClick={() => setAsking("safe")}>
        Safe mode
      </Button>
      {suspended ? (
        <Button busy={change.isPending} disabled={isGoing} onClick={() => suspend(false)}>
          Resume
        </Button>
      ) : (
        <Button disabled={isGoing} onClick={() => setAsking("suspend")}>
          Suspend
        </Button>
      )}
      <Button kind="danger" disabled={isGoing} onClick={() => setAsking("delete")}>
        Delete
      </Button>
      {asking === "restart" && (
        <Confirm
          title={`Restart ${slug}?`}
          act={`Restart ${slug}`}
          busy={act.isPending}
          onConfirm={() => restart(false)}
          onClose={close}
        >
          <p>
            It does not answer for a few seconds, and open chats are cut. Its disk and settings stay
            as they are.
          </p>
        </Confirm>
      )}
      {asking === "safe" && (
        <Confirm
          title={`Start ${slug} in safe mode?`}
          act="Start in safe mode"
          busy={act.isPending}
          onConfirm={() => restart(true)}
          onClose={close}
        >
          <p>
            It starts with the last settings that worked, beside its state in /data instead of from
            it: for finding out why it does not come up. Nothing in /data is touched. A plain
            restart ends safe mode.
          </p>
        </Confirm>
      )}
      {asking === "suspend" && (
        <Confirm
          title={`Suspend ${slug}?`}
          act={`Suspend ${slug}`}
          busy={change.isPending}
          onConfirm={() => suspend(true)}
          onClose={close}
        >
          <p>
            It stops answering and uses no CPU or memory until somebody resumes it. Its disk,
            settings and secrets stay.
          </p>
        </Confirm>
      )}
      {asking === "delete" && <DeleteTenant tenant={tenant} onClose={close} />}
    </>
  );
}

function useActing(slug: string) {
  const queries = useQueryClient();
  const own = useOwnChanges(slug);
  return useMutation({
    mutationFn: ({ act, safe_mode }: { act: "restart" | Power; safe_mode?: boolean }) => {
      const params = { path: { slug } };
      if (act === "restart") {
        const body = { safe_mode: safe_mode === true };
        return answer(api.POST("/api/v1/tenants/{slug}/restart", { params, body }));
      }
      if (act === "verify") {
        return answer(api.POST("/api/v1/tenants/{slug}/verify", { params, body: {} }));
      }
      if (act === "sleep") {
        return answer(api.POST("/api/v1/tenants/{slug}/sleep", { params, body: {} }));
      }
      return answer(api.POST("/api/v1/tenants/{slug}/wake", { params, body: {} }));
    },
    onMutate: own.known,
    onSuccess: (tenant, { act }, before) => {
      // The others change nothing of what the tenant should be.
      if (act === "restart") own.took(tenant, before);
    },
    onSettled: () => void queries.invalidateQueries({ queryKey: ["tenants"] }),
  });
}

function useCapabilities(): (power: Power) => boolean {
  const status = useInstallation();
  return (power) => status.data?.capabilities?.[power] === true;
}

// The webhook: where the operator is told, of what, how the last message went, and how to check
// that a message is ours.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ApiError, answer, api, problemFrom } from "../../api/client";
import type { Webhook } from "../../api/types";
import { Card, Failure, Loading, toast } from "../../ui";
import { CodeTabs } from "./CodeTabs";
import { receivers } from "./receivers";
import { WebhookForm } from "./WebhookForm";
import { WebhookState } from "./WebhookState";

const KEY = ["webhook"];
/** A message is on its way for a moment after it was asked for. */
const SOON = 2_000;

export function WebhookCard() {
  const queries = useQueryClient();
  const hook = useQuery({ queryKey: KEY, queryFn: readWebhook });
  const again = () => queries.invalidateQueries({ queryKey: KEY });
  const say = (error: Error) => toast(problemFrom(error).detail, "bad");
  const test = useMutation({
    mutationFn: () => answer(api.POST("/api/v1/webhook/test")),
    onSuccess: () => {
      toast("A test is on its way.", "good");
      setTimeout(() => void again(), SOON);
    },
    onError: say,
  });
  const remove = useMutation({
    mutationFn: () => answer(api.DELETE("/api/v1/webhook")),
    onSuccess: () => toast("Nobody is told any more."),
    onError: say,
    onSettled: again,
  });
  return (
    <Card title="Webhook">
      <p className="soft">
        Stateroom tells your own service when a tenant becomes ready or fails. Each message is
        signed and sent again until it is taken.
      </p>
      {hook.error && hook.data === undefined ? (
        <Failure error={hook.error} again={() => void hook.refetch()} />
      ) : hook.data === undefined ? (
        <Loading lines={5} />
      ) : (
        <div className="webhook">
          <WebhookForm hook={hook.data} onSaved={again} />
          {hook.data && (
            <WebhookState
              hook={hook.data}
              isTesting={test.isPending}
              isRemoving={remove.isPending}
              onTest={() => test.mutate()}
              onRemove={() => remove.mutate()}
            />
          )}
        </div>
      )}
      <details>
        <summary>Check that a message is ours</summary>
        <div className="webhook__check">
          <p className="soft">
            By Standard Webhooks: <span className="mono">webhook-signature</span> is a keyed SHA-256
            of <span className="mono">webhook-id.webhook-timestamp.BODY</span>. A whole receiver:
          </p>
          <CodeTabs label="Languages of the receiver" programs={receivers()} />
        </div>
      </details>
    </Card>
  );
}

/** No webhook is an answer, however the server says it. */
async function readWebhook(): Promise<Webhook | null> {
  try {
    return (await answer(api.GET("/api/v1/webhook"))) ?? null;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

// How the webhook's last message went, trying it out, and ending it.
import { useState } from "react";
import type { Webhook } from "../../api/types";
import { Badge, Button, Confirm } from "../../ui";
import { Since } from "../tenants/Since";

interface Props {
  hook: Webhook;
  isTesting: boolean;
  isRemoving: boolean;
  onTest(): void;
  onRemove(): void;
}

export function WebhookState({ hook, isTesting, isRemoving, onTest, onRemove }: Props) {
  const [isAsking, setAsking] = useState(false);
  const { last } = hook;
  const isTaken = last !== null && last.status >= 200 && last.status < 300;
  return (
    <div className="webhook__state" role="status">
      <h3>Last message</h3>
      {last ? (
        <p>
          <Badge tone={isTaken ? "good" : "bad"}>{isTaken ? "taken" : "not taken"}</Badge>{" "}
          <span className="soft">
            {last.status > 0 ? `answered ${last.status}` : "no answer"}, <Since at={last.at} />
          </span>
          {last.detail && <span className="webhook__detail">{last.detail}</span>}
        </p>
      ) : (
        <p className="soft">None yet. Send a test to see that it arrives.</p>
      )}
      {hook.waiting > 0 && <p className="soft">{hook.waiting} still to be taken.</p>}
      {hook.dead > 0 && (
        <p>
          <Badge tone="bad">given up</Badge> {hook.dead} were never taken.
        </p>
      )}
      <div className="webhook__acts">
        <Button size="s" busy={isTesting} onClick={onTest}>
          Send a test
        </Button>
        <Button size="s" kind="danger" onClick={() => setAsking(true)}>
          Remove webhook
        </Button>
      </div>
      {isAsking && (
        <Confirm
          title="Remove the webhook?"
          act="Remove webhook"
          busy={isRemoving}
          onConfirm={() => {
            setAsking(false);
            onRemove();
          }}
          onClose={() => setAsking(false)}
        >
          <p>Messages that were not taken yet are dropped, and its secret is gone.</p>
        </Confirm>
      )}
    </div>
  );
}

// The roll-outs of a blueprint, newest first; each opens to how it went.
import { useState } from "react";
import { Badge, Button, Empty, Failure, Loading } from "../../ui";
import { Progress } from "../Progress";
import { headlineOf, isOver, toneOf } from "../progress/rollOut";
import { useDeployments } from "../progress/useDeployment";

const MOST = 30;

export function RollOuts({ name }: { name: string }) {
  const list = useDeployments(name, MOST);
  const [shown, setShown] = useState<string | null>(null);
  if (list.error) return <Failure error={list.error} again={() => void list.refetch()} />;
  if (!list.data) return <Loading label="Reading the roll-outs" lines={5} />;
  if (shown !== null) {
    return (
      <>
        <Button size="s" kind="quiet" onClick={() => setShown(null)}>
          All roll-outs
        </Button>
        <Progress id={shown} />
      </>
    );
  }
  if (list.data.items.length === 0) {
    return <Empty title="No roll-out yet">The first Deploy is the first one.</Empty>;
  }
  return (
    <ul className="rollouts">
      {list.data.items.map((deployment) => (
        <li key={deployment.id}>
          <button type="button" onClick={() => setShown(deployment.id)}>
            <Badge tone={toneOf(deployment)} live={!isOver(deployment)}>
              {headlineOf(deployment)}
            </Badge>
            <time className="soft" dateTime={deployment.created_at}>
              {new Date(deployment.created_at).toLocaleString()}
            </time>
          </button>
        </li>
      ))}
    </ul>
  );
}

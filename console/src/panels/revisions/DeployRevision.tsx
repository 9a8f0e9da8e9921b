// Deploying a revision that is there already: nothing is saved, tenants are moved to it.
import { useState } from "react";
import type { Blueprint } from "../../blueprint/document";
import { Button, Dialog, Failure, Loading } from "../../ui";
import { Busy } from "../deploy/Busy";
import { type Canary, canaryProblem, NO_CANARY, shareOf } from "../deploy/canary";
import { useDeploy } from "../deploy/useDeploy";
import { Plan, usePlan } from "../Plan";
import { Progress } from "../Progress";
import { useRunning } from "../progress/useDeployment";
import { useRevision } from "./useRevision";

interface Props {
  name: string;
  revision: number;
  onBack(): void;
  onClose(): void;
}

export function DeployRevision({ name, revision, onBack, onClose }: Props) {
  const found = useRevision(name, revision);
  const [shown, setShown] = useState<string | null>(null);
  const { running } = useRunning(name);
  const title = `Deploy revision ${revision}`;
  if (shown !== null) {
    const acts = (
      <>
        <Button onClick={onBack}>All revisions</Button>
        <Button kind="primary" onClick={onClose}>
          {running ? "Leave it running" : "Done"}
        </Button>
      </>
    );
    return (
      <Dialog title={title} side onClose={onClose} actions={acts}>
        <Progress id={shown} />
      </Dialog>
    );
  }
  if (!found.data) {
    return (
      <Dialog title={title} side onClose={onClose}>
        {found.error ? <Failure error={found.error} /> : <Loading lines={6} />}
      </Dialog>
    );
  }
  return (
    <Review
      {...{ name, revision, title, onBack, onClose }}
      document={found.data}
      running={running?.id ?? null}
      onStarted={setShown}
    />
  );
}

interface ReviewProps extends Props {
  title: string;
  document: Blueprint;
  running: string | null;
  onStarted(id: string): void;
}

function Review(props: ReviewProps) {
  const { name, revision, title, document, running, onBack, onClose, onStarted } = props;
  const [canary, setCanary] = useState<Canary>(NO_CANARY);
  const plan = usePlan({ name, document, canary });
  const deploy = useDeploy(() => undefined);
  const start = () =>
    deploy.mutate(
      { name, save: null, revision, canary: shareOf(canary) },
      { onSuccess: (deployment) => onStarted(deployment.id) },
    );
  return (
    <Dialog
      title={title}
      side
      onClose={onClose}
      actions={
        <>
          <Button onClick={onBack}>Back</Button>
          <Button
            kind="primary"
            busy={deploy.isPending}
            disabled={running !== null || Boolean(canaryProblem(canary))}
            onClick={start}
          >
            Deploy revision {revision}
          </Button>
        </>
      }
    >
      <div className="deploy">
        <Plan plan={plan} canary={canary} onCanary={setCanary} />
        {running !== null && <Busy name={name} onShow={() => onStarted(running)} />}
        {deploy.error && <Failure error={deploy.error} />}
      </div>
    </Dialog>
  );
}

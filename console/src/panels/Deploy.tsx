// Deploy: what is staged, what it would do and to whom, then the roll-out as it runs. One of a
// blueprint runs at a time, so whoever opens this while one does sees that one.
import { useEffect, useState } from "react";
import { ApiError } from "../api/client";
import { writeYaml } from "../blueprint/yaml";
import type { Draft } from "../canvas/draft";
import type { Drawing } from "../canvas/drawing";
import { useActions, useEditor } from "../canvas/editing";
import { paths } from "../router";
import { Button, Dialog, Failure, Link, Notice, Switch } from "../ui";
import { Diff } from "./Changes";
import "./Deploy.css";
import { Busy } from "./deploy/Busy";
import { Conflict } from "./deploy/Conflict";
import { type Canary, canaryProblem, NO_CANARY, shareOf } from "./deploy/canary";
import { Findings, useCheck } from "./deploy/Findings";
import { isTaken, useDeploy } from "./deploy/useDeploy";
import { Plan, usePlan } from "./Plan";
import { Progress } from "./Progress";
import { useRunning } from "./progress/useDeployment";

interface Props {
  draft: Draft;
  /** The server has this drawing under this revision: the editor takes it as its base. */
  onSaved(revision: number, drawing: Drawing): void;
  onClose(): void;
}

export function Deploy({ draft, onSaved, onClose }: Props) {
  const found = useRunning(draft.name);
  const running = found.running?.id ?? null;
  const [shown, setShown] = useState<string | null>(null);
  const [isOpened, setOpened] = useState(false);
  // What ran already when this was opened is shown, and stays once it is over. What somebody else
  // begins later takes nothing away from whoever reads the plan.
  useEffect(() => {
    if (!found.isKnown || isOpened) return;
    setOpened(true);
    setShown(running);
  }, [found.isKnown, isOpened, running]);
  const id = isOpened ? shown : running;
  if (id === null) return <Review {...{ draft, running, onSaved, onClose }} onShow={setShown} />;
  return (
    <Dialog
      title={`Deploy ${draft.name}`}
      side
      onClose={onClose}
      actions={
        <>
          {running === null && <Button onClick={() => setShown(null)}>Plan again</Button>}
          <Button kind="primary" onClick={onClose}>
            {running === null ? "Done" : "Leave it running"}
          </Button>
        </>
      }
    >
      <Progress id={id} />
    </Dialog>
  );
}

interface ReviewProps extends Props {
  /** The roll-out that goes on meanwhile. */
  running: string | null;
  onShow(deployment: string): void;
}

function Review({ draft, running, onSaved, onClose, onShow }: ReviewProps) {
  const [canary, setCanary] = useState<Canary>(NO_CANARY);
  const { name, document } = draft;
  const plan = usePlan({ name, document, canary });
  const check = useCheck(document);
  const deploy = useDeploy(onSaved);
  const drawing = useEditor((state) => state.now);
  const { select } = useActions();
  const problems = problemsIn(deploy.error) ?? check.data?.problems ?? [];
  const hasProblems = draft.problems > 0 || problems.length > 0;
  const cannotRun = problemsIn(plan.error) !== null;
  const blocked = hasProblems || cannotRun || Boolean(canaryProblem(canary)) || running !== null;
  const hasMoved = deploy.error instanceof ApiError && deploy.error.hasMoved;

  const go = (blocks: string[]) => {
    select(blocks);
    onClose();
  };
  const start = () => {
    const wish = { name, save: { drawing, base: draft.base }, revision: null };
    deploy.mutate(
      { ...wish, canary: shareOf(canary) },
      { onSuccess: (deployment) => onShow(deployment.id) },
    );
  };
  const count = plan.data?.tenants.length;
  return (
    <Dialog
      title={`Deploy ${name}`}
      side
      onClose={onClose}
      actions={
        !hasMoved && (
          <>
            <Button onClick={onClose}>Not yet</Button>
            <Button kind="primary" busy={deploy.isPending} disabled={blocked} onClick={start}>
              {count === undefined || count === 0
                ? "Deploy"
                : `Deploy to ${count === 1 ? "1 tenant" : `${count} tenants`}`}
            </Button>
          </>
        )
      }
    >
      {hasMoved ? (
        <Conflict name={name} onDone={() => deploy.reset()} />
      ) : (
        <div className="deploy">
          <Findings title="To solve first" tone="bad" found={problems} onGo={go} />
          <Staged draft={draft} />
          <Plan plan={plan} canary={canary} onCanary={setCanary} />
          <Findings title="Good to know" tone="brass" found={check.data?.notices ?? []} onGo={go} />
          {count === 0 && (
            <Notice action={<Link to={paths.tenants}>Tenants</Link>}>
              Deploying makes this the revision that the next tenant begins with.
            </Notice>
          )}
          {deploy.error && !problemsIn(deploy.error) && <Failure error={deploy.error} />}
          {running !== null && <Busy name={name} onShow={() => onShow(running)} />}
          {isTaken(deploy.error) && (
            <p className="soft">The blueprint is saved. Deploy again once that one is through.</p>
          )}
        </div>
      )}
    </Dialog>
  );
}

/** What is wrong with the document itself, where that is why it was refused. */
function problemsIn(error: unknown) {
  const isRefused = error instanceof ApiError && error.status === 422;
  return isRefused && error.errors.length > 0 ? error.errors : null;
}

function Staged({ draft }: { draft: Draft }) {
  const base = useEditor((state) => state.base);
  const [asDiff, setAsDiff] = useState(false);
  const { changes, document } = draft;
  if (changes.length === 0) {
    return (
      <p className="soft">
        Nothing is staged: revision {draft.base ?? 1} is deployed as it is saved.
      </p>
    );
  }
  return (
    <section className="deploy__staged" aria-label="Staged changes">
      <div className="deploy__head">
        <h3>{changes.length === 1 ? "1 staged change" : `${changes.length} staged changes`}</h3>
        <Switch
          small
          label="As a diff"
          checked={asDiff}
          onChange={(event) => setAsDiff(event.target.checked)}
        />
      </div>
      {asDiff ? (
        <Diff before={writeYaml(base.drawing.document)} after={writeYaml(document)} />
      ) : (
        <ul>
          {changes.map((text, index) => (
            <li key={index}>{text}</li>
          ))}
        </ul>
      )}
    </section>
  );
}

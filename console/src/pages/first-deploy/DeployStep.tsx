// Fifth step: deploy, and see it come up. It ends on a chat with the first tenant.
import { useInstallation } from "../../api/installation";
import type { Drawing } from "../../canvas/drawing";
import { Chat } from "../../panels/Chat";
import { Progress } from "../../panels/Progress";
import { paths } from "../../router";
import { Button, Failure, Link } from "../../ui";
import { slugOf } from "../tenants/slug";
import { secretsFor } from "../tenants/useNewTenantsBlueprint";
import { patchOf } from "../values/edits";
import { useArrival } from "./arrival";
import { ComingUp } from "./ComingUp";
import { TenantRefused, useLaunch } from "./launch";
import type { Secrets } from "./TenantStep";
import { questionsIn, type Wizard } from "./wizard";

interface Props {
  wizard: Wizard;
  drawing: Drawing;
  secrets: Secrets;
  onMade(slug: string): void;
  onStarted(deployment: string): void;
  onRefused(error: unknown): void;
  onBack(): void;
}

export function DeployStep(props: Props) {
  const { wizard, drawing, secrets, onMade, onStarted, onRefused, onBack } = props;
  const { data: installation } = useInstallation();
  const launch = useLaunch(onMade);
  // While it is tried again, why.
  const failure = launch.failureReason;
  const slug = wizard.slug ?? slugOf(wizard.tenantName);
  const questions = questionsIn(drawing.document);
  const start = () => {
    const tenant = {
      slug,
      name: wizard.tenantName.trim() || slug,
      values: patchOf(questions, wizard.edits),
      secrets: secretsFor(drawing.document, secrets),
    };
    launch.mutate(
      { drawing, tenant: wizard.made === slug ? null : tenant },
      {
        onSuccess: ({ id }) => onStarted(id),
        onError: (error) => error instanceof TenantRefused && onRefused(error.error),
      },
    );
  };
  return (
    <div className="step">
      <dl className="sums">
        <dt>Blueprint</dt>
        <dd>
          {drawing.document.name}, {drawing.document.blocks.length} blocks
        </dd>
        <dt>Model</dt>
        <dd>
          {wizard.model} of {wizard.provider}
        </dd>
        <dt>First tenant</dt>
        <dd>
          {wizard.tenantName.trim() || slug} at{" "}
          <span className="mono">{installation?.tenant_url.replace("SLUG", slug) ?? slug}</span>
        </dd>
      </dl>
      <p className="soft">
        Deploy saves the blueprint, makes the tenant in a cabin of its own and starts it. The first
        start takes a minute or two; afterwards it is quicker.
      </p>
      {failure && !(failure instanceof TenantRefused) && <Failure error={failure} />}
      <div className="step__acts">
        <Button onClick={onBack} disabled={launch.isPending}>
          Back
        </Button>
        <Button kind="primary" busy={launch.isPending} onClick={start}>
          Deploy
        </Button>
      </div>
    </div>
  );
}

interface RunningProps {
  id: string;
  slug: string;
  /** Back to the blueprint. */
  onAgain(): void;
  /** Forget all of it. */
  onEnd(): void;
}

/** The roll-out, then the tenant as it comes up, and once it answers the chat. */
export function Running({ id, slug, onAgain, onEnd }: RunningProps) {
  const { deployment, tenant, error, arrival } = useArrival(id, slug);
  if (arrival === "answers") {
    return (
      <div className="step">
        <Chat slug={slug} />
        <div className="step__acts">
          <Link button="plain" to={paths.tenant(slug)}>
            Look at {slug}
          </Link>
          <Link button="plain" to={paths.signUp}>
            Let customers sign up
          </Link>
          <Link button="primary" to={paths.overview} onClick={onEnd}>
            Go to the overview
          </Link>
        </div>
      </div>
    );
  }
  return (
    <div className="step">
      {deployment?.state === "done" && tenant ? (
        <ComingUp {...{ deployment, tenant, arrival }} />
      ) : (
        <Progress id={id} />
      )}
      {error && !deployment && <Button onClick={onEnd}>Begin anew</Button>}
      {arrival === "failed" && (
        <div className="step__acts">
          <Link button="plain" to={paths.tenant(slug)}>
            Look at {slug}
          </Link>
          <Button kind="primary" onClick={onAgain}>
            Change the blueprint
          </Button>
        </div>
      )}
    </div>
  );
}

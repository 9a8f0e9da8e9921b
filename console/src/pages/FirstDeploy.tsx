// From an empty installation to an answering runtime in five steps. What was answered outlives a
// reload of this tab; what runs, runs on the server.
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { Card, Failure, Loading, Page } from "../ui";
import { useArrival } from "./first-deploy/arrival";
import { DeployStep, Running } from "./first-deploy/DeployStep";
import { DrawStep } from "./first-deploy/DrawStep";
import { keepDrawing, useDrawing } from "./first-deploy/drawing";
import "./first-deploy/first-deploy.css";
import { ModelStep } from "./first-deploy/ModelStep";
import { Stepper } from "./first-deploy/Stepper";
import { TemplateStep } from "./first-deploy/TemplateStep";
import { type Secrets, TenantStep } from "./first-deploy/TenantStep";
import { useWizard } from "./first-deploy/useWizard";
import { BEGINNING, type Step, type Wizard, withModel } from "./first-deploy/wizard";
import { slugOf } from "./tenants/slug";

const HEADS: { [step in Step]: { title: string; lead: string } } = {
  template: {
    title: "What do your tenants get?",
    lead: "Begin with a template. Everything of it can be drawn differently.",
  },
  model: {
    title: "Where do the answers come from?",
    lead: "Tenants reach a model through the broker only; no key ever enters a cabin.",
  },
  draw: {
    title: "This is what each tenant gets",
    lead: "Accept it as it is, or draw on the canvas first. Nothing is saved yet.",
  },
  tenant: {
    title: "Who is the first tenant?",
    lead: "One of your customers, or yourself for trying it out.",
  },
  deploy: { title: "Deploy", lead: "All that is left is to start it." },
};

export function FirstDeploy() {
  const [wizard, setWizard] = useWizard();
  const [secrets, setSecrets] = useState<Secrets>({});
  const [refused, setRefused] = useState<unknown>(null);
  const change = (part: Partial<Wizard>) => setWizard({ ...wizard, ...part });
  const go = (step: Step) => change({ step });
  const { title, lead } = HEADS[wizard.step];
  const hasBegun = wizard.deployment !== null;
  return (
    <Page title="Your first deploy" lead="From nothing to a runtime that answers, in five steps.">
      <Stepper current={wizard.step} canGoBack={!hasBegun} onGo={go} />
      <Card>
        {wizard.deployment === null ? (
          <StepHead key={wizard.step} title={title} lead={lead} />
        ) : (
          <RunningHead id={wizard.deployment} slug={slugIn(wizard)} />
        )}
        {hasBegun && wizard.deployment !== null ? (
          <Running
            id={wizard.deployment}
            slug={slugIn(wizard)}
            onAgain={() => change({ deployment: null, step: "draw" })}
            onEnd={() => setWizard(BEGINNING)}
          />
        ) : (
          <Current
            {...{ wizard, change, secrets, setSecrets, refused }}
            onRefused={(error) => {
              setRefused(error);
              go("tenant");
            }}
            onTenant={(part) => {
              setRefused(null);
              change(part);
            }}
          />
        )}
      </Card>
    </Page>
  );
}

function RunningHead({ id, slug }: { id: string; slug: string }) {
  const { arrival } = useArrival(id, slug);
  if (arrival === "answers") {
    const lead = "Ask it something. Your customers' programs talk with it the same way.";
    return <StepHead key="done" title={`${slug} answers`} lead={lead} />;
  }
  if (arrival === "failed") {
    const lead = "Nothing is lost: change the blueprint and deploy again.";
    return <StepHead key="over" title={`${slug} did not come up`} lead={lead} />;
  }
  const lead = "You may leave this page: it goes on, and you find it here again.";
  return <StepHead key="running" title={`${slug} comes up`} lead={lead} />;
}

function slugIn({ slug, tenantName }: Wizard): string {
  return slug ?? slugOf(tenantName);
}

/** Each step begins with its question, which takes the focus when one has come from another. */
function StepHead({ title, lead }: { title: string; lead: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    const hasNone = document.activeElement === null || document.activeElement === document.body;
    if (hasNone) heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <header>
      <h2 ref={heading} tabIndex={-1} className="step__title">
        {title}
      </h2>
      <p className="soft">{lead}</p>
    </header>
  );
}

interface CurrentProps {
  wizard: Wizard;
  change(part: Partial<Wizard>): void;
  secrets: Secrets;
  setSecrets(secrets: Secrets): void;
  refused: unknown;
  onRefused(error: unknown): void;
  onTenant(part: Partial<Wizard>): void;
}

function Current(props: CurrentProps) {
  const { wizard, change, secrets, setSecrets, refused, onRefused, onTenant } = props;
  const { step, blueprint, provider, model } = wizard;
  const queries = useQueryClient();
  const drawing = useDrawing(blueprint);
  if (step === "template" || blueprint === "") {
    return (
      <TemplateStep
        chosen={wizard.template}
        onChoose={(template, name) => {
          queries.removeQueries({ queryKey: ["first-deploy"] });
          change({ template, blueprint: name, step: "model" });
        }}
      />
    );
  }
  if (drawing.error && drawing.data === undefined) {
    return <Failure error={drawing.error} again={() => void drawing.refetch()} />;
  }
  if (drawing.isPending) return <Loading label="Reading the blueprint" lines={5} />;
  if (!drawing.data) {
    // The draft was discarded elsewhere: there is nothing to go on with.
    return (
      <TemplateStep
        chosen=""
        onChoose={(template, name) => change({ template, blueprint: name, step: "model" })}
      />
    );
  }
  const { document, places } = drawing.data;
  switch (step) {
    case "model":
      return (
        <ModelStep
          named={{ provider, model }}
          onBack={() => change({ step: "template" })}
          onNext={(named) => {
            const next = withModel(document, named.provider, named.model);
            keepDrawing(blueprint, { document: next, places });
            void queries.invalidateQueries({ queryKey: ["first-deploy"] });
            change({ ...named, step: "draw" });
          }}
        />
      );
    case "draw":
      return (
        <DrawStep
          document={document}
          onBack={() => change({ step: "model" })}
          onNext={() => change({ step: "tenant" })}
        />
      );
    case "tenant":
      return (
        <TenantStep
          {...{ wizard, document, secrets, refused }}
          onChange={onTenant}
          onSecrets={setSecrets}
          onBack={() => change({ step: "draw" })}
          onNext={() => change({ step: "deploy" })}
        />
      );
    case "deploy":
      return (
        <DeployStep
          {...{ wizard, secrets, onRefused }}
          drawing={drawing.data}
          onMade={(made) => change({ made })}
          onStarted={(deployment) => change({ deployment, made: slugIn(wizard) })}
          onBack={() => change({ step: "tenant" })}
        />
      );
  }
}

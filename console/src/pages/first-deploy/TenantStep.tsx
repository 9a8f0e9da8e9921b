// Fourth step: the first tenant. Its name makes its slug, and with that its address.
import { type FormEvent, useState } from "react";
import { ApiError } from "../../api/client";
import { addressWords, useInstallation } from "../../api/installation";
import type { Blueprint } from "../../blueprint/document";
import { Button, Failure, TextField } from "../../ui";
import { SecretFields } from "../tenants/SecretFields";
import { slugOf, slugProblem } from "../tenants/slug";
import { namedSecrets } from "../tenants/useNewTenantsBlueprint";
import { type Edits, unanswered, wrongIn } from "../values/edits";
import { allPlaced, problemAt } from "../values/problemAt";
import { ValueFields } from "../values/ValueFields";
import { questionsIn, type Wizard } from "./wizard";

export type Secrets = { [name: string]: string };

interface Props {
  wizard: Wizard;
  document: Blueprint;
  secrets: Secrets;
  /** What the server said of this tenant when it was to be made. */
  refused: unknown;
  onChange(part: Partial<Wizard>): void;
  onSecrets(secrets: Secrets): void;
  onBack(): void;
  onNext(): void;
}

export function TenantStep(props: Props) {
  const { wizard, document, secrets, refused, onChange, onSecrets, onBack, onNext } = props;
  const { tenantName, edits } = wizard;
  const [isTried, setTried] = useState(Boolean(refused));
  const installation = useInstallation();
  const slug = wizard.slug ?? slugOf(tenantName);
  const questions = questionsIn(document);
  const needed = questions.filter(({ required }) => required);
  const optional = questions.filter(({ required }) => !required);
  const asked = namedSecrets(document);
  const missing = unanswered(questions, edits, {});
  const wrong = wrongIn(questions, edits);
  const whole = refusedAsWhole(refused);
  const isTaken = whole instanceof ApiError && whole.status === 409;
  const lacking = asked.filter(({ name, required }) => required && !secrets[name]);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    const isWrong = Object.keys(wrong).length > 0;
    if (slugProblem(slug) || missing.length > 0 || isWrong || lacking.length > 0) return;
    onNext();
  };
  const said = (name: string) =>
    wrong[name] ??
    (isTried && missing.includes(name) ? "This blueprint needs it." : undefined) ??
    problemAt(refused, "values", name);
  const fieldsOf = (some: typeof questions) => (
    <ValueFields
      questions={some}
      edits={edits}
      own={{}}
      wrong={Object.fromEntries(some.map(({ name }) => [name, said(name)]))}
      onEdit={({ name }, next) => onChange({ edits: withEdit(edits, name, next) })}
    />
  );
  return (
    <form className="step" onSubmit={submit} noValidate>
      <div className="step__pair">
        <TextField
          label="Name"
          help="What people call this customer."
          value={tenantName}
          error={problemAt(refused, "name")}
          onChange={(event) => onChange({ tenantName: event.target.value })}
        />
        <TextField
          label="Slug"
          help={addressWords(installation.data?.tenant_url, slug)}
          value={slug}
          spellCheck={false}
          error={
            problemAt(refused, "slug") ??
            (isTaken ? whole.message : undefined) ??
            ((isTried || wizard.slug !== null) && slugProblem(slug))
          }
          onChange={(event) => onChange({ slug: event.target.value })}
        />
      </div>
      {needed.length > 0 && fieldsOf(needed)}
      {optional.length > 0 && (
        <details className="step__more">
          <summary>
            Values with a default <span className="soft">({optional.length})</span>
          </summary>
          {fieldsOf(optional)}
        </details>
      )}
      <SecretFields
        asked={asked}
        written={secrets}
        wrong={(name) =>
          isTried && lacking.some((one) => one.name === name)
            ? "It cannot start without."
            : problemAt(refused, "secrets", name)
        }
        onWrite={(name, value) => onSecrets({ ...secrets, [name]: value })}
      />
      {whole && !isTaken && <Failure error={whole} />}
      <div className="step__acts">
        <Button onClick={onBack}>Back</Button>
        <Button type="submit" kind="primary">
          Continue
        </Button>
      </div>
    </form>
  );
}

/** What is left empty is inherited. */
function withEdit(edits: Edits, name: string, next: Edits[string]): Edits {
  const { [name]: _, ...rest } = edits;
  return next === null || next === "" ? rest : { ...rest, [name]: next };
}

/** What was refused of no field: a slug that somebody has, a machine that is full. */
function refusedAsWhole(error: unknown): Error | null {
  const isOfAField = allPlaced(error, ["/slug", "/name", "/values", "/secrets"]);
  return error instanceof Error && !isOfAField ? error : null;
}

// Sign-up by API: the exact programs that create a tenant from the operator's own sign-up, for the
// blueprint chosen here, and the webhook that says when a tenant is ready.
import { useQuery as useAnswer } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api } from "../api/client";
import { useInstallation } from "../api/installation";
import { paths, useQuery } from "../router";
import { Card, Empty, Failure, Link, Loading, Page, SelectField, TextField } from "../ui";
import { CodeTabs } from "./sign-up/CodeTabs";
import { SchemaTable } from "./sign-up/SchemaTable";
import { exampleValues, snippets } from "./sign-up/snippets";
import { WebhookCard } from "./sign-up/WebhookCard";
import "./sign-up/sign-up.css";
import { slugProblem } from "./tenants/slug";
import { namedSecrets, useNewTenantsBlueprint } from "./tenants/useNewTenantsBlueprint";
import { type Edits, patchOf, wrongIn } from "./values/edits";
import { questionsOf } from "./values/questions";
import { ValueFields } from "./values/ValueFields";

export function SignUp() {
  const [query, change] = useQuery();
  const list = useAnswer({
    queryKey: ["blueprints"],
    queryFn: () => answer(api.GET("/api/v1/blueprints")),
  });
  const names = list.data?.items.map(({ name }) => name) ?? [];
  const asked = query.get("blueprint");
  const blueprint = names.find((name) => name === asked) ?? names[0];
  return (
    <Page
      title="Sign-up by API"
      lead="Create tenants from your own sign-up: one call when a customer signs up, one webhook when their runtime is ready."
      wide
    >
      {list.error && !list.data ? (
        <Failure error={list.error} again={() => void list.refetch()} />
      ) : !list.data ? (
        <div className="sign-up__skeleton">
          <Loading lines={12} />
        </div>
      ) : blueprint === undefined ? (
        <Empty
          title="There is no blueprint yet"
          action={
            <Link button="primary" to={paths.blueprints}>
              Draw one
            </Link>
          }
        >
          Tenants are made from a blueprint: draw one first.
        </Empty>
      ) : (
        <Programs
          key={blueprint}
          blueprint={blueprint}
          names={names}
          onBlueprint={(name) => change({ blueprint: name })}
        />
      )}
      <WebhookCard />
    </Page>
  );
}

interface Props {
  blueprint: string;
  names: readonly string[];
  onBlueprint(name: string): void;
}

function Programs({ blueprint, names, onBlueprint }: Props) {
  const { schema, document } = useNewTenantsBlueprint(blueprint);
  const [slug, setSlug] = useState("first-customer");
  const [name, setName] = useState("First Customer");
  const [address, setAddress] = useState<string | null>(null);
  const [edits, setEdits] = useState<Edits>({});
  const { data: installation, error } = useInstallation();
  const questions = questionsOf(schema.data);
  const wrong = wrongIn(questions, edits);
  const secrets = namedSecrets(document.data).filter(({ required }) => required);
  const tenant = {
    slug: slugProblem(slug) ? "first-customer" : slug,
    name,
    blueprint,
    values: { ...exampleValues(questions), ...patchOf(questions, edits) },
    secrets: Object.fromEntries(secrets.map((secret) => [secret.name, "replace-me"])),
  };
  if (schema.error && !schema.data) {
    return <Failure error={schema.error} again={() => void schema.refetch()} />;
  }
  if (error && !installation) return <Failure error={error} />;
  return (
    <>
      <div className="sign-up">
        <Card title="A new tenant">
          <SelectField
            label="Blueprint"
            value={blueprint}
            choices={names}
            onChange={(event) => onBlueprint(event.target.value)}
          />
          <TextField
            label="Slug"
            value={slug}
            spellCheck={false}
            error={slugProblem(slug)}
            onChange={(event) => setSlug(event.target.value)}
          />
          <TextField label="Name" value={name} onChange={(event) => setName(event.target.value)} />
          <TextField
            label="API address"
            className="mono-input"
            help="On the machine itself. From elsewhere: the console's address with /api/v1, trusting its certificate."
            value={address ?? installation?.api_url ?? ""}
            spellCheck={false}
            onChange={(event) => setAddress(event.target.value)}
          />
          {questions.length > 0 && (
            <details>
              <summary>
                Values <span className="soft">({questions.length})</span>
              </summary>
              <ValueFields
                questions={questions}
                edits={edits}
                own={{}}
                wrong={wrong}
                onEdit={({ name: key }, next) => {
                  const { [key]: _, ...rest } = edits;
                  setEdits(next === null || next === "" ? rest : { ...rest, [key]: next });
                }}
              />
            </details>
          )}
        </Card>
        <Card title="The program">
          {schema.isPending || document.isPending || !installation ? (
            <div className="program__coming">
              <Loading lines={14} />
            </div>
          ) : (
            <CodeTabs
              label="Languages"
              programs={snippets(tenant, {
                api: address ?? installation.api_url,
                home: installation.home,
              })}
            />
          )}
          <p className="field__help">
            It reads the admin key from admin.key in Stateroom's home, or from STATEROOM_KEY. Keep
            that key on your server: whoever has it rules the installation.
          </p>
        </Card>
      </div>
      {schema.data !== undefined && (
        <SchemaTable blueprint={blueprint} questions={questions} schema={schema.data} />
      )}
    </>
  );
}

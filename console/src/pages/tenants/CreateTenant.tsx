// A new tenant: a slug, a blueprint, and the form that the blueprint's values draw.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import { ApiError, answer, api } from "../../api/client";
import { addressWords, useInstallation } from "../../api/installation";
import type { Volume } from "../../api/types";
import { navigate, paths } from "../../router";
import {
  Button,
  Dialog,
  Empty,
  Failure,
  Link,
  Loading,
  SelectField,
  TextField,
  toast,
} from "../../ui";
import { type Edits, patchOf, unanswered, wrongIn } from "../values/edits";
import { allPlaced, problemAt } from "../values/problemAt";
import { questionsOf } from "../values/questions";
import { ValueFields } from "../values/ValueFields";
import { SecretFields } from "./SecretFields";
import { slugOf, slugProblem } from "./slug";
import { namedSecrets, secretsFor, useNewTenantsBlueprint } from "./useNewTenantsBlueprint";
import { useVolumes } from "./useVolumes";

/** restore: the kept disk that it is about; another one can be chosen all the same. */
export function CreateTenant({ restore, onClose }: { restore?: Volume; onClose(): void }) {
  const list = useQuery({
    queryKey: ["blueprints"],
    queryFn: () => answer(api.GET("/api/v1/blueprints")),
  });
  const [chosen, setChosen] = useState("");
  const names = list.data?.items.map(({ name }) => name) ?? [];
  const blueprint = chosen || names[0];
  const form = useId();
  const [isBusy, setBusy] = useState(false);
  return (
    <Dialog
      title="New tenant"
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={form} kind="primary" busy={isBusy} disabled={!blueprint}>
            Create tenant
          </Button>
        </>
      }
    >
      {list.error && !list.data ? (
        <Failure error={list.error} again={() => void list.refetch()} />
      ) : !list.data ? (
        <Loading lines={6} />
      ) : blueprint === undefined ? (
        <Empty
          title="There is no blueprint yet"
          action={
            <Link button="primary" to={paths.blueprints}>
              Draw one
            </Link>
          }
        >
          A tenant is made from a blueprint.
        </Empty>
      ) : (
        <Questions
          id={form}
          names={names}
          blueprint={blueprint}
          restore={restore}
          onBlueprint={setChosen}
          onBusy={setBusy}
          onClose={onClose}
        />
      )}
    </Dialog>
  );
}

interface Props {
  id: string;
  names: readonly string[];
  blueprint: string;
  restore: Volume | undefined;
  onBlueprint(name: string): void;
  onBusy(isBusy: boolean): void;
  onClose(): void;
}

function Questions(props: Props) {
  const { id, names, blueprint, restore, onBlueprint, onBusy, onClose } = props;
  const { schema, document } = useNewTenantsBlueprint(blueprint);
  const [name, setName] = useState(restore?.slug ?? "");
  const [ownSlug, setOwnSlug] = useState<string | null>(null);
  const [edits, setEdits] = useState<Edits>({});
  const [secrets, setSecrets] = useState<{ [name: string]: string }>({});
  const [volume, setVolume] = useState(restore?.id ?? "");
  const [isTried, setTried] = useState(false);
  const installation = useInstallation();
  const form = useRef<HTMLFormElement>(null);
  // It comes after the dialog is open, and takes the focus as it would have then.
  useEffect(() => form.current?.querySelector("input")?.focus(), []);
  const slug = ownSlug ?? slugOf(name);
  const questions = questionsOf(schema.data);
  const secretsAsked = namedSecrets(document.data);
  const wrong = wrongIn(questions, edits);
  const missing = unanswered(questions, edits, {});
  const create = useCreating(onClose);
  const { error } = create;
  // A taken slug is told as a conflict, without a place.
  const isTaken = error instanceof ApiError && error.status === 409 && error.message.includes(slug);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (slugProblem(slug) || missing.length > 0 || Object.keys(wrong).length > 0) return;
    onBusy(true);
    create.mutate(
      {
        slug,
        blueprint,
        name: name.trim() || slug,
        values: patchOf(questions, edits),
        secrets: secretsFor(document.data, secrets),
        ...(volume ? { restore_volume: volume } : {}),
      },
      { onSettled: () => onBusy(false) },
    );
  };
  const said = (question: string) =>
    wrong[question] ??
    (isTried && missing.includes(question) ? "This blueprint needs it." : undefined) ??
    problemAt(error, "values", question);
  const needed = questions.filter(({ required }) => required);
  const optional = questions.filter(({ required }) => !required);
  const fieldsOf = (some: typeof questions) => (
    <ValueFields
      questions={some}
      edits={edits}
      own={{}}
      wrong={Object.fromEntries(some.map(({ name: key }) => [key, said(key)]))}
      onEdit={({ name: key }, next) => {
        const { [key]: _, ...rest } = edits;
        // What is left empty is inherited.
        setEdits(next === null || next === "" ? rest : { ...rest, [key]: next });
      }}
    />
  );
  return (
    <form id={id} ref={form} className="create" onSubmit={submit} noValidate>
      <TextField
        label="Name"
        help="What people call this customer."
        value={name}
        error={problemAt(error, "name")}
        onChange={(event) => setName(event.target.value)}
      />
      <TextField
        label="Slug"
        help={addressWords(installation.data?.tenant_url, slug)}
        value={slug}
        spellCheck={false}
        error={
          (isTaken ? error.message : problemAt(error, "slug")) ??
          ((isTried || ownSlug) && slugProblem(slug))
        }
        onChange={(event) => {
          // What was said of the former slug says nothing of this one.
          create.reset();
          setOwnSlug(event.target.value);
        }}
      />
      <SelectField
        label="Blueprint"
        value={blueprint}
        choices={names}
        error={problemAt(error, "blueprint")}
        onChange={(event) => onBlueprint(event.target.value)}
      />
      {schema.isPending ? (
        <Loading lines={3} />
      ) : schema.error && !schema.data ? (
        <Failure error={schema.error} again={() => void schema.refetch()} />
      ) : (
        <>
          {needed.length > 0 && fieldsOf(needed)}
          <SecretFields
            asked={secretsAsked}
            written={secrets}
            wrong={(key) => problemAt(error, "secrets", key)}
            onWrite={(key, value) => setSecrets({ ...secrets, [key]: value })}
          />
          {optional.length > 0 && (
            <details>
              <summary>
                Values with a default <span className="soft">({optional.length})</span>
              </summary>
              {fieldsOf(optional)}
            </details>
          )}
        </>
      )}
      <KeptDisk chosen={volume} onChoose={setVolume} />
      {error &&
        !isTaken &&
        !allPlaced(error, ["/slug", "/name", "/blueprint", "/values", "/secrets"]) && (
          <Failure error={error} />
        )}
    </form>
  );
}

type NewTenant = {
  slug: string;
  blueprint: string;
  name: string;
  values: { [name: string]: unknown };
  secrets: { [name: string]: string };
  restore_volume?: string;
};

/** Repeating the same call after a lost answer makes no second tenant. */
function useCreating(onDone: () => void) {
  const queries = useQueryClient();
  const [keys] = useState(() => new Map<string, string>());
  return useMutation({
    mutationFn: (body: NewTenant) => {
      const text = JSON.stringify(body);
      const key = keys.get(text) ?? crypto.randomUUID();
      keys.set(text, key);
      return answer(api.POST("/api/v1/tenants", { body, headers: { "Idempotency-Key": key } }));
    },
    onSuccess: ({ slug }) => {
      void queries.invalidateQueries({ queryKey: ["tenants"] });
      toast(`${slug} is being made.`, "good");
      onDone();
      navigate(paths.tenant(slug));
    },
  });
}

function KeptDisk({ chosen, onChoose }: { chosen: string; onChoose(id: string): void }) {
  const kept = (useVolumes().data ?? []).filter(({ restorable }) => restorable);
  if (kept.length === 0) return null;
  return (
    <SelectField
      label="Disk"
      help="A kept disk goes on where its former tenant ended; every token and key is new."
      value={chosen}
      choices={[
        { value: "", label: "A new, empty one" },
        ...kept.map(({ id, slug, kept_since }) => ({
          value: id,
          label: `Of ${slug}, kept since ${new Date(kept_since).toLocaleDateString()}`,
        })),
      ]}
      onChange={(event) => onChoose(event.target.value)}
    />
  );
}

// A tenant's values: the form that its revision's schema draws. Edits stay in this tab until they
// are saved; a change by somebody else meanwhile is said, and nothing is overwritten unseen.
import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../../api/client";
import type { Tenant } from "../../api/types";
import { Card, Empty, Failure, Loading } from "../../ui";
import { type Edits, edited, leftOf, patchOf, under, wrongIn } from "../values/edits";
import { useKept } from "../values/kept";
import { problemAt } from "../values/problemAt";
import { type Question, questionsOf } from "../values/questions";
import { ValueFields } from "../values/ValueFields";
import { SaveBar } from "./SaveBar";
import { useSaving } from "./useSaving";

interface Kept {
  edits: Edits;
  /** Of the tenant as it was when the first edit was made. */
  generation: number;
}

export function Values({ tenant }: { tenant: Tenant }) {
  const { blueprint: name, target_revision: revision } = tenant;
  const schema = useQuery({
    queryKey: ["blueprints", name, "schema", revision],
    queryFn: () =>
      answer(
        api.GET("/api/v1/blueprints/{name}/schema", {
          params: { path: { name }, query: { revision } },
        }),
      ),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <Card title="Values">
      {schema.error && !schema.data ? (
        <Failure error={schema.error} again={() => void schema.refetch()} />
      ) : !schema.data ? (
        <Loading lines={6} />
      ) : (
        <Form tenant={tenant} questions={questionsOf(schema.data)} />
      )}
    </Card>
  );
}

function Form({ tenant, questions }: { tenant: Tenant; questions: Question[] }) {
  const none: Kept = { edits: {}, generation: tenant.generation };
  const [{ edits, generation }, keep, change] = useKept<Kept>(
    `values:${tenant.id}`,
    none,
    (kept) => Object.keys(kept.edits).length === 0,
  );
  const saving = useSaving(tenant, () =>
    change((now) => ({ ...now, edits: leftOf(now.edits, edits) })),
  );
  const count = Object.keys(edits).length;
  const wrong = wrongIn(questions, edits);
  if (questions.length === 0) {
    return (
      <Empty title="Nothing differs per tenant">
        In the blueprint, mark an option as per tenant, and it can be set here.
      </Empty>
    );
  }
  const said = Object.fromEntries(
    questions.map(({ name }) => [
      name,
      under(wrong, name) ?? problemAt(saving.error, "values", name),
    ]),
  );
  return (
    <form
      className="tenant__form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (count === 0 || Object.keys(wrong).length > 0) return;
        saving.save({ values: patchOf(questions, edits) }, generation);
      }}
    >
      <ValueFields
        questions={questions}
        edits={edits}
        own={tenant.own_values}
        wrong={said}
        onEdit={(question, next) => {
          saving.edited();
          keep({
            edits: edited(edits, question, tenant.own_values, next),
            generation: count === 0 ? tenant.generation : generation,
          });
        }}
      />
      <SaveBar
        count={count}
        isWrong={Object.keys(wrong).length > 0}
        saving={saving}
        onDiscard={() => keep(none)}
        onGoOn={() => keep({ edits, generation: tenant.generation })}
        note="Most values are taken up while it runs; variables restart it."
      />
    </form>
  );
}

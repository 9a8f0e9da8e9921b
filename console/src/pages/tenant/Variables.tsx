// A tenant's own variables, beside those of its blueprint: for what one customer has and others do
// not. Edits stay in this tab until they are saved, like those of values.
import { useState } from "react";
import type { Tenant } from "../../api/types";
import { AreaField, Badge, Button, Card, PlusIcon } from "../../ui";
import { leftOf } from "../values/edits";
import { useKept } from "../values/kept";
import { problemAt } from "../values/problemAt";
import { AddVariable } from "./AddVariable";
import { SaveBar } from "./SaveBar";
import { useSaving } from "./useSaving";
import {
  textProblem,
  type VariableEdits,
  type VariableRow,
  variableRows,
  withVariable,
} from "./variableEdits";

interface Kept {
  edits: VariableEdits;
  /** Of the tenant as it was when the first edit was made. */
  generation: number;
}

export function Variables({ tenant }: { tenant: Tenant }) {
  const [isAdding, setAdding] = useState(false);
  const none: Kept = { edits: {}, generation: tenant.generation };
  const [{ edits, generation }, keep, change] = useKept<Kept>(
    `variables:${tenant.id}`,
    none,
    (kept) => Object.keys(kept.edits).length === 0,
  );
  const saving = useSaving(tenant, () =>
    change((now) => ({ ...now, edits: leftOf(now.edits, edits) })),
  );
  const own = tenant.variables;
  const rows = variableRows(own, edits);
  const count = Object.keys(edits).length;
  const isWrong = rows.some(({ text }) => textProblem(text) !== undefined);
  const edit = (name: string, next: string | null) => {
    saving.edited();
    keep({
      edits: withVariable(own, edits, name, next),
      generation: count === 0 ? tenant.generation : generation,
    });
  };
  return (
    <Card
      title="Variables of its own"
      aside={
        <Button size="s" icon={<PlusIcon size={14} />} onClick={() => setAdding(true)}>
          Add
        </Button>
      }
    >
      <form
        className="tenant__form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (count > 0 && !isWrong) saving.save({ variables: edits }, generation);
        }}
      >
        {rows.length === 0 && (
          <p className="soft">
            None: it has those of its blueprint. Flags that only this customer needs stand here.
          </p>
        )}
        {rows.map((row) => (
          <Row
            key={row.name}
            row={row}
            error={textProblem(row.text) ?? problemAt(saving.error, "variables", row.name)}
            onEdit={(next) => edit(row.name, next)}
            onBack={() => edit(row.name, own[row.name] ?? null)}
          />
        ))}
        {rows.length > 0 && (
          <SaveBar
            count={count}
            isWrong={isWrong}
            saving={saving}
            onDiscard={() => keep(none)}
            onGoOn={() => keep({ edits, generation: tenant.generation })}
            note="They stand in its environment: a change restarts the runtime."
          />
        )}
      </form>
      {isAdding && (
        <AddVariable
          rows={rows}
          onAdd={(name, text) => edit(name, text)}
          onClose={() => setAdding(false)}
        />
      )}
    </Card>
  );
}

interface RowProps {
  row: VariableRow;
  error: string | undefined;
  onEdit(next: string | null): void;
  /** As it was before the edit. */
  onBack(): void;
}

function Row({ row: { name, text, state }, error, onEdit, onBack }: RowProps) {
  const isGone = state === "removed";
  return (
    <AreaField
      label={name}
      className="mono-input"
      rows={Math.min(6, text.split("\n").length)}
      spellCheck={false}
      value={text}
      disabled={isGone}
      error={error}
      aside={
        <span className="variable__acts">
          {state !== "as before" && (
            <Badge tone={isGone ? "bad" : "brass"}>{isGone ? "is removed" : state}</Badge>
          )}
          {state === "removed" || state === "changed" ? (
            <Button size="s" aria-label={`Undo the edit of ${name}`} onClick={onBack}>
              Undo
            </Button>
          ) : (
            <Button
              size="s"
              kind="danger"
              aria-label={`Remove ${name}`}
              onClick={() => onEdit(null)}
            >
              Remove
            </Button>
          )}
        </span>
      }
      onChange={(event) => onEdit(event.target.value)}
    />
  );
}

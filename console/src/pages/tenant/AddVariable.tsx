// A new variable: its name is fixed from then on, its text is not.
import { type FormEvent, useId, useState } from "react";
import { AreaField, Button, Dialog, TextField } from "../../ui";
import { newNameProblem, textProblem, type VariableRow } from "./variableEdits";

interface Props {
  rows: readonly VariableRow[];
  onAdd(name: string, text: string): void;
  onClose(): void;
}

export function AddVariable({ rows, onAdd, onClose }: Props) {
  const [name, setName] = useState("");
  const [text, setText] = useState("");
  const form = useId();
  const wrongName = name === "" ? null : newNameProblem(rows, name);
  const wrongText = textProblem(text);
  const isReady = name !== "" && wrongName === null && wrongText === undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!isReady) return;
    onAdd(name, text);
    onClose();
  };
  return (
    <Dialog
      title="A variable of its own"
      size="s"
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={form} kind="primary" disabled={!isReady}>
            Add
          </Button>
        </>
      }
    >
      <form id={form} className="tenant__form" onSubmit={submit}>
        <TextField
          label="Name"
          className="mono-input"
          value={name}
          spellCheck={false}
          error={wrongName}
          onChange={(event) => setName(event.target.value)}
        />
        <AreaField
          label="Text"
          className="mono-input"
          rows={3}
          spellCheck={false}
          value={text}
          error={wrongText}
          help="${tenant.name}, ${tenant.slug} and ${tenant.url} are replaced. Everybody who may see this tenant can read it: keys are secrets."
          onChange={(event) => setText(event.target.value)}
        />
      </form>
    </Dialog>
  );
}

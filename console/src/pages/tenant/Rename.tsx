// The name that people call a tenant by. Its slug never changes.
import { type FormEvent, useId, useState } from "react";
import type { Tenant } from "../../api/types";
import { Button, Dialog, TextField } from "../../ui";
import { problemAt } from "../values/problemAt";
import { useChange } from "./useChange";

export function Rename({ tenant, onClose }: { tenant: Tenant; onClose(): void }) {
  const [name, setName] = useState(tenant.name);
  const form = useId();
  const change = useChange(tenant.slug);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate({ patch: { name: name.trim() } }, { onSuccess: onClose });
  };
  const said = change.error && (problemAt(change.error, "name") ?? change.error.message);
  return (
    <Dialog
      title={`Rename ${tenant.slug}`}
      size="s"
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            form={form}
            kind="primary"
            busy={change.isPending}
            disabled={name.trim() === ""}
          >
            Rename
          </Button>
        </>
      }
    >
      <form id={form} onSubmit={submit}>
        <TextField
          label="Name"
          help="Prompts that use ${tenant.name} say it from then on. The slug and address stay."
          value={name}
          error={said || undefined}
          onChange={(event) => setName(event.target.value)}
        />
      </form>
    </Dialog>
  );
}

// Giving a secret its value. It goes to the server and stays nowhere here.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { answer, api } from "../../api/client";
import { environmentProblem } from "../../blueprint/names";
import { AreaField, Button, Dialog, Failure, SelectField, TextField, toast } from "../../ui";
import { useOwnChanges } from "./ownChanges";

interface Props {
  slug: string;
  /** Empty for one that is new. */
  name: string;
  onClose(): void;
}

export function SetSecret({ slug, name: given, onClose }: Props) {
  const isNew = given === "";
  const [name, setName] = useState(given);
  const [value, setValue] = useState("");
  const [as, setAs] = useState<"env" | "file">("env");
  const form = useId();
  const queries = useQueryClient();
  const own = useOwnChanges(slug);
  const put = useMutation({
    mutationFn: () =>
      answer(
        api.PUT("/api/v1/tenants/{slug}/secrets/{name}", {
          params: { path: { slug, name } },
          body: isNew ? { value, as } : { value },
        }),
      ),
    onMutate: own.known,
    onSuccess: (_, __, before) => {
      void own.ask(before);
      void queries.invalidateQueries({ queryKey: ["tenants"] });
      toast(`${name} is set.`, "good");
      onClose();
    },
  });
  const problem = name === "" ? null : environmentProblem(name, "");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name && !problem && value) put.mutate();
  };
  return (
    <Dialog
      title={isNew ? `A secret for ${slug}` : `Set ${given}`}
      size="s"
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            form={form}
            kind="primary"
            busy={put.isPending}
            disabled={!name || problem !== null || !value}
          >
            Set
          </Button>
        </>
      }
    >
      <form id={form} className="tenant__form" onSubmit={submit}>
        {isNew && (
          <>
            <TextField
              label="Name"
              className="mono-input"
              value={name}
              spellCheck={false}
              error={problem && `${problem.detail} ${problem.hint}`}
              onChange={(event) => setName(event.target.value)}
            />
            <SelectField
              label="It reaches the runtime as"
              value={as}
              choices={[
                { value: "env", label: "a variable of its environment" },
                { value: "file", label: "a file under /run/stateroom/secrets" },
              ]}
              onChange={(event) => setAs(event.target.value === "file" ? "file" : "env")}
            />
          </>
        )}
        <AreaField
          label="Value"
          className="mono-input"
          rows={3}
          spellCheck={false}
          autoComplete="off"
          value={value}
          help="It cannot be looked at again. A variable's change restarts the runtime."
          onChange={(event) => setValue(event.target.value)}
        />
        {put.error && <Failure error={put.error} />}
      </form>
    </Dialog>
  );
}

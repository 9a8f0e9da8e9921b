// One action for many tenants: what it means, the go-ahead, and then a result for each of them.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api } from "../../api/client";
import type { BulkAction, BulkOut } from "../../api/types";
import { Badge, Button, Dialog, Failure, Said, SelectField, TextField } from "../../ui";
import { knownOf, tookAll } from "../tenant/ownChanges";

const ABOUT: { [action in BulkAction]: { act: string; meaning: string } } = {
  restart: {
    act: "Restart",
    meaning: "Each stops answering for a few seconds. Disks and settings stay as they are.",
  },
  suspend: {
    act: "Suspend",
    meaning: "They stop answering and use no memory or CPU until they are resumed. Disks stay.",
  },
  resume: { act: "Resume", meaning: "They start again with the disks that they had." },
  delete: {
    act: "Delete",
    meaning: "Their addresses, tokens, secrets and settings are gone at once, for good.",
  },
};

type Data = "keep" | "erase" | "";

interface Props {
  action: BulkAction;
  slugs: readonly string[];
  /** done: for whom it was done; they need not be chosen any longer. */
  onClose(done: ReadonlySet<string>): void;
}

export function Bulk({ action, slugs, onClose }: Props) {
  const queries = useQueryClient();
  const [data, setData] = useState<Data>("");
  const [typed, setTyped] = useState("");
  const run = useMutation({
    mutationFn: () =>
      answer(
        api.POST("/api/v1/tenants/bulk", {
          body: { action, slugs: [...slugs], ...(data ? { data } : {}) },
        }),
      ),
    onMutate: () => knownOf(queries, slugs),
    onSuccess: (result, _, known) => tookAll(known, result),
    onSettled: () => void queries.invalidateQueries({ queryKey: ["tenants"] }),
  });
  const { act, meaning } = ABOUT[action];
  const people = slugs.length === 1 ? slugs[0] : `${slugs.length} tenants`;
  const word = action === "delete" ? `${data || "delete"} ${slugs.length}` : "";
  const isReady = action !== "delete" || (data !== "" && typed === word);
  const done = new Set(run.data?.items.filter(({ ok }) => ok).map(({ slug }) => slug));
  const close = () => onClose(done);
  if (run.data) {
    return (
      <Dialog
        title={`${act} ${people}`}
        onClose={close}
        actions={
          <Button kind="primary" onClick={close}>
            Close
          </Button>
        }
      >
        <Results result={run.data} />
      </Dialog>
    );
  }
  return (
    <Dialog
      title={`${act} ${people}?`}
      onClose={close}
      actions={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button
            kind={action === "delete" ? "danger" : "primary"}
            disabled={!isReady}
            busy={run.isPending}
            onClick={() => run.mutate()}
          >
            {act} {people}
          </Button>
        </>
      }
    >
      <div className="bulk">
        <p>{meaning}</p>
        <Slugs slugs={slugs} />
        {action === "delete" && (
          <>
            <SelectField
              label="Their disks"
              value={data}
              choices={[
                { value: "", label: "Choose what happens to them" },
                { value: "keep", label: "Keep: an operator can revive them" },
                { value: "erase", label: "Erase: everything in /data is lost for good" },
              ]}
              onChange={(event) => setData(event.target.value as Data)}
            />
            {data && (
              <TextField
                label={`Type ${word} to go on`}
                value={typed}
                spellCheck={false}
                onChange={(event) => setTyped(event.target.value)}
              />
            )}
          </>
        )}
        {run.error && <Failure error={run.error} />}
      </div>
    </Dialog>
  );
}

function Slugs({ slugs }: { slugs: readonly string[] }) {
  return (
    // What scrolls is reached by keyboard.
    <section className="bulk__slugs mono" aria-label="Which tenants" tabIndex={0}>
      {slugs.join(", ")}
    </section>
  );
}

function Results({ result }: { result: BulkOut }) {
  const wrong = result.items.filter(({ ok }) => !ok).length;
  // What went wrong needs somebody, so it stands first.
  const items = [...result.items].sort((one, other) => Number(one.ok) - Number(other.ok));
  return (
    <div className="bulk">
      <p role="status">
        {wrong === 0
          ? `Done for all ${items.length}. Their phases show how it goes.`
          : `${items.length - wrong} of ${items.length} done. ${wrong} refused:`}
      </p>
      <ul className="bulk__results">
        {items.map(({ slug, ok, problem }) => (
          <li key={slug}>
            <Badge tone={ok ? "good" : "bad"}>{ok ? "done" : "refused"}</Badge>
            <strong>{slug}</strong>
            {problem && (
              <span className="soft">
                <Said text={problem.detail} />
              </span>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}

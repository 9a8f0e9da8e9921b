// Adding or changing a provider. The key is write only: left empty, the one that is there stays.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { answer, api } from "../../api/client";
import type { components } from "../../api/schema";
import { SLUG } from "../../blueprint/names";
import { Button, Dialog, Failure, SelectField, TextField, toast } from "../../ui";
import { allPlaced, problemAt } from "../values/problemAt";
import { PricesField } from "./PricesField";
import { type PriceRow, type Prices, pricesOf, rowsOf } from "./prices";

type Provider = components["schemas"]["ProviderOut"];
type Kind = Exclude<Provider["kind"], "demo">;

const KINDS: { value: Kind; label: string; address: string }[] = [
  {
    value: "openai",
    label: "OpenAI, or whatever speaks its API",
    address: "https://api.openai.com/v1",
  },
  { value: "anthropic", label: "Anthropic", address: "https://api.anthropic.com" },
];

interface Props {
  /** Null for a new one. */
  provider: Provider | null;
  taken: readonly string[];
  onClose(): void;
}

export function ProviderDialog({ provider, taken, onClose }: Props) {
  const [name, setName] = useState(provider?.name ?? "");
  const [kind, setKind] = useState<Kind>(provider?.kind === "anthropic" ? "anthropic" : "openai");
  const suggested = KINDS.find(({ value }) => value === kind)?.address ?? "";
  const [ownAddress, setAddress] = useState<string | null>(provider?.base_url ?? null);
  const address = ownAddress ?? suggested;
  const [key, setKey] = useState("");
  const [rows, setRows] = useState<PriceRow[]>(rowsOf(provider?.prices ?? {}));
  const [isTried, setTried] = useState(false);
  const form = useId();
  const meant = pricesOf(rows);
  const nameProblem = provider ? undefined : problemOfName(name, taken);
  const save = useSaving(name, onClose);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (nameProblem || "wrong" in meant) return;
    save.mutate({ kind, base_url: address, prices: meant.prices, ...(key ? { key } : {}) });
  };
  const { error } = save;
  return (
    <Dialog
      title={provider ? `Edit ${provider.name}` : "New provider"}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={form} kind="primary" busy={save.isPending}>
            Save provider
          </Button>
        </>
      }
    >
      <form id={form} className="provider" onSubmit={submit} noValidate>
        {!provider && (
          <TextField
            label="Name"
            help="Blueprints choose a provider by it."
            value={name}
            spellCheck={false}
            error={(isTried && nameProblem) || problemAt(error, "name")}
            onChange={(event) => setName(event.target.value)}
          />
        )}
        <SelectField
          label="Kind"
          value={kind}
          choices={KINDS}
          onChange={(event) => setKind(event.target.value === "anthropic" ? "anthropic" : "openai")}
        />
        <TextField
          label="Address"
          type="url"
          className="mono-input"
          value={address}
          spellCheck={false}
          error={problemAt(error, "base_url")}
          onChange={(event) => setAddress(event.target.value)}
        />
        <TextField
          label="Key"
          type="password"
          autoComplete="new-password"
          help={
            provider?.has_key
              ? "Left empty, the key that is there stays. Nobody can read it again."
              : "Sealed when it arrives. Nobody can read it again."
          }
          value={key}
          error={problemAt(error, "key")}
          onChange={(event) => setKey(event.target.value)}
        />
        <PricesField
          rows={rows}
          wrong={"wrong" in meant ? meant.wrong : problemAt(error, "prices")}
          onChange={setRows}
        />
        {error && !allPlaced(error, ["/name", "/base_url", "/key", "/prices"]) && (
          <Failure error={error} />
        )}
      </form>
    </Dialog>
  );
}

function problemOfName(name: string, taken: readonly string[]): string | undefined {
  if (!SLUG.test(name)) return "Use 1 to 40 of a-z, 0-9 and hyphens; begin with a letter.";
  return taken.includes(name) ? `There is a provider ${name} already.` : undefined;
}

function useSaving(name: string, onDone: () => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: { kind: Kind; base_url: string; prices: Prices; key?: string }) =>
      answer(api.PUT("/api/v1/providers/{name}", { params: { path: { name } }, body })),
    onSuccess: () => {
      toast(`${name} is saved.`, "good");
      onDone();
    },
    onSettled: () => void queries.invalidateQueries({ queryKey: ["providers"] }),
  });
}

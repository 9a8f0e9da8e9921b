// Second step: where the model's answers come from. The key goes to the broker and nowhere else:
// no tenant and no page ever sees it again.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { answer, api } from "../../api/client";
import { Button, classes, Failure, TextField } from "../../ui";
import { problemAt } from "../values/problemAt";

export type Named = { provider: string; model: string };

const CHOICES = [
  {
    kind: "demo",
    title: "Built-in demo",
    about: "Answers without any key and says so. For trying things out.",
    address: "",
    example: "demo-1",
  },
  {
    kind: "openai",
    title: "OpenAI",
    about: "With your key.",
    address: "https://api.openai.com/v1",
    example: "gpt-4o-mini",
  },
  {
    kind: "anthropic",
    title: "Anthropic",
    about: "With your key.",
    address: "https://api.anthropic.com",
    example: "claude-sonnet-4-5",
  },
] as const;
type Choice = (typeof CHOICES)[number];

/** As in kinds.json: the model's id as its provider knows it. */
const MODEL = /^[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,199}$/;

interface Props {
  named: Named;
  onBack(): void;
  onNext(named: Named): void;
}

export function ModelStep({ named, onBack, onNext }: Props) {
  const start = CHOICES.find(({ kind }) => kind === named.provider) ?? CHOICES[0];
  const [choice, setChoice] = useState<Choice>(start);
  const [model, setModel] = useState(named.model);
  const [key, setKey] = useState("");
  const [isTried, setTried] = useState(false);
  const isDemo = choice.kind === "demo";
  const hasKey = useHasKey(choice.kind);
  const save = useSaveKey(choice);
  const wrong = {
    model: MODEL.test(model) ? undefined : "Write the model's id, as its provider names it.",
    key: isDemo || key !== "" || hasKey ? undefined : "Paste a key, or choose the demo.",
  };

  const choose = (next: Choice) => {
    setChoice(next);
    setModel(next.kind === named.provider ? named.model : next.example);
    setTried(false);
    save.reset();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (wrong.model || wrong.key) return;
    const done = () => onNext({ provider: choice.kind, model });
    if (isDemo || key === "") done();
    else save.mutate(key, { onSuccess: done });
  };
  return (
    <form className="step" onSubmit={submit} noValidate>
      <fieldset className="choices choices--three">
        <legend className="visually-hidden">Provider</legend>
        {CHOICES.map((one) => (
          <label
            key={one.kind}
            className={classes("choice", one.kind === choice.kind && "choice--on")}
          >
            <input
              type="radio"
              name="provider"
              className="choice__input"
              checked={one.kind === choice.kind}
              onChange={() => choose(one)}
            />
            <strong>{one.title}</strong>
            <span className="soft">{one.about}</span>
          </label>
        ))}
      </fieldset>
      {!isDemo && (
        <>
          <TextField
            type="password"
            label="Key"
            autoComplete="new-password"
            value={key}
            error={(isTried && wrong.key) || problemAt(save.error, "key")}
            help={
              hasKey
                ? "There is one already. Leave this empty to keep it."
                : "Only the broker holds it. Nobody can read it again."
            }
            onChange={(event) => setKey(event.target.value)}
          />
          <TextField
            label="Model"
            value={model}
            spellCheck={false}
            error={isTried && wrong.model}
            help="The model's id as its provider knows it. It can differ per tenant later."
            onChange={(event) => setModel(event.target.value)}
          />
        </>
      )}
      {save.error && <Failure error={save.error} />}
      <div className="step__acts">
        <Button onClick={onBack}>Back</Button>
        <Button type="submit" kind="primary" busy={save.isPending}>
          Continue
        </Button>
      </div>
    </form>
  );
}

function useHasKey(name: string): boolean {
  const providers = useQuery({
    queryKey: ["providers"],
    queryFn: () => answer(api.GET("/api/v1/providers")),
  });
  return providers.data?.items.some((one) => one.name === name && one.has_key) ?? false;
}

function useSaveKey(choice: Choice) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (key: string) =>
      answer(
        api.PUT("/api/v1/providers/{name}", {
          params: { path: { name: choice.kind } },
          body: { kind: choice.kind, base_url: choice.address, key },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["providers"] }),
  });
}

// Where the webhook goes and of what it tells. A new secret is shown once, here.
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { answer, api } from "../../api/client";
import type { Webhook } from "../../api/types";
import { Button, Confirm, CopyButton, Failure, Notice, Switch, TextField, toast } from "../../ui";
import { problemAt } from "../values/problemAt";

type Event = Webhook["events"][number];
const EVENTS: { event: Event; label: string }[] = [
  { event: "tenant.ready", label: "A tenant became ready" },
  { event: "tenant.failed", label: "A tenant failed" },
];

interface Props {
  hook: Webhook | null;
  onSaved(): Promise<unknown>;
}

export function WebhookForm({ hook, onSaved }: Props) {
  const [url, setUrl] = useState(hook?.url ?? "");
  const [events, setEvents] = useState<Event[]>(hook?.events ?? EVENTS.map(({ event }) => event));
  const [secret, setSecret] = useState<string | null>(null);
  const [isAsking, setAsking] = useState(false);
  const put = useMutation({
    mutationFn: (rotate: boolean) =>
      answer(api.PUT("/api/v1/webhook", { body: { url, events, ...(rotate ? { rotate } : {}) } })),
    onSuccess: (saved) => {
      if (saved.secret) setSecret(saved.secret);
      else toast("The webhook is saved.", "good");
      void onSaved();
    },
    onSettled: () => setAsking(false),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    put.mutate(false);
  };
  const placed = problemAt(put.error, "url");
  const toggle = (event: Event, isOn: boolean) =>
    setEvents(
      EVENTS.map((one) => one.event).filter((one) => (one === event ? isOn : events.includes(one))),
    );
  return (
    <form className="webhook__form" onSubmit={submit} noValidate>
      <TextField
        label="Address of your receiver"
        type="url"
        placeholder="https://example.com/stateroom"
        value={url}
        spellCheck={false}
        error={placed}
        onChange={(event) => setUrl(event.target.value)}
      />
      <fieldset className="webhook__events">
        <legend>Tell it when</legend>
        {EVENTS.map(({ event, label }) => (
          <Switch
            key={event}
            label={
              <>
                {label} <span className="mono soft">{event}</span>
              </>
            }
            checked={events.includes(event)}
            onChange={(changed) => toggle(event, changed.target.checked)}
          />
        ))}
      </fieldset>
      {secret && (
        <Notice tone="brass" action={<CopyButton text={secret} label="Copy secret" />}>
          The secret, shown this once: <span className="mono webhook__secret">{secret}</span>
        </Notice>
      )}
      {put.error && !placed && <Failure error={put.error} />}
      <div className="webhook__acts">
        <Button
          type="submit"
          kind="primary"
          busy={put.isPending}
          disabled={url === "" || events.length === 0}
        >
          {hook ? "Save webhook" : "Set webhook"}
        </Button>
        {hook && <Button onClick={() => setAsking(true)}>New secret</Button>}
      </div>
      {isAsking && (
        <Confirm
          title="Make a new secret?"
          act="Make a new secret"
          busy={put.isPending}
          onConfirm={() => put.mutate(true)}
          onClose={() => setAsking(false)}
        >
          <p>
            For a day both sign every message, so that your receiver can change over. Then the
            former one counts no more.
          </p>
        </Confirm>
      )}
    </form>
  );
}

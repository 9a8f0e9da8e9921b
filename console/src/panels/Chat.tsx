// A chat with one tenant, as its customers have it. Whatever the model says is text: it is never
// drawn as markup.
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, type KeyboardEvent, useRef, useState } from "react";
import { answer, api } from "../api/client";
import type { Tenant } from "../api/types";
import { Button, classes, Empty, Notice, PhaseBadge, RefreshIcon, useCountdown } from "../ui";
import "./Chat.css";
import type { Message } from "./chat/conversation";
import { Unreachable } from "./chat/Unreachable";
import { useChat } from "./chat/useChat";
import { useStayAtEnd } from "./chat/useStayAtEnd";

/** A sleeping tenant is woken by the first question. */
const ANSWERING = ["ready", "degraded", "asleep", "waking"];

export function Chat({ slug }: { slug: string }) {
  const tenant = useQuery({
    queryKey: ["tenants", "one", slug],
    queryFn: () => answer(api.GET("/api/v1/tenants/{slug}", { params: { path: { slug } } })),
  }).data;
  const { conversation, isBusy, send, retry, stop } = useChat(slug);
  const { list, onScroll, isBehind, toEnd } = useStayAtEnd(conversation);
  const canAnswer = tenant === undefined || ANSWERING.includes(tenant.status.phase);
  return (
    <section className="chat" aria-label={`Chat with ${slug}`}>
      <header className="chat__head">
        <strong>{tenant?.name ?? slug}</strong>
        {tenant && <PhaseBadge phase={tenant.status.phase} />}
      </header>
      <div className="chat__frame">
        {/* What scrolls is reached by keyboard. */}
        <div
          className="chat__list"
          ref={list}
          onScroll={onScroll}
          role="log"
          aria-label="Conversation"
          aria-live="off"
          tabIndex={0}
        >
          {conversation.length === 0 && (
            <Empty title={`Say something to ${tenant?.name ?? slug}`}>
              It goes over the tenant's own address with its own token, as its customers' calls do.
            </Empty>
          )}
          {conversation.map((message, index) => (
            <Bubble
              key={message.id}
              message={message}
              url={tenant?.url ?? null}
              onRetry={index === conversation.length - 1 ? retry : null}
            />
          ))}
        </div>
        {isBehind && (
          <Button size="s" className="chat__new" onClick={toEnd}>
            New text below
          </Button>
        )}
      </div>
      <p className="visually-hidden" role="status">
        {heardOf(conversation.at(-1))}
      </p>
      {tenant && !canAnswer && <NotReady tenant={tenant} />}
      <Composer
        isBusy={isBusy}
        canSend={canAnswer}
        onSend={(text) => {
          toEnd();
          send(text);
        }}
        onStop={stop}
      />
    </section>
  );
}

/** An answer is read out once, when it is whole; not with every piece. */
function heardOf(last: Message | undefined): string {
  if (last?.role !== "assistant") return "";
  if (last.state === "coming") return "It answers…";
  return last.failure?.text ?? (last.state === "stopped" ? "Stopped." : last.text);
}

function NotReady({ tenant }: { tenant: Tenant }) {
  const { phase, reason, waiting } = tenant.status;
  const why = reason || waiting[0] || "";
  return (
    <Notice tone="brass">
      {tenant.slug} is {phase}. {why || "It can be asked once it is ready."}
    </Notice>
  );
}

interface BubbleProps {
  message: Message;
  url: string | null;
  /** Only the last answer can be asked for anew. */
  onRetry: (() => void) | null;
}

function Bubble({ message, url, onRetry }: BubbleProps) {
  const { role, text, state, failure } = message;
  const isMine = role === "user";
  return (
    <div className={classes("bubble", isMine && "bubble--mine")}>
      <span className="visually-hidden">{isMine ? "You:" : "Answer:"}</span>
      {text !== "" && <p className="bubble__text">{text}</p>}
      {state === "coming" && text === "" && (
        <span className="bubble__dots" aria-hidden="true">
          <i />
          <i />
          <i />
        </span>
      )}
      {state === "stopped" && <p className="soft">Stopped.</p>}
      {failure && (
        <div className="bubble__failure">
          <p>{failure.text}</p>
          {failure.kind === "unreachable" && <Unreachable url={url} />}
        </div>
      )}
      {onRetry && (state === "failed" || state === "stopped") && (
        <Retry after={failure?.after ?? 0} onRetry={onRetry} />
      )}
    </div>
  );
}

/** Before that it would be refused again. */
function Retry({ after, onRetry }: { after: number; onRetry(): void }) {
  const [seconds] = useCountdown(after);
  return (
    <Button size="s" icon={<RefreshIcon size={14} />} disabled={seconds > 0} onClick={onRetry}>
      {seconds > 0 ? `Try again in ${seconds} s` : "Try again"}
    </Button>
  );
}

interface ComposerProps {
  isBusy: boolean;
  canSend: boolean;
  onSend(text: string): void;
  onStop(): void;
}

function Composer({ isBusy, canSend, onSend, onStop }: ComposerProps) {
  const [text, setText] = useState("");
  const area = useRef<HTMLTextAreaElement>(null);
  const go = () => {
    const said = text.trim();
    if (said === "" || isBusy || !canSend) return;
    onSend(said);
    setText("");
    area.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape" && isBusy) {
      // Stops the answer, and not the dialog around it too.
      event.preventDefault();
      event.stopPropagation();
      onStop();
    }
    const isTyping = event.nativeEvent.isComposing || event.shiftKey;
    if (event.key !== "Enter" || isTyping) return;
    event.preventDefault();
    go();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    go();
  };
  return (
    <form className="composer" onSubmit={submit}>
      <textarea
        ref={area}
        className="input composer__text"
        aria-label="Your message"
        placeholder="Write a message"
        rows={2}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKeyDown}
      />
      {isBusy ? (
        <Button onClick={onStop}>Stop</Button>
      ) : (
        <Button type="submit" kind="primary" disabled={text.trim() === "" || !canSend}>
          Send
        </Button>
      )}
      <p className="soft composer__keys">
        <kbd>Enter</kbd> sends, <kbd>Shift</kbd> <kbd>Enter</kbd> is a new line, <kbd>Esc</kbd>{" "}
        stops.
      </p>
    </form>
  );
}

// PURE. A conversation as it grows: every change is a function from one to the next.
import type { Failure } from "./failure";

export interface Message {
  id: number;
  role: "user" | "assistant";
  text: string;
  state: "done" | "coming" | "stopped" | "failed";
  failure: Failure | null;
}

export type Conversation = readonly Message[];

/** A question, and the empty place of its answer. */
export function asked(so: Conversation, text: string): Conversation {
  const id = (so.at(-1)?.id ?? 0) + 1;
  const question: Message = { id, role: "user", text, state: "done", failure: null };
  const place: Message = {
    id: id + 1,
    role: "assistant",
    text: "",
    state: "coming",
    failure: null,
  };
  return [...so, question, place];
}

/** The last answer is asked for anew. */
export function askedAgain(so: Conversation): Conversation {
  return withLast(so, () => ({ text: "", state: "coming", failure: null }));
}

export function grown(so: Conversation, text: string): Conversation {
  return withLast(so, (last) => ({ text: last.text + text }));
}

export function ended(so: Conversation, state: "done" | "stopped"): Conversation {
  return withLast(so, () => ({ state }));
}

export function failed(so: Conversation, failure: Failure): Conversation {
  return withLast(so, () => ({ state: "failed", failure }));
}

function withLast(so: Conversation, change: (last: Message) => Partial<Message>): Conversation {
  const last = so.at(-1);
  if (last?.role !== "assistant") return so;
  return [...so.slice(0, -1), { ...last, ...change(last) }];
}

const MOST_SENT = 40;

/** What the tenant is sent: the turns that have words, the newest ones of a long conversation. */
export function turnsOf(so: Conversation): { role: string; content: string }[] {
  const turns = so.filter(({ text }) => text !== "");
  return turns.slice(-MOST_SENT).map(({ role, text }) => ({ role, content: text }));
}

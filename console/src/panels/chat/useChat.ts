// One conversation with one tenant. The token stays in this page's memory; it is fetched with the
// first question, and once more where the tenant does not take it (it may have been replaced).
import { useCallback, useEffect, useRef, useState } from "react";
import { answer, api } from "../../api/client";
import { noticeSessionError } from "../../api/session";
import { ask, type Door, type Outcome } from "./ask";
import {
  asked,
  askedAgain,
  type Conversation,
  ended,
  failed,
  grown,
  turnsOf,
} from "./conversation";
import type { Failure } from "./failure";

export function useChat(slug: string) {
  const [conversation, setConversation] = useState<Conversation>([]);
  const latest = useRef<Conversation>([]);
  const door = useRef<Door | null>(null);
  const current = useRef<AbortController | null>(null);
  const show = useCallback((change: (so: Conversation) => Conversation) => {
    latest.current = change(latest.current);
    setConversation(latest.current);
  }, []);

  const run = useCallback(async () => {
    const control = new AbortController();
    current.current = control;
    const outcome = await converse(slug, door, turnsOf(latest.current), control.signal, (text) =>
      show((so) => grown(so, text)),
    );
    if (current.current === control) current.current = null;
    if (outcome === "done" || outcome === "stopped") show((so) => ended(so, outcome));
    else show((so) => failed(so, outcome));
  }, [slug, show]);

  useEffect(() => () => current.current?.abort(), []);

  return {
    conversation,
    isBusy: conversation.at(-1)?.state === "coming",
    send: (text: string) => {
      show((so) => asked(so, text));
      void run();
    },
    retry: () => {
      show(askedAgain);
      void run();
    },
    stop: () => current.current?.abort(),
  };
}

interface Kept {
  current: Door | null;
}

async function converse(
  slug: string,
  door: Kept,
  turns: { role: string; content: string }[],
  signal: AbortSignal,
  onText: (text: string) => void,
): Promise<Outcome> {
  const fresh = door.current === null;
  const first = await throughDoor(slug, door, turns, signal, onText);
  const isStale = typeof first !== "string" && first.kind === "no-token" && !fresh;
  if (!isStale) return first;
  door.current = null;
  return throughDoor(slug, door, turns, signal, onText);
}

async function throughDoor(
  slug: string,
  door: Kept,
  turns: { role: string; content: string }[],
  signal: AbortSignal,
  onText: (text: string) => void,
): Promise<Outcome> {
  try {
    door.current ??= await openDoor(slug);
  } catch (error) {
    noticeSessionError(error);
    return notOpened(error);
  }
  return ask(door.current, turns, onText, signal);
}

async function openDoor(slug: string): Promise<Door> {
  const params = { path: { slug } };
  const { url, api_token: token } = await answer(
    api.GET("/api/v1/tenants/{slug}/access", { params }),
  );
  return { url, token };
}

function notOpened(error: unknown): Failure {
  const said = error instanceof Error ? error.message : String(error);
  return { kind: "refused", text: `The tenant's token could not be fetched. ${said}`, after: null };
}

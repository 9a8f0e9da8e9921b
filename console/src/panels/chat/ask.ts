// Asking a tenant, as its own customers do: over its own HTTPS API with its own token. Pieces of
// the answer are handed on as they come; what went wrong comes back as a Failure, never thrown.
import { cutOff, type Failure, failureOf, UNREACHABLE } from "./failure";
import { createReader, refusalText } from "./pieces";

export interface Door {
  url: string;
  token: string;
}

export type Outcome = "done" | "stopped" | Failure;

export async function ask(
  door: Door,
  messages: { role: string; content: string }[],
  onText: (text: string) => void,
  signal: AbortSignal,
): Promise<Outcome> {
  let response: Response;
  try {
    response = await fetch(new URL("v1/chat/completions", door.url), {
      method: "POST",
      mode: "cors",
      credentials: "omit",
      headers: { Authorization: `Bearer ${door.token}`, "Content-Type": "application/json" },
      body: JSON.stringify({ model: "openclaw", stream: true, messages }),
      signal,
    });
  } catch {
    return signal.aborted ? "stopped" : UNREACHABLE;
  }
  try {
    if (!response.ok) return failureOf(await refusalOf(response));
    return await read(response, onText);
  } catch {
    return signal.aborted ? "stopped" : cutOff("");
  }
}

async function refusalOf(response: Response) {
  const seconds = Number(response.headers.get("Retry-After"));
  const retryAfter = Number.isFinite(seconds) && seconds > 0 ? seconds : null;
  return { status: response.status, said: refusalText(await response.text()), retryAfter };
}

async function read(response: Response, onText: (text: string) => void): Promise<Outcome> {
  const stream = response.body?.getReader();
  if (!stream) return cutOff("");
  const pieces = createReader();
  const decoder = new TextDecoder();
  for (;;) {
    const { done, value } = await stream.read();
    // An end without the word for it is a connection that broke.
    if (done) return cutOff("");
    for (const piece of pieces(decoder.decode(value, { stream: true }))) {
      if ("done" in piece) return "done";
      if ("error" in piece) return cutOff(piece.error);
      onText(piece.text);
    }
  }
}

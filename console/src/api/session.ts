// Whether somebody is signed in. Any call that is answered 401 makes the session "expired": the
// App then asks to sign in on top of what is open, so that no edit is lost.
import { create } from "zustand";
import { ApiError, answer, api } from "./client";
import { patiently } from "./patiently";
import { codeOf } from "./signInCode";

// A link's code stands behind a # so that no log sees it. It leaves the address (and with that
// the browser's history) before anything is drawn, and is used once.
let code = codeFromAddress();

function codeFromAddress(): string | null {
  const found = codeOf(location.pathname, location.hash);
  if (found !== null) history.replaceState(history.state, "", location.pathname + location.search);
  return found;
}

/** The code of the last link that this tab was given; null once it was taken. */
export function takeCode(): string | null {
  const taken = codeFromAddress() ?? code;
  code = null;
  return taken;
}

/** Called when a link may have been pasted into this tab: one that is at the sign-in already loads
 *  nothing anew for it. Until the returned function is called. */
export function onPastedLink(called: () => void): () => void {
  addEventListener("hashchange", called);
  return () => removeEventListener("hashchange", called);
}

export type SessionState = "unknown" | "signed-in" | "signed-out" | "expired";

interface Session {
  state: SessionState;
  set(state: SessionState): void;
}

export const useSession = create<Session>((set) => ({
  state: "unknown",
  set: (state) => set({ state }),
}));

/** To be told of every error of a call: a 401 means that the session is over. */
export function noticeSessionError(error: unknown): void {
  const { state, set } = useSession.getState();
  if (!(error instanceof ApiError) || error.status !== 401) return;
  set(state === "signed-in" || state === "expired" ? "expired" : "signed-out");
}

/** Ask the server once, at the start. A link signs in meanwhile, and what was asked before that
 *  may be answered after it: then it says nothing any more. */
export async function findSession(): Promise<void> {
  const found = (state: SessionState) => {
    if (useSession.getState().state === "unknown") useSession.getState().set(state);
  };
  try {
    await patiently(() => answer(api.GET("/api/v1/session")));
    found("signed-in");
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) found("signed-out");
    else throw error;
  }
}

/** Sign in with the code of a one-time link, or with a key. */
export async function signIn(proof: { code: string } | { key: string }): Promise<void> {
  await answer(api.POST("/api/v1/session", { body: proof }));
  useSession.getState().set("signed-in");
}

export async function signOut(): Promise<void> {
  await answer(api.DELETE("/api/v1/session"));
  useSession.getState().set("signed-out");
}

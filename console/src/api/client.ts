// The only way from the console to its API. Every call either gives its answer or throws an
// ApiError that says what to do; whoever calls never looks at a status code to find out.
import createClient, { type Middleware } from "openapi-fetch";
import type { paths } from "./schema";
import type { Problem, ProblemDocument } from "./types";

/** What a call threw: `problem` is the server's own word, where there was one. */
export class ApiError extends Error {
  constructor(
    readonly problem: ProblemDocument,
    /** Seconds until it is worth trying again, where the server said so. */
    readonly retryAfter: number | null = null,
  ) {
    super(problem.detail);
    this.name = "ApiError";
  }
  get status(): number {
    return this.problem.status;
  }
  get errors(): readonly Problem[] {
    return this.problem.errors ?? [];
  }
  /** The server did not answer at all, or has nobody behind it just now. */
  get isAway(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504;
  }
  /** Somebody else changed it first (If-Match). */
  get hasMoved(): boolean {
    return this.status === 412;
  }
}

/** Its absence passes by itself; what the server refused it refuses again. */
export function isAway(error: unknown): boolean {
  return error instanceof ApiError && error.isAway;
}

const AWAY: ProblemDocument = {
  errors: null,
  type: "about:blank",
  title: "No answer",
  status: 0,
  detail: "The control plane does not answer. Your edits are kept; this goes on when it is back.",
};

export function createApi(fetcher: typeof fetch = (...call) => globalThis.fetch(...call)) {
  const api = createClient<paths>({ fetch: fetcher, credentials: "same-origin" });
  api.use(fromTheConsole);
  return api;
}

// The server takes a cookie for a change only with this header, which no other site can send.
const fromTheConsole: Middleware = {
  onRequest({ request }) {
    request.headers.set("X-Stateroom-Console", "1");
    return request;
  },
};

export const api = createApi();

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The body of an answer, or an ApiError. `const tenant = await answer(api.GET(…))`. */
export async function answer<T>(call: Promise<Answer<T>>): Promise<T> {
  return (await whole(call)).data;
}

/** The same with the response, for those who need its headers (ETag, Location). */
export async function whole<T>(call: Promise<Answer<T>>): Promise<{ data: T; response: Response }> {
  const got = await call.catch((error: unknown) => {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(AWAY);
  });
  if (!got.response.ok) throw new ApiError(problemOf(got), retryAfter(got.response));
  return { data: got.data as T, response: got.response };
}

function problemOf({ error, response }: Answer<unknown>): ProblemDocument {
  const given = error as Partial<ProblemDocument> | undefined;
  if (typeof given === "object" && given !== null && typeof given.detail === "string") {
    return {
      type: "about:blank",
      title: response.statusText,
      ...given,
      status: response.status,
    } as ProblemDocument;
  }
  const detail = `The server answered ${response.status} without saying why. Try again.`;
  const title = "Unexpected answer";
  return { type: "about:blank", title, status: response.status, detail, errors: null };
}

function retryAfter(response: Response): number | null {
  const seconds = Number(response.headers.get("Retry-After"));
  return Number.isFinite(seconds) && seconds > 0 ? seconds : null;
}

/** The problem of whatever was thrown, for showing it. */
export function problemFrom(error: unknown): ProblemDocument {
  if (error instanceof ApiError) return error.problem;
  const detail = error instanceof Error ? error.message : String(error);
  const title = "Something went wrong here";
  return { type: "about:blank", title, status: -1, detail, errors: null };
}

// PURE. Why a question was not answered, and what to do about it.
export interface Failure {
  kind: "unreachable" | "not-ready" | "too-many" | "no-token" | "refused" | "cut";
  text: string;
  /** Seconds until it is worth trying again, where somebody said so. */
  after: number | null;
}

export interface Refused {
  status: number;
  /** In the server's own words; may be empty. */
  said: string;
  retryAfter: number | null;
}

export function failureOf({ status, said, retryAfter }: Refused): Failure {
  const after = retryAfter;
  if (status === 401 || status === 403) {
    const text = "The tenant did not take our token. It may just have been replaced: try again.";
    return { kind: "no-token", text, after };
  }
  if (status === 404) {
    const text = "The edge knows no such tenant. It may have been deleted: look at its page.";
    return { kind: "refused", text, after };
  }
  if (status === 429) {
    const wait = after === null ? "Try again in a minute" : "Wait as long as it says";
    const text = `Too many requests for this tenant's limit. ${wait}, or raise its requests per minute.`;
    return { kind: "too-many", text, after };
  }
  if (status === 502 || status === 503 || status === 504) {
    const text = "The tenant does not answer yet. Try again once it is ready.";
    return { kind: "not-ready", text, after };
  }
  const words = said || `It answered ${status} without saying why.`;
  return { kind: "refused", text: `${words} Try again, or look at the tenant's logs.`, after };
}

/** No answer at all: a browser does not say why, so all that it can be is said. */
export const UNREACHABLE: Failure = {
  kind: "unreachable",
  text: "This browser could not reach the tenant.",
  after: null,
};

/** An answer that began and broke off. */
export function cutOff(said: string): Failure {
  const text = said
    ? `The answer broke off: ${said}`
    : "The answer broke off. What came of it stands above; try again for a whole one.";
  return { kind: "cut", text, after: null };
}

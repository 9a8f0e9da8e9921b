// A typed fake of the API for tests and for the stub in dev/: one answer for each call, checked
// by the compiler against the same shapes as the real one. Never part of the build.
import type { paths } from "./schema";
import type { ProblemDocument } from "./types";

type Method = "get" | "put" | "post" | "patch" | "delete";
type Good = 200 | 201 | 202 | 204;
type BodyOf<R> = R extends { content: infer C } ? C[keyof C] : undefined;
type Out<P extends keyof paths, M> = M extends keyof paths[P]
  ? paths[P][M] extends { responses: infer R }
    ? { [S in Good & keyof R]: BodyOf<R[S]> }[Good & keyof R]
    : never
  : never;

export interface Asked {
  params: { [name: string]: string };
  query: URLSearchParams;
  body: unknown;
  headers: Headers;
}

interface Route {
  method: string;
  parts: string[];
  answer: (asked: Asked) => unknown;
}

/** Thrown or returned by an answer: the API's own way of refusing. */
export class Refusal {
  constructor(
    readonly status: number,
    readonly detail: string,
    readonly more: Partial<ProblemDocument> = {},
  ) {}
}

/** An answer with headers or another status than 200. */
export class Reply {
  constructor(
    readonly status: number,
    readonly body: unknown,
    readonly headers: { [name: string]: string } = {},
  ) {}
}

export class FakeApi {
  private routes: Route[] = [];
  /** Every call so far, as "GET /api/v1/tenants". */
  readonly calls: string[] = [];

  /** Later answers go before earlier ones, so a test overrides what it cares about. */
  on<P extends keyof paths & string, M extends Method & keyof paths[P]>(
    method: M,
    path: P,
    answer: (asked: Asked) => Out<P, M> | Refusal | Reply,
  ): this {
    this.routes.unshift({ method: method.toUpperCase(), parts: path.split("/"), answer });
    return this;
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    this.calls.push(`${request.method} ${url.pathname}`);
    for (const route of this.routes) {
      const params = route.method === request.method && matched(route.parts, url.pathname);
      if (!params) continue;
      const text = await request.text();
      const body: unknown = text ? JSON.parse(text) : undefined;
      const asked = { params, query: url.searchParams, body, headers: request.headers };
      return respond(route.answer(asked));
    }
    return respond(new Refusal(404, `The fake knows no ${request.method} ${url.pathname}.`));
  };
}

function matched(parts: string[], path: string): { [name: string]: string } | null {
  const given = path.split("/");
  if (given.length !== parts.length) return null;
  const params: { [name: string]: string } = {};
  for (const [index, part] of parts.entries()) {
    const word = given[index] ?? "";
    if (part.startsWith("{")) params[part.slice(1, -1)] = decodeURIComponent(word);
    else if (part !== word) return null;
  }
  return params;
}

function respond(result: unknown): Response {
  if (result instanceof Refusal) {
    const { status, detail, more } = result;
    const body = { type: "about:blank", title: "Refused", status, detail, ...more };
    return Response.json(body, {
      status,
      headers: { "Content-Type": "application/problem+json" },
    });
  }
  if (result instanceof Reply) {
    const { status, body, headers } = result;
    return status === 204
      ? new Response(null, { status })
      : Response.json(body, { status, headers });
  }
  return result === undefined ? new Response(null, { status: 204 }) : Response.json(result);
}

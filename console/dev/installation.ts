// The stub's installation: a handful of blueprints and tenants that change when they are told to.
import type { ServerResponse } from "node:http";
import { type Asked, FakeApi, Refusal, Reply } from "../src/api/fake";
import type { Phase, Tenant } from "../src/api/types";
import { drawingOf } from "../src/blueprint/document";
import { check, noticesOf } from "../src/blueprint/rules";
import { DOCUMENT, STATUS, TEMPLATES, tenantOf } from "./data";
import { providersAndWebhook } from "./providers";
import { rollOuts } from "./rollouts";
import { tenantsPages } from "./tenants";
import { watching, writeLog } from "./watching";

interface Saved {
  blueprint: string;
  revision: number;
  digest: string;
  created_at: string;
  document: { [key: string]: unknown };
  layout: { [key: string]: unknown };
}

type Call = Asked;
const IS_EMPTY = process.env.STUB_EMPTY === "1";
const HOW_MANY = IS_EMPTY ? 0 : Number(process.env.STUB_TENANTS ?? 24);
const PAUSE = 900;

export function createFake() {
  const api = new FakeApi();
  const listeners = new Set<ServerResponse>();
  const history = new Map<string, Saved[]>(IS_EMPTY ? [] : [["support-agent", firstRevisions()]]);
  const tenants = Array.from({ length: HOW_MANY }, (_, index) => tenantOf(index));
  let last = 0;

  const tell = (event: string, data: object) => {
    last += 1;
    const text = `id: ${last}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    for (const listener of listeners) listener.write(text);
  };
  const stream = (response: ServerResponse) => {
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    response.write(": hello\n\n");
    listeners.add(response);
    response.on("close", () => listeners.delete(response));
  };

  sessions(api);
  blueprints(api, history);
  people(api, tenants, tell);
  tenantsPages(api, tenants, tell);
  watching(api);
  providersAndWebhook(api);
  rollOuts(api, history, tenants, tell);
  return { api, stream, writeLog };
}

function firstRevisions(): Saved[] {
  return [3, 2, 1].map((revision) => ({
    blueprint: "support-agent",
    revision,
    digest: `d${revision}`,
    created_at: new Date(Date.now() - (4 - revision) * 86_400_000).toISOString(),
    document: { ...DOCUMENT, blocks: DOCUMENT.blocks.slice(0, 4 + revision) },
    layout: {},
  }));
}

function sessions(api: FakeApi): void {
  let isIn = process.env.STUB_SIGNED_OUT !== "1";
  const until = () => ({ expires_at: new Date(Date.now() + 43_200_000).toISOString() });
  const out = new Refusal(401, "Sign in: open a link from `stateroom console`.");
  api
    .on("get", "/api/v1/session", () => (isIn ? until() : out))
    .on("post", "/api/v1/session", ({ body }) => {
      isIn = JSON.stringify(body).length > 14;
      return isIn ? until() : new Refusal(401, "This link was used already, or is too old.");
    })
    .on("delete", "/api/v1/session", () => {
      isIn = false;
      return undefined;
    });
}

function blueprints(api: FakeApi, history: Map<string, Saved[]>): void {
  const newest = (name: string | undefined) => history.get(name ?? "")?.[0];
  const missing = (what: string | undefined) => new Refusal(404, `There is no ${what}.`);
  const brief = (saved: Saved) => ({
    ...saved,
    name: saved.blueprint,
    deployed_revision: saved.blueprint === "support-agent" ? 3 : null,
  });
  api
    .on("get", "/api/v1/templates", () => ({ items: TEMPLATES }))
    .on("get", "/api/v1/blueprints", () => ({
      items: [...history.values()].flatMap((saved) => saved.slice(0, 1).map(brief)),
    }))
    .on("get", "/api/v1/blueprints/{name}", ({ params }) => {
      const saved = newest(params.name);
      return saved
        ? new Reply(200, brief(saved), { ETag: `"${saved.revision}"` })
        : missing(params.name);
    })
    .on("put", "/api/v1/blueprints/{name}", (call) => save(history, call))
    .on("get", "/api/v1/blueprints/{name}/revisions", ({ params }) => ({
      items: history.get(params.name ?? "") ?? [],
    }))
    .on("get", "/api/v1/blueprints/{name}/revisions/{number}", ({ params }) => {
      const saved = history.get(params.name ?? "") ?? [];
      return saved.find((one) => one.revision === Number(params.number)) ?? missing(params.number);
    })
    .on("post", "/api/v1/blueprints/check", ({ body }) => {
      const problems = check(body);
      const drawing = drawingOf(body);
      return { ok: problems.length === 0, problems, notices: drawing ? noticesOf(drawing) : [] };
    });
}

function save(history: Map<string, Saved[]>, { params, body, headers }: Call) {
  const name = params.name ?? "";
  const { layout = {}, ...document } = body as Saved["document"] & { layout?: Saved["layout"] };
  const before = history.get(name) ?? [];
  const at = before[0]?.revision ?? 0;
  const expected = headers.get("if-match");
  if (expected && expected !== `"${at}"`) {
    return new Refusal(412, `The blueprint is at revision ${at}: somebody saved it meanwhile.`);
  }
  const problems = check(document);
  if (problems.length > 0)
    return new Refusal(422, "The blueprint has problems.", { errors: problems });
  const isSame = JSON.stringify(before[0]?.document) === JSON.stringify(document);
  const saved: Saved = {
    blueprint: name,
    revision: isSame ? at : at + 1,
    digest: `d${at + 1}`,
    created_at: new Date().toISOString(),
    document,
    layout,
  };
  history.set(name, [saved, ...(isSame ? before.slice(1) : before)]);
  return new Reply(200, { ...saved, created: !isSame }, { ETag: `"${saved.revision}"` });
}

function people(
  api: FakeApi,
  tenants: Tenant[],
  tell: (event: string, data: object) => void,
): void {
  const find = (slug: string | undefined) => tenants.find((tenant) => tenant.slug === slug);
  const missing = (slug: string | undefined) => new Refusal(404, `There is no tenant ${slug}.`);
  api
    .on("get", "/api/v1/status", () => ({
      ...STATUS,
      tenants: { total: tenants.length, phases: counted(tenants) },
    }))
    .on("get", "/api/v1/providers", () => ({
      items: [
        {
          name: "demo",
          kind: "demo" as const,
          base_url: "",
          prices: {},
          has_key: false,
          built_in: true,
        },
      ],
    }))
    .on("get", "/api/v1/tenants", ({ query }) => page(tenants, query))
    .on("get", "/api/v1/tenants/{slug}", ({ params }) => find(params.slug) ?? missing(params.slug))
    .on("post", "/api/v1/tenants/{slug}/restart", ({ params }) => {
      const tenant = find(params.slug);
      if (!tenant) return missing(params.slug);
      tenant.status.phase = "starting";
      tell("tenant", tenant);
      setTimeout(() => {
        tenant.status.phase = "ready";
        tell("tenant", tenant);
      }, 3 * PAUSE);
      return new Reply(202, tenant);
    });
}

function counted(tenants: Tenant[]): { [phase: string]: number } {
  const counts: { [phase: string]: number } = {};
  for (const { status } of tenants) counts[status.phase] = (counts[status.phase] ?? 0) + 1;
  return counts;
}

function page(tenants: Tenant[], query: URLSearchParams) {
  const search = query.get("search") ?? "";
  const phase = query.get("phase") as Phase | null;
  const limit = Number(query.get("limit") ?? 50);
  const found = tenants
    .filter(({ slug, name }) => slug.includes(search) || name.toLowerCase().includes(search))
    .filter(({ status }) => !phase || status.phase === phase)
    .sort((one, other) => (one.slug < other.slug ? -1 : 1));
  const before = query.get("before");
  const cursor = query.get("cursor") ?? "";
  const behind = found.findIndex(({ slug }) => (before ? slug >= before : slug > cursor));
  const end = behind < 0 ? found.length : behind;
  const from = before ? Math.max(0, end - limit) : end;
  const items = found.slice(from, before ? end : from + limit);
  return {
    items,
    next: from + items.length < found.length ? (items.at(-1)?.slug ?? null) : null,
    previous: from > 0 ? (items[0]?.slug ?? null) : null,
    total: found.length,
  };
}

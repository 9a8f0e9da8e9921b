// The stub's tenants: everything that their pages ask for, changed in memory.

import { type Asked, type FakeApi, Refusal, Reply } from "../src/api/fake";
import type { BulkAction, Tenant, Volume } from "../src/api/types";
import { tenantOf } from "./data";

type Tell = (event: string, data: object) => void;
type Secret = { name: string; kind: "env" | "file"; updated_at: string };
const PAUSE = 900;

const SCHEMA = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Values of a tenant of support-agent",
  type: "object",
  properties: {
    budget: {
      title: "Monthly budget (USD)",
      description: "Calls beyond it are refused until the month ends.",
      type: "number",
      minimum: 0,
      maximum: 1_000_000,
      "x-set-by": "operator",
      default: 20,
    },
    model: {
      title: "Model",
      description: "The model's id as its provider knows it.",
      type: "string",
      maxLength: 200,
      "x-set-by": "tenant",
      default: "demo-1",
    },
    prompt: {
      title: "Text",
      description: "${tenant.name}, ${tenant.slug} and ${tenant.url} are replaced.",
      type: "string",
      maxLength: 65_536,
      "x-form": "multiline",
      "x-set-by": "operator",
      default: "You help.",
    },
    reports: {
      title: "FEATURE_REPORTS",
      description: "",
      type: "string",
      "x-set-by": "operator",
      default: "off",
    },
  },
  required: [],
  additionalProperties: false,
};

export function tenantsPages(api: FakeApi, tenants: Tenant[], tell: Tell): void {
  const find = (slug: string | undefined) => tenants.find((tenant) => tenant.slug === slug);
  const missing = (slug: string | undefined) => new Refusal(404, `There is no tenant ${slug}.`);
  const move = (tenant: Tenant, phase: Tenant["status"]["phase"], after = 0) =>
    setTimeout(() => {
      tenant.status = { ...tenant.status, phase, since: new Date().toISOString(), reason: "" };
      tenant.status.applied_generation = tenant.generation;
      tell("tenant", { slug: tenant.slug, phase, reason: "", since: tenant.status.since });
    }, after);
  const applied = (tenant: Tenant) => {
    tenant.generation += 1;
    move(tenant, "starting");
    move(tenant, tenant.suspended ? "suspended" : "ready", 3 * PAUSE);
  };
  const volumes = keptDisks();
  const end = (tenant: Tenant, data: string | null) => {
    move(tenant, "deleting");
    setTimeout(() => {
      tenants.splice(tenants.indexOf(tenant), 1);
      if (data === "keep") volumes.push(keptDisk(tenant));
      tell("tenant", { slug: tenant.slug, phase: "deleting", reason: "", since: "" });
    }, 3 * PAUSE);
  };

  api
    .on("get", "/api/v1/blueprints/{name}/schema", () => SCHEMA as never)
    .on("post", "/api/v1/tenants", ({ body }) => {
      const wish = body as { slug: string; blueprint: string } & Partial<
        Pick<Tenant, "name" | "values"> & { restore_volume: string }
      >;
      if (find(wish.slug)) {
        const detail = `There is a tenant ${wish.slug} already.`;
        const error = { pointer: "/slug", code: "taken", detail, hint: "Choose another slug." };
        return new Refusal(409, detail, { errors: [{ ...error, block: null, link: null }] });
      }
      const tenant = { ...tenantOf(0), id: `n${wish.slug}`, slug: wish.slug };
      tenant.name = wish.name ?? wish.slug;
      tenant.blueprint = wish.blueprint;
      tenant.url = `https://${wish.slug}.t.localhost:8443/`;
      tenant.own_values = wish.values ?? {};
      tenant.created_at = new Date().toISOString();
      tenants.push(tenant);
      drop(volumes, wish.restore_volume);
      move(tenant, "provisioning");
      move(tenant, "ready", 4 * PAUSE);
      return new Reply(202, tenant);
    })
    .on("patch", "/api/v1/tenants/{slug}", ({ params, body, headers }) => {
      const tenant = find(params.slug);
      if (!tenant) return missing(params.slug);
      const expected = headers.get("if-match");
      if (expected && expected !== `"${tenant.generation}"`) {
        return new Refusal(412, "The tenant was changed meanwhile.");
      }
      change(tenant, body as Patch);
      applied(tenant);
      return new Reply(202, tenant);
    })
    .on("delete", "/api/v1/tenants/{slug}", ({ params, query }) => {
      const tenant = find(params.slug);
      if (!tenant) return missing(params.slug);
      end(tenant, query.get("data"));
      return new Reply(202, tenant);
    })
    .on("post", "/api/v1/tenants/bulk", ({ body }) => {
      const { action, slugs } = body as { action: BulkAction; slugs: string[] };
      return {
        items: slugs.map((slug) => {
          const tenant = find(slug);
          if (!tenant || tenant.status.phase === "failed") {
            const detail = tenant ? "It failed; look at its logs first." : "There is none.";
            const problem = { type: "about:blank", title: "Refused", status: 409, detail };
            return { slug, ok: false, problem: { ...problem, errors: null } };
          }
          if (action === "delete") end(tenant, "erase");
          else {
            tenant.suspended = action === "suspend";
            applied(tenant);
          }
          return { slug, ok: true, generation: tenant.generation };
        }),
      };
    });
  api
    .on("get", "/api/v1/volumes", () => ({ items: volumes }))
    .on("delete", "/api/v1/volumes/{volume}", ({ params }) => {
      drop(volumes, params.volume);
      return new Reply(202, null);
    });
  access(api, find, missing);
}

function keptDisk({ id, slug, limits }: Tenant): Volume {
  return {
    id: `v${id}`,
    tenant_id: id,
    slug,
    size_mb: limits.disk_mb,
    used_mb: 312.4,
    kept_since: new Date().toISOString(),
    reason: "Its tenant was deleted and the disk kept.",
    restorable: true,
  };
}

/** One of a tenant that is no more, and what a roll-out left beside the disk of one that is. */
function keptDisks(): Volume[] {
  const of = (slug: string) => ({ ...keptDisk({ ...tenantOf(0), slug }), id: `v-${slug}` });
  const reason =
    "What was written between deployment d-0001, which failed, and putting back the disk from before it.";
  return [of("soylent"), { ...of("acme"), used_mb: null, restorable: false, reason }];
}

function drop(volumes: Volume[], id: string | undefined): void {
  const at = volumes.findIndex((one) => one.id === id);
  if (at >= 0) volumes.splice(at, 1);
}

type Patch = {
  name?: string;
  suspended?: boolean;
  values?: { [name: string]: unknown };
  limits?: { [name: string]: number | null };
  variables?: { [name: string]: string | null };
};

function change(tenant: Tenant, patch: Patch): void {
  const { name, suspended, values = {}, limits = {}, variables = {} } = patch;
  if (name !== undefined) tenant.name = name;
  if (suspended !== undefined) tenant.suspended = suspended;
  for (const [key, value] of Object.entries(values)) {
    if (value === null) delete tenant.own_values[key];
    else tenant.own_values[key] = value;
  }
  for (const [key, value] of Object.entries(variables)) {
    if (value === null) delete tenant.variables[key];
    else tenant.variables[key] = value;
  }
  for (const [key, value] of Object.entries(limits)) {
    if (value === null) delete tenant.own_limits[key];
    else {
      tenant.own_limits[key] = value;
      tenant.limits = { ...tenant.limits, [key]: value };
      tenant.limits_total = { ...tenant.limits_total, [key]: value };
    }
  }
}

function access(
  api: FakeApi,
  find: (slug: string | undefined) => Tenant | undefined,
  missing: (slug: string | undefined) => Refusal,
): void {
  const secrets = new Map<string, Secret[]>();
  const of = (slug = "") => secrets.get(slug) ?? [];
  const token = () => `st_${crypto.randomUUID().replaceAll("-", "")}`;
  const shown = ({ params }: Asked) => {
    const tenant = find(params.slug);
    if (!tenant) return missing(params.slug);
    const open_url = `${tenant.url}.stateroom/enter?ticket=stub`;
    // A stub has no edge: its tenants answer beside it.
    const url = `http://localhost:${process.env.PORT ?? 5170}/stub-tenant/${tenant.slug}/`;
    return { url, api_token: token(), open_url };
  };
  api
    .on("get", "/api/v1/tenants/{slug}/access", shown)
    .on("post", "/api/v1/tenants/{slug}/access/rotate", shown)
    .on("get", "/api/v1/tenants/{slug}/secrets", ({ params }) => ({ items: of(params.slug) }))
    .on("put", "/api/v1/tenants/{slug}/secrets/{name}", ({ params, body }) => {
      const { slug = "", name = "" } = params;
      const kind = (body as { as?: "env" | "file" }).as ?? "env";
      const rest = of(slug).filter((one) => one.name !== name);
      secrets.set(slug, [...rest, { name, kind, updated_at: new Date().toISOString() }]);
      return new Reply(204, null);
    })
    .on("delete", "/api/v1/tenants/{slug}/secrets/{name}", ({ params }) => {
      const { slug = "", name } = params;
      secrets.set(
        slug,
        of(slug).filter((one) => one.name !== name),
      );
      return new Reply(204, null);
    });
}

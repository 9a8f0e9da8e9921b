// Calls that backend and console have agreed on and that the OpenAPI document does not have yet.
// Once it has one of them, generate schema.ts anew and take it out here: the generated shape
// replaces this one under the same name. An empty file means that all of it is there.
import type { components, paths } from "./schema";

type Schemas = components["schemas"];
export type Problem = Schemas["ProblemOut"];
export type ProblemDocument = Schemas["ProblemDocument"];

interface Call<Status extends number, Out, Body = never, Params = object> {
  parameters: Omit<{ query?: never; header?: never; path?: never; cookie?: never }, keyof Params> &
    Params;
  requestBody: [Body] extends [never] ? undefined : { content: { "application/json": Body } };
  responses: { [status in Status]: { headers: object; content: { "application/json": Out } } } & {
    default: {
      headers: object;
      content: { "application/problem+json": ProblemDocument };
    };
  };
}
// openapi-fetch asks for a body only where `requestBody` can be given at all.
type Get<Out, Params = object> = Omit<Call<200, Out, never, Params>, "requestBody">;
type Bare<Status extends number, Out, Params = object> = Omit<
  Call<Status, Out, never, Params>,
  "requestBody"
>;

export interface Steps {
  built: boolean;
  started: boolean;
  healthy: boolean;
  routed: boolean;
}

export type TenantStatus = Schemas["StatusOut"] & { steps: Steps };
export type Tenant = Omit<Schemas["TenantOut"], "status"> & { status: TenantStatus };
export type Phase = TenantStatus["phase"];

export interface TenantsPage {
  items: Tenant[];
  next: string | null;
  total: number;
}

export interface TenantsAsked {
  limit?: number;
  cursor?: string;
  before?: string;
  phase?: Phase;
  blueprint?: string;
  revision?: number;
  search?: string;
}

export type BulkAction = "restart" | "suspend" | "resume" | "delete";

export interface BulkOut {
  items: { slug: string; ok: boolean; problem?: ProblemDocument }[];
}

export interface DeployedTenant {
  slug: string;
  canary: boolean;
  state: "pending" | "running" | "done" | "failed" | "rolled_back" | "superseded" | "gone";
  steps: Steps;
  since: string;
  reason: string;
  note: string;
}

export interface Deployment {
  id: string;
  blueprint: string;
  revision: number;
  previous_revision: number | null;
  canary: string | null;
  stage: "canary" | "all";
  state: "running" | "done" | "failed" | "rolled_back";
  /** Somebody asked to stop it. */
  stopping?: boolean;
  reason: string;
  log: string[];
  created_at: string;
  finished_at: string | null;
  tenants: DeployedTenant[];
}

export type Effect = "none" | "created" | "in_place" | "restarted" | "recreated";

export type Plan = Schemas["PlanOut"] & {
  tenants: { slug: string; effect: Effect; detail: string; canary: boolean }[];
};

export interface Layout {
  blocks?: { [id: string]: { x: number; y: number } };
  viewport?: { x: number; y: number; zoom: number };
}

export interface Template {
  name: string;
  title: string;
  description: string;
  document: { [key: string]: unknown };
  layout: Layout;
}

export interface Webhook {
  url: string;
  events: ("tenant.ready" | "tenant.failed")[];
  has_secret: boolean;
  last: { at: string; status: number; detail: string } | null;
  waiting: number;
  dead: number;
}

export type Check = Schemas["CheckOut"] & { notices?: Problem[] };

export type Installation = Schemas["InstallationOut"] & {
  capabilities: { [name: string]: boolean };
  notices: Problem[];
  webhook: Webhook | null;
};

interface Named {
  path: { name: string };
}
interface Slugged {
  path: { slug: string };
}
interface Identified {
  path: { deployment: string };
}
type Document = { [key: string]: unknown };
type Existing<Path extends keyof paths, Method extends keyof paths[Path]> = paths[Path][Method];

export interface ComingPaths {
  "/api/v1/session-links": {
    post: Bare<201, { url: string; code: string; expires_at: string }>;
  };
  "/api/v1/session": {
    get: Get<{ expires_at: string }>;
    post: Call<200, { expires_at: string }, { code: string } | { key: string }>;
    delete: Bare<204, undefined>;
  };
  "/api/v1/templates": { get: Get<{ items: Template[] }> };
  "/api/v1/status": { get: Get<Installation> };
  // The document is any object: the schema's own word for it lets nothing be sent.
  "/api/v1/blueprints/{name}": {
    get: Existing<"/api/v1/blueprints/{name}", "get">;
    put: Call<200, Schemas["SavedRevision"], Document, Named>;
  };
  "/api/v1/blueprints/check": { post: Call<200, Check, Document> };
  "/api/v1/blueprints/{name}/plan": {
    post: Call<200, Plan, Document, Named & { query?: { canary?: string; tenants?: string } }>;
  };
  "/api/v1/blueprints/{name}/deploy": {
    post: Call<
      202,
      Deployment,
      { revision?: number; tenants?: string[]; canary?: string | number },
      Named
    >;
  };
  "/api/v1/deployments": {
    get: Get<{ items: Deployment[] }, { query?: { blueprint?: string; limit?: number } }>;
  };
  "/api/v1/deployments/{deployment}": { get: Get<Deployment, Identified> };
  "/api/v1/deployments/{deployment}/stop": { post: Bare<202, Deployment, Identified> };
  "/api/v1/tenants": {
    get: Get<TenantsPage, { query?: TenantsAsked }>;
    post: Existing<"/api/v1/tenants", "post">;
  };
  "/api/v1/tenants/{slug}": {
    get: Get<Tenant, Slugged & { query?: { wait?: Phase; timeout?: number } }>;
    patch: Existing<"/api/v1/tenants/{slug}", "patch">;
    delete: Existing<"/api/v1/tenants/{slug}", "delete">;
  };
  "/api/v1/tenants/bulk": {
    post: Call<200, BulkOut, { action: BulkAction; slugs: string[]; data?: "keep" | "erase" }>;
  };
  "/api/v1/webhook": {
    get: Get<Webhook | null>;
    put: Call<
      200,
      Webhook & { secret?: string },
      { url: string; events: Webhook["events"]; rotate?: boolean }
    >;
    delete: Bare<204, undefined>;
  };
  "/api/v1/webhook/test": { post: Bare<202, undefined> };
}

/** Every call of the API as the console knows it. */
export type Paths = Omit<paths, keyof ComingPaths> & ComingPaths;

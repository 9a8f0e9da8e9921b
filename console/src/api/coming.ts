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

export type Steps = Schemas["StepsOut"];
export type TenantStatus = Schemas["StatusOut"];
export type Tenant = Schemas["TenantOut"];
export type Phase = TenantStatus["phase"];
export type TenantsPage = Schemas["TenantsOut"];
export type TenantsAsked = NonNullable<paths["/api/v1/tenants"]["get"]["parameters"]["query"]>;
export type BulkOut = Schemas["BulkOut"];
export type BulkAction =
  paths["/api/v1/tenants/bulk"]["post"]["requestBody"]["content"]["application/json"]["action"];
export type DeployedTenant = Schemas["DeployedTenant"];
export type Deployment = Schemas["DeploymentOut"];
export type Template = Schemas["TemplateOut"];
export type Webhook = Schemas["WebhookOut"];
export type Check = Schemas["CheckOut"];
export type Installation = Schemas["InstallationOut"];

export type Effect = "none" | "created" | "in_place" | "restarted" | "recreated";

export type Plan = Schemas["PlanOut"] & {
  tenants: { slug: string; effect: Effect; detail: string; canary: boolean }[];
};

export interface Layout {
  blocks?: { [id: string]: { x: number; y: number } };
  viewport?: { x: number; y: number; zoom: number };
}

interface Named {
  path: { name: string };
}
type Document = { [key: string]: unknown };
type Existing<Path extends keyof paths, Method extends keyof paths[Path]> = paths[Path][Method];

// A document's shape is the blueprint's own matter: to the API's description it is any object.
export interface ComingPaths {
  "/api/v1/blueprints/{name}": {
    get: Existing<"/api/v1/blueprints/{name}", "get">;
    put: Call<200, Schemas["SavedRevision"], Document, Named>;
  };
  "/api/v1/blueprints/check": { post: Call<200, Check, Document> };
  "/api/v1/blueprints/{name}/plan": {
    post: Call<200, Plan, Document, Named & { query?: { canary?: string; tenants?: string } }>;
  };
}

/** Every call of the API as the console knows it. */
export type Paths = Omit<paths, keyof ComingPaths> & ComingPaths;

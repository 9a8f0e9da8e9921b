// What the console calls the shapes of the API's answers.
import type { components, paths } from "./schema";

type Schemas = components["schemas"];
export type Problem = Schemas["ProblemOut"];
export type ProblemDocument = Schemas["ProblemDocument"];
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
export type Volume = Schemas["VolumeOut"];
export type Webhook = Schemas["WebhookOut"];
export type Installation = Schemas["InstallationOut"];
export type Plan = Schemas["PreviewOut"];
export type Effect = Plan["tenants"][number]["effect"];

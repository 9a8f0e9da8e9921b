// What the stub begins with: an installation that somebody has used for a week.
import type { Deployment, Installation, Steps, Template, Tenant } from "../src/api/types";

export const DOCUMENT = {
  name: "support-agent",
  blocks: [
    { id: "door", kind: "url", options: { requests_per_minute: 600, access: "private" } },
    {
      id: "agent",
      kind: "openclaw",
      options: { version: "2026.9.6", cpu: 1, memory_mb: 2048, sleep_after: "15m" },
    },
    {
      id: "brain",
      kind: "model",
      options: {
        provider: "demo",
        model: { per_tenant: "model", default: "demo-1", set_by: "tenant" },
        monthly_budget_usd: { per_tenant: "budget", default: 20 },
      },
    },
    {
      id: "voice",
      kind: "prompt",
      options: {
        text: { per_tenant: "prompt", default: "You help the customers of ${tenant.name}." },
      },
    },
    { id: "data", kind: "volume", options: { path: "/data", size_mb: 2048 } },
    { id: "crm", kind: "secret", options: { name: "CRM_API_KEY", as: "env", required: false } },
    {
      id: "flags",
      kind: "variables",
      options: { values: { FEATURE_REPORTS: { per_tenant: "reports", default: "off" } } },
    },
  ],
  links: [
    ["door", "agent"],
    ["agent", "brain"],
    ["agent", "voice"],
    ["agent", "data"],
    ["agent", "crm"],
    ["agent", "flags"],
  ],
};

const MINIMAL = {
  name: "minimal",
  blocks: DOCUMENT.blocks
    .filter(({ kind }) => ["url", "openclaw", "model", "volume"].includes(kind))
    .map(({ id, kind }) => ({
      id,
      kind,
      options:
        kind === "openclaw" ? { version: "2026.9.6" } : kind === "model" ? { model: "demo-1" } : {},
    })),
  links: DOCUMENT.links.filter(([from, to]) => from === "door" || to === "brain" || to === "data"),
};

const PRIVATE_TOOLS = {
  name: "private-tools",
  blocks: [
    ...DOCUMENT.blocks.filter(({ id }) => id !== "crm" && id !== "flags"),
    {
      id: "address",
      kind: "variables",
      options: { values: { DATABASE_URL: "postgresql://postgres@127.0.0.1:5432/postgres" } },
    },
    {
      id: "db",
      kind: "service",
      options: { image: "stateroom/postgresql:15", port: 5432, health: "port", user: 1 },
    },
    { id: "rows", kind: "volume", options: { path: "/var/lib/postgresql", size_mb: 256 } },
  ],
  links: [...DOCUMENT.links.slice(0, 4), ["agent", "address"], ["agent", "db"], ["db", "rows"]],
};

export const TEMPLATES: Template[] = [
  {
    name: "minimal",
    title: "Minimal",
    description: "An address, an agent, a model and a disk: the least that answers.",
    document: MINIMAL,
    layout: {},
  },
  {
    name: "support-agent",
    title: "Support agent",
    description: "An agent for your customers' customers: prompt, budget and flags per tenant.",
    document: DOCUMENT,
    layout: {},
  },
  {
    name: "private-tools",
    title: "Agent with private tools",
    description: "A support agent with a PostgreSQL of its own beside it, in the same cabin.",
    document: PRIVATE_TOOLS,
    layout: {},
  },
];

export const DONE: Steps = { built: true, started: true, healthy: true, routed: true };
const WORDS = ["acme", "globex", "initech", "umbrella", "hooli", "stark", "wayne", "tyrell"];
const PHASES = [
  "ready",
  "ready",
  "ready",
  "ready",
  "asleep",
  "ready",
  "starting",
  "failed",
] as const;

export function tenantOf(index: number): Tenant {
  const word = WORDS[index % WORDS.length] ?? "acme";
  const slug = index < WORDS.length ? word : `${word}-${Math.floor(index / WORDS.length)}`;
  const phase = PHASES[index % PHASES.length] ?? "ready";
  const healthy = phase === "ready" || phase === "asleep";
  return {
    id: `t${String(index).padStart(7, "0")}`,
    slug,
    name: slug.charAt(0).toUpperCase() + slug.slice(1),
    blueprint: "support-agent",
    revision: 3,
    target_revision: 3,
    values: { model: "demo-1", budget: 20, prompt: "You help.", reports: "off" },
    own_values: index % 3 === 0 ? { budget: 50 } : {},
    limits: { cpu: 1, memory_mb: 2048, pids: 512, disk_mb: 2048, requests_per_minute: 600 },
    limits_total: { cpu: 1, memory_mb: 2048, pids: 512, disk_mb: 2048, requests_per_minute: 600 },
    own_limits: {},
    services: [],
    variables: {},
    suspended: false,
    safe_mode: false,
    url: `https://${slug}.t.localhost:8443/`,
    generation: 1,
    status: {
      phase,
      since: new Date(Date.now() - 3_600_000).toISOString(),
      reason: phase === "failed" ? "OpenClaw ended with code 1 three times. Look at its logs." : "",
      waiting: phase === "starting" ? ["memory: 1 GiB is promised to others"] : [],
      blocked: false,
      applied_generation: 1,
      isolation: { passed: 0, total: 0, at: null },
      steps: healthy ? DONE : { ...DONE, healthy: false, routed: false },
    },
    created_at: new Date(Date.now() - 7 * 86_400_000).toISOString(),
  };
}

export const STATUS: Omit<Installation, "tenants"> = {
  version: "0.4.0",
  console_url: "https://console.localhost:8443",
  api_url: "http://127.0.0.1:8070/api/v1",
  home: "/var/lib/stateroom",
  tenant_url: "https://SLUG.t.localhost:8443/",
  steward: {
    installation: "1a2b",
    passed_at: new Date().toISOString(),
    phases: {},
    firewall: true,
    edge: true,
    broker: true,
    capabilities: { copies: true },
  },
  capabilities: { verify: false, sleep: false, wake: false },
  notices: [],
  webhook: null,
};

export const DEPLOYED: Deployment = {
  id: "d-0001",
  blueprint: "support-agent",
  revision: 3,
  previous_revision: 2,
  canary: null,
  stage: "all",
  state: "done",
  stopping: false,
  reason: "",
  log: [],
  counts: {},
  created_at: new Date(Date.now() - 86_400_000).toISOString(),
  finished_at: new Date(Date.now() - 86_390_000).toISOString(),
  tenants: [],
};

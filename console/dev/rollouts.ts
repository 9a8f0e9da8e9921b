// The stub's roll-outs: tenant after tenant, step after step. A document that says "break me"
// fails at its second tenant and is put back, so that this can be looked at too.

import { type FakeApi, Refusal, Reply } from "../src/api/fake";
import type { Deployment, Effect, Tenant } from "../src/api/types";
import { DEPLOYED } from "./data";

type Tell = (event: string, data: object) => void;
interface Revisions {
  revision: number;
  document: { [key: string]: unknown };
}

const TURN = 450;
const STEPS = ["built", "started", "healthy", "routed"] as const;
const NOTHING = { built: false, started: false, healthy: false, routed: false };
const EFFECTS: [Effect, string][] = [
  ["restarted", "Its environment changes: about 7 s."],
  ["in_place", "The prompt changes."],
  ["in_place", "The prompt changes."],
  ["recreated", "OpenClaw 2026.9.6 takes over its disk; the disk is copied first."],
  ["none", ""],
];

export function rollOuts(
  api: FakeApi,
  history: Map<string, Revisions[]>,
  tenants: Tenant[],
  tell: Tell,
): void {
  const deployments: Deployment[] = [structuredClone(DEPLOYED)];
  const of = (name: string) => tenants.filter(({ blueprint }) => blueprint === name).slice(0, 12);
  const going = (name: string) =>
    deployments.find(({ blueprint, finished_at }) => blueprint === name && finished_at === null);
  const missing = new Refusal(404, "There is no such deployment.");
  api
    .on("get", "/api/v1/deployments", ({ query }) => {
      const blueprint = query.get("blueprint");
      const items = deployments.filter((one) => !blueprint || one.blueprint === blueprint);
      return { items: items.slice(0, Number(query.get("limit") ?? 20)).map(counted) };
    })
    .on("get", "/api/v1/deployments/{deployment}", ({ params }) => {
      const found = deployments.find(({ id }) => id === params.deployment);
      return found ? counted(found) : missing;
    })
    .on("post", "/api/v1/deployments/{deployment}/stop", ({ params }) => {
      const found = deployments.find(({ id }) => id === params.deployment);
      if (!found) return missing;
      found.stopping = true;
      return new Reply(202, counted(found));
    })
    .on("post", "/api/v1/blueprints/{name}/plan", ({ params, query }) => ({
      text: `deploy ${params.name}`,
      actions: [],
      waiting: [],
      tenants: of(params.name ?? "").map(({ slug }, index) => {
        const [effect, detail] = EFFECTS[index % EFFECTS.length] ?? ["none", ""];
        return { slug, effect, detail, canary: query.has("canary") && index < 2 };
      }),
    }))
    .on("post", "/api/v1/blueprints/{name}/deploy", ({ params, body }) => {
      const { name = "" } = params;
      const wish = (body ?? {}) as { revision?: number; canary?: string };
      if (going(name)) return new Refusal(409, `A roll-out of ${name} goes on.`);
      const newest = history.get(name)?.[0];
      const revision = wish.revision ?? newest?.revision ?? 1;
      const started = begun(name, revision, wish.canary ?? null, of(name), deployments.length + 1);
      deployments.unshift(started);
      const breaks = JSON.stringify(newest?.document).includes("break me");
      advance(started, breaks, tell);
      return new Reply(202, counted(started));
    });
}

function counted(deployment: Deployment): Deployment {
  const counts: { [state: string]: number } = {};
  for (const { state } of deployment.tenants) counts[state] = (counts[state] ?? 0) + 1;
  return { ...deployment, counts };
}

function begun(
  blueprint: string,
  revision: number,
  canary: string | null,
  tenants: Tenant[],
  number: number,
): Deployment {
  const now = new Date().toISOString();
  return {
    ...structuredClone(DEPLOYED),
    id: `d-${String(number).padStart(4, "0")}`,
    blueprint,
    revision,
    previous_revision: Math.max(1, revision - 1),
    canary,
    stage: canary === null ? "all" : "canary",
    state: "running",
    created_at: now,
    finished_at: null,
    tenants: tenants.map(({ slug }, index) => ({
      slug,
      canary: canary !== null && index < 2,
      state: "pending" as const,
      steps: { ...NOTHING },
      since: now,
      reason: "Its turn comes.",
      note: "",
    })),
  };
}

function advance(deployment: Deployment, breaks: boolean, tell: Tell): void {
  const { tenants } = deployment;
  const again = () => setTimeout(() => advance(deployment, breaks, tell), TURN);
  const next = tenants.find(({ state }) => state === "pending" || state === "running");
  const isBroken = breaks && next === tenants[1] && next?.steps.started;
  if (deployment.stopping || isBroken) putBack(deployment, isBroken ? next : undefined);
  else if (next) {
    if (next.state === "pending") next.since = new Date().toISOString();
    next.state = "running";
    next.reason = next.steps.started ? "Waits until OpenClaw answers /healthz." : "";
    const step = STEPS.find((one) => !next.steps[one]);
    if (step) next.steps[step] = true;
    if (step === "routed") Object.assign(next, { state: "done", reason: "" });
    if (!tenants.some((one) => one.canary && one.state !== "done")) deployment.stage = "all";
    again();
  } else {
    deployment.state = "done";
    deployment.finished_at = new Date().toISOString();
  }
  tell("deployment", { id: deployment.id, state: deployment.state });
}

function putBack(deployment: Deployment, broken: Deployment["tenants"][number] | undefined): void {
  for (const tenant of deployment.tenants) {
    const wasMoved = tenant.state === "done" || tenant.state === "running";
    if (wasMoved) Object.assign(tenant, { state: "rolled_back", reason: "", steps: DONE_STEPS });
    if (tenant.state === "rolled_back" && tenant !== broken && broken)
      tenant.note = "What was written to /data in between is kept in /data/.before-1.";
  }
  if (broken) {
    Object.assign(broken, { state: "failed", reason: "OpenClaw ended with code 1 three times." });
    broken.steps = { built: true, started: true, healthy: false, routed: false };
    deployment.log = [
      `${broken.slug}  2026-11-24T09:12:01Z  Error: config: unknown key "brain.colour"`,
      `${broken.slug}  2026-11-24T09:12:01Z      at load (/opt/openclaw/dist/config.js:112:9)`,
      `${broken.slug}  2026-11-24T09:12:01Z  exited with code 1`,
    ];
  }
  deployment.reason = broken
    ? `${broken.slug} did not get ready: OpenClaw ended with code 1 three times.`
    : "Somebody stopped it.";
  deployment.state = "rolled_back";
  deployment.finished_at = new Date().toISOString();
}

const DONE_STEPS = { built: true, started: true, healthy: true, routed: true };

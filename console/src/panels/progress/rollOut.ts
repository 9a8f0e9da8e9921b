// PURE. How far a roll-out is, in words: what the head of the panel says, what is read out, and
// which tenants somebody has to see first.
import type { DeployedTenant, Deployment, Steps } from "../../api/types";

type Move = DeployedTenant["state"];
export type RollOutTone = "info" | "good" | "bad" | "brass";

/** Over for good: done, put back, or given up on. */
export function isOver({ state, finished_at }: Deployment): boolean {
  return finished_at !== null || state === "done" || state === "rolled_back";
}

/** Moved, or left alone on purpose: nothing is waited for any more. */
export function settled(tenants: readonly DeployedTenant[]): number {
  return tenants.filter(({ state }) => state !== "pending" && state !== "running").length;
}

const done = (tenants: readonly DeployedTenant[]) =>
  tenants.filter(({ state }) => state === "done").length;

export function toneOf(deployment: Deployment): RollOutTone {
  if (deployment.state === "done") return "good";
  if (deployment.state === "rolled_back") return deployment.stopping ? "brass" : "bad";
  return deployment.state === "failed" ? "bad" : "info";
}

/** Where it stands, in a few words. */
export function headlineOf(deployment: Deployment): string {
  const { state, stage, canary, revision, previous_revision: before, tenants } = deployment;
  const back = before === revision ? "what was before" : `revision ${before}`;
  if (state === "done") return `Revision ${revision} is deployed`;
  if (state === "rolled_back") return `Put back to ${back}`;
  if (state === "failed") {
    return isOver(deployment) ? "Not everybody could be put back" : `Putting back ${back}`;
  }
  if (deployment.stopping) return `Stopping, and putting back ${back}`;
  if (canary !== null && stage === "canary") return "The canary goes first";
  return tenants.length === 1 ? "Deploying to 1 tenant" : `Deploying to ${tenants.length} tenants`;
}

/** One sentence for those who hear the page: it changes only when something is there. */
export function announcementOf(deployment: Deployment): string {
  const { tenants, state, reason } = deployment;
  if (state !== "running") return `${headlineOf(deployment)}. ${sentence(reason)}`.trim();
  return `${headlineOf(deployment)}: ${done(tenants)} of ${tenants.length} ready.`;
}

/** A reason as a sentence that others may follow: some of them end without a full stop. */
export function sentence(reason: string): string {
  return reason === "" || /[.!?…]$/.test(reason) ? reason : `${reason}.`;
}

const NEEDS_EYES: { [state in Move]: number } = {
  failed: 0,
  running: 1,
  rolled_back: 2,
  pending: 3,
  superseded: 4,
  gone: 5,
  done: 6,
};

/** The rows that are shown: all of them in their own order, so that none jumps while one reads;
 *  where they are too many, those who need somebody's eyes. */
export function rowsOf(tenants: readonly DeployedTenant[], most: number): DeployedTenant[] {
  return tenants.length <= most ? [...tenants] : byNeed(tenants).slice(0, most);
}

function byNeed(tenants: readonly DeployedTenant[]): DeployedTenant[] {
  return [...tenants].sort(
    (one, other) =>
      NEEDS_EYES[one.state] - NEEDS_EYES[other.state] || Number(other.canary) - Number(one.canary),
  );
}

export const STEPS: readonly (keyof Steps)[] = ["built", "started", "healthy", "routed"];
export type StepState = "done" | "now" | "stopped" | "later";

/** Each of the four steps. The first that is not there is the one under way, or the one that
 *  it ended at. */
export function stepStates({ state, steps }: DeployedTenant): StepState[] {
  const at = STEPS.findIndex((step) => !steps[step]);
  const first = state === "running" ? "now" : state === "failed" ? "stopped" : "later";
  return STEPS.map((step, index) => (steps[step] ? "done" : index === at ? first : "later"));
}

export const MOVES: { [state in Move]: string } = {
  pending: "waits",
  running: "moving",
  done: "ready",
  failed: "failed",
  rolled_back: "put back",
  superseded: "changed by somebody else",
  gone: "deleted meanwhile",
};

/** `9 s`, `1 min 05 s`, `2 h 03 min`. A clock that is a little off never counts below zero. */
export function lasted(from: string, to: number): string {
  const seconds = Math.max(0, Math.floor((to - Date.parse(from)) / 1_000));
  if (!Number.isFinite(seconds)) return "";
  if (seconds < 60) return `${seconds} s`;
  const [minutes, rest] = [Math.floor(seconds / 60), seconds % 60];
  if (minutes < 60) return `${minutes} min ${two(rest)} s`;
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}

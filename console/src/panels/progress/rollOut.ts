// PURE. How far a roll-out is, in words: what the head of the panel says, what is read out, and
// which tenants somebody has to see first.
import type { DeployedTenant, Deployment, Steps } from "../../api/types";

type Move = DeployedTenant["state"];
export type RollOutTone = "info" | "good" | "bad" | "brass";

/** Over for good: done, put back, or given up on. */
export function isOver({ state, finished_at }: Deployment): boolean {
  return finished_at !== null || state === "done" || state === "rolled_back";
}

const countOf = ({ counts }: Deployment, state: Move) => counts[state] ?? 0;

/** How many tenants it is for. */
export function total({ counts }: Deployment): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** Moved, or left alone on purpose: nothing is waited for any more. */
export function settled(deployment: Deployment): number {
  return total(deployment) - countOf(deployment, "pending") - countOf(deployment, "running");
}

export function toneOf(deployment: Deployment): RollOutTone {
  if (deployment.state === "done") return "good";
  if (deployment.state === "rolled_back") return deployment.stopping ? "brass" : "bad";
  return deployment.state === "failed" ? "bad" : "info";
}

/** Where it stands, in a few words. */
export function headlineOf(deployment: Deployment): string {
  const { state, stage, canary, revision, previous_revision: before } = deployment;
  const back = before === revision ? "what was before" : `revision ${before}`;
  if (state === "done") return `Revision ${revision} is deployed`;
  if (state === "rolled_back") return `Put back to ${back}`;
  if (state === "failed") {
    return isOver(deployment) ? "Not everybody could be put back" : `Putting back ${back}`;
  }
  if (deployment.stopping) return `Stopping, and putting back ${back}`;
  if (canary !== null && stage === "canary") return "The canary goes first";
  const count = total(deployment);
  return count === 1 ? "Deploying to 1 tenant" : `Deploying to ${count} tenants`;
}

/** One sentence for those who hear the page: it changes only when something is there. */
export function announcementOf(deployment: Deployment): string {
  const { state, reason } = deployment;
  if (state !== "running") return `${headlineOf(deployment)}. ${sentence(reason)}`.trim();
  return `${headlineOf(deployment)}: ${countOf(deployment, "done")} of ${total(deployment)} ready.`;
}

/** A reason as a sentence that others may follow: some of them end without a full stop. */
export function sentence(reason: string): string {
  return reason === "" || /[.!?…]$/.test(reason) ? reason : `${reason}.`;
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

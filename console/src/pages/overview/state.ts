// PURE. What an operator should look at, and the one next step, from what the installation says.
import type { Deployment, Installation, Phase, Problem } from "../../api/types";
import { headlineOf, isOver, settled, total } from "../../panels/progress/rollOut";
import { paths } from "../../router";

export interface Attention {
  key: string;
  tone: "bad" | "brass";
  text: string;
  hint: string;
  /** Where one can do something about it. */
  to: string | null;
  act: string;
}

interface Blueprint {
  name: string;
  revision: number;
  deployed_revision: number | null;
}

export interface Known {
  status: Pick<Installation, "steward" | "tenants"> & { notices?: readonly Problem[] };
  blueprints: readonly Blueprint[];
  deployments: readonly Deployment[];
  /** Tenants that do not go on by themselves, and why. */
  unwell: readonly { slug: string; status: { phase: Phase; reason: string } }[];
  /** Blueprints with edits in this browser only. */
  drafts: readonly string[];
  /** The blueprint of a first deploy that somebody began in this tab. */
  guided: string | null;
}

/** What is wrong, the worst first. */
export function attentionIn({ status, blueprints, deployments, unwell }: Known): Attention[] {
  return [
    ...stewardAway(status.steward),
    ...unwell.map(
      ({ slug, status: { phase, reason } }): Attention => ({
        key: `tenant ${slug}`,
        tone: phase === "failed" ? "bad" : "brass",
        text: phase === "failed" ? `${slug} failed.` : `${slug} is ${phase}.`,
        hint: reason,
        to: paths.tenant(slug),
        act: `Look at ${slug}`,
      }),
    ),
    ...lastOfEach(deployments)
      .filter((one) => isOver(one) && one.state !== "done" && isNewest(one, blueprints))
      .map(
        (one): Attention => ({
          key: `roll-out ${one.id}`,
          tone: one.state === "failed" ? "bad" : "brass",
          text: `${one.blueprint}: revision ${one.revision} did not stay. ${headlineOf(one)}.`,
          hint: one.reason,
          to: paths.blueprint(one.blueprint),
          act: `Open ${one.blueprint}`,
        }),
      ),
    ...(status.notices ?? []).map(
      ({ code, detail, hint }, index): Attention => ({
        key: `notice ${index} ${code}`,
        tone: "brass",
        text: detail,
        hint,
        to: null,
        act: "",
      }),
    ),
  ];
}

function stewardAway(steward: unknown): Attention[] {
  if (steward !== null) return [];
  const hint =
    "Tenants go on answering, but nothing changes before it is back. Run stateroom doctor.";
  return [{ key: "steward", tone: "bad", text: "The steward is away.", hint, to: null, act: "" }];
}

function lastOfEach(deployments: readonly Deployment[]): Deployment[] {
  const seen = new Set<string>();
  return deployments.filter(({ blueprint }) => {
    const isFirst = !seen.has(blueprint);
    seen.add(blueprint);
    return isFirst;
  });
}

/** A newer revision has come since: what did not stay is history. */
function isNewest({ blueprint, revision }: Deployment, blueprints: readonly Blueprint[]): boolean {
  return blueprints.some((one) => one.name === blueprint && one.revision <= revision);
}

export interface NextStep {
  text: string;
  act: string;
  to: string;
}

/** The one thing that goes on from here. */
export function nextStepIn(known: Known): NextStep {
  const { status, blueprints, deployments, drafts, guided } = known;
  if (guided !== null) {
    const text = `Your first deploy, of ${guided}, waits where you left it.`;
    return { text, act: "Go on with it", to: paths.first };
  }
  const running = deployments.find((one) => !isOver(one));
  if (running) {
    const { blueprint } = running;
    const text = `${blueprint} is rolled out: ${settled(running)} of ${total(running)} tenants are through.`;
    return { text, act: "Watch it", to: paths.blueprint(blueprint) };
  }
  const [draft] = drafts;
  if (draft !== undefined) {
    const text = `${draft} has edits in this browser that are not deployed.`;
    return { text, act: "Go on drawing", to: paths.blueprint(draft) };
  }
  const waiting = blueprints.find((one) => one.deployed_revision !== one.revision);
  if (waiting) {
    const { name, revision } = waiting;
    const text = `Revision ${revision} of ${name} is saved and not deployed to everybody.`;
    return { text, act: "See the plan", to: paths.blueprint(name) };
  }
  if (status.tenants.total === 0) {
    const text = "No tenant yet: make the first one.";
    return { text, act: "Make a tenant", to: paths.tenants };
  }
  const text = "All is deployed. Let your own sign-up make tenants by itself.";
  return { text, act: "Connect your sign-up", to: paths.signUp };
}

const ORDER: Phase[] = [
  "failed",
  "degraded",
  "ready",
  "asleep",
  "waking",
  "starting",
  "provisioning",
  "suspended",
  "deleting",
];

/** Phases that somebody is in, those that need eyes first. */
export function phasesIn(counts: { [phase: string]: number }): [Phase, number][] {
  return ORDER.flatMap((phase): [Phase, number][] => {
    const count = counts[phase] ?? 0;
    return count > 0 ? [[phase, count]] : [];
  });
}

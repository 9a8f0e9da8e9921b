// What deploying says: the effects of a plan, who goes first, and how far a roll-out is.
import { describe, expect, it } from "vitest";
import type { DeployedTenant, Deployment, Effect, Steps } from "../src/api/types";
import { canaryProblem, shareOf } from "../src/panels/deploy/canary";
import { detailsOf, groupsOf, reasonsOf, summaryOf } from "../src/panels/deploy/effects";
import {
  announcementOf,
  headlineOf,
  isOver,
  lasted,
  settled,
  stepStates,
  toneOf,
  total,
} from "../src/panels/progress/rollOut";

const planned = (...effects: Effect[]) =>
  effects.map((effect, index) => ({ slug: `t${index}`, effect, detail: "", canary: false }));

describe("the effects of a plan", () => {
  it("are one sentence with the hardest first", () => {
    expect(summaryOf(planned("none", "in_place", "in_place", "recreated"))).toBe(
      "1 tenant is recreated, 2 are changed in place and 1 stays as it is.",
    );
    expect(summaryOf(planned("restarted", "restarted"))).toBe("2 tenants are restarted.");
    expect(summaryOf([])).toBe("No tenant uses this blueprint yet.");
  });

  it("are grouped, and each tenant is in exactly one group", () => {
    const all = planned("created", "none", "restarted", "created");
    const groups = groupsOf(all);
    expect(groups.map(({ effect }) => effect)).toEqual(["restarted", "created", "none"]);
    expect(groups.flatMap(({ tenants }) => tenants)).toHaveLength(all.length);
  });

  it("say a detail once for all tenants that share it", () => {
    const tenants = planned("restarted", "restarted", "restarted").map((tenant, index) => ({
      ...tenant,
      detail: index < 2 ? "Its environment changes." : "Its image changes.",
    }));
    expect(detailsOf({ effect: "restarted", tenants })).toEqual([
      { detail: "Its environment changes.", slugs: ["t0", "t1"] },
      { detail: "Its image changes.", slugs: ["t2"] },
    ]);
  });
});

describe("what a plan waits for", () => {
  it("is said once, whoever waits", () => {
    const full = { tenant: "acme", cabin: "c1", code: "disk", reason: "No room.", until: null };
    const other = { ...full, tenant: null, cabin: "c3", code: "turn", reason: "Others boot." };
    const waiting = [full, { ...full, tenant: "globex", cabin: "c2" }, other];
    expect(reasonsOf(waiting)).toEqual(["No room.", "Others boot."]);
  });
});

describe("the canary", () => {
  it("is sent as the API takes it", () => {
    expect(shareOf({ kind: "none", count: "3" })).toBeUndefined();
    expect(shareOf({ kind: "tenth", count: "3" })).toBe("10%");
    expect(shareOf({ kind: "count", count: " 3 " })).toBe("3");
  });

  it.each(["", "0", "-1", "1.5", "ten", "1e3", "10%"])("is not sent as %j", (count) => {
    expect(canaryProblem({ kind: "count", count })).toBeTruthy();
    expect(shareOf({ kind: "count", count })).toBeUndefined();
  });
});

const NOTHING: Steps = { built: false, started: false, healthy: false, routed: false };

function moved(slug: string, part: Partial<DeployedTenant> = {}): DeployedTenant {
  const start = { slug, canary: false, state: "pending" as const, steps: NOTHING };
  return { ...start, since: "2026-01-01T00:00:00Z", reason: "", note: "", ...part };
}

function rollOut(part: Partial<Deployment> = {}): Deployment {
  return {
    id: "d1",
    blueprint: "b",
    revision: 3,
    previous_revision: 2,
    canary: null,
    stage: "all",
    state: "running",
    stopping: false,
    reason: "",
    log: [],
    counts: { done: 1, running: 1, pending: 1, gone: 0 },
    created_at: "2026-01-01T00:00:00Z",
    finished_at: null,
    tenants: [moved("a", { state: "done" }), moved("b", { state: "running" }), moved("c")],
    ...part,
  };
}

describe("a roll-out", () => {
  it("goes on while it puts back, and is over once it is back", () => {
    expect(isOver(rollOut())).toBe(false);
    expect(isOver(rollOut({ state: "failed" }))).toBe(false);
    expect(isOver(rollOut({ state: "failed", finished_at: "2026-01-01T00:01:00Z" }))).toBe(true);
    expect(isOver(rollOut({ state: "rolled_back" }))).toBe(true);
  });

  it("says where it stands", () => {
    expect(headlineOf(rollOut())).toBe("Deploying to 3 tenants");
    expect(headlineOf(rollOut({ canary: "1", stage: "canary" }))).toBe("The canary goes first");
    expect(headlineOf(rollOut({ stopping: true }))).toBe("Stopping, and putting back revision 2");
    expect(headlineOf(rollOut({ state: "failed" }))).toBe("Putting back revision 2");
    expect(headlineOf(rollOut({ state: "rolled_back", previous_revision: 3 }))).toBe(
      "Put back to what was before",
    );
    expect(headlineOf(rollOut({ state: "failed", finished_at: "2026-01-01T00:01:00Z" }))).toBe(
      "Not everybody could be put back",
    );
  });

  it("that somebody stopped is no failure", () => {
    expect(toneOf(rollOut({ state: "rolled_back", stopping: true }))).toBe("brass");
    expect(toneOf(rollOut({ state: "rolled_back" }))).toBe("bad");
  });

  it("is read out with what is there, and with its reason at the end", () => {
    expect(announcementOf(rollOut())).toBe("Deploying to 3 tenants: 1 of 3 ready.");
    for (const reason of ["b did not start.", "b did not start"]) {
      expect(announcementOf(rollOut({ state: "rolled_back", reason }))).toBe(
        "Put back to revision 2. b did not start.",
      );
    }
  });

  it("counts who is through, whatever came of it", () => {
    const counts = { superseded: 1, gone: 4_000, done: 5_998, pending: 1 };
    expect(settled(rollOut({ counts }))).toBe(9_999);
    expect(total(rollOut({ counts }))).toBe(10_000);
  });
});

describe("a tenant's steps", () => {
  const steps = { ...NOTHING, built: true, started: true };
  it("are under way at the first that is not there", () => {
    expect(stepStates(moved("a", { state: "running", steps }))).toEqual([
      "done",
      "done",
      "now",
      "later",
    ]);
  });
  it("end where it failed, and wait where its turn has not come", () => {
    expect(stepStates(moved("a", { state: "failed", steps }))[2]).toBe("stopped");
    expect(stepStates(moved("a"))).toEqual(["later", "later", "later", "later"]);
  });
});

describe("how long it lasted", () => {
  const from = "2026-01-01T00:00:00Z";
  const after = (seconds: number) => lasted(from, Date.parse(from) + seconds * 1_000);
  it.each([
    [-5, "0 s"],
    [9.9, "9 s"],
    [65, "1 min 05 s"],
    [7_380, "2 h 03 min"],
  ])("%d seconds are %s", (seconds, text) => {
    expect(after(seconds)).toBe(text);
  });
  it("is nothing for a time that is none", () => {
    expect(lasted("", 0)).toBe("");
  });
});

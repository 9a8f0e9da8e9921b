// The first deploy's answers, and what the overview makes of an installation.
import { describe, expect, it } from "vitest";
import { STATUS } from "../dev/data";
import type { Deployment, Tenant } from "../src/api/types";
import type { Blueprint } from "../src/blueprint/document";
import { check } from "../src/blueprint/rules";
import { arrivalOf, rowOf } from "../src/pages/first-deploy/arrival";
import { freeName, purposeOf, questionsIn, withModel } from "../src/pages/first-deploy/wizard";
import { attentionIn, type Known, nextStepIn, phasesIn } from "../src/pages/overview/state";

const DOCUMENT: Blueprint = {
  name: "support-agent",
  blocks: [
    { id: "door", kind: "url", options: {} },
    { id: "agent", kind: "openclaw", options: { version: "2026.9.6" } },
    {
      id: "brain",
      kind: "model",
      options: { provider: "demo", model: { per_tenant: "model", default: "demo-1" } },
    },
    { id: "voice", kind: "prompt", options: { text: { per_tenant: "prompt", required: true } } },
    { id: "data", kind: "volume", options: {} },
  ],
  links: [
    ["door", "agent"],
    ["agent", "brain"],
    ["agent", "voice"],
    ["agent", "data"],
  ],
};

describe("the first deploy", () => {
  it("puts the model into the document and leaves to each tenant what was theirs", () => {
    const next = withModel(DOCUMENT, "anthropic", "some-model");
    expect(next.blocks[2]?.options).toEqual({
      provider: "anthropic",
      model: { per_tenant: "model", default: "some-model" },
    });
    expect(check(next)).toEqual([]);
    expect(next.blocks[0]).toBe(DOCUMENT.blocks[0]);
  });

  it("replaces a plain model", () => {
    const plain = { ...DOCUMENT, blocks: [{ id: "m", kind: "model", options: { model: "a" } }] };
    expect(withModel(plain, "openai", "b").blocks[0]?.options).toEqual({
      provider: "openai",
      model: "b",
    });
  });

  it("asks for the document's values, those without a default first", () => {
    expect(questionsIn(DOCUMENT).map(({ name, required }) => [name, required])).toEqual([
      ["prompt", true],
      ["model", false],
    ]);
  });

  it("finds a name that nothing has", () => {
    expect(freeName("minimal", new Set())).toBe("minimal");
    expect(freeName("minimal", new Set(["minimal", "minimal-2"]))).toBe("minimal-3");
  });

  it("says what a block is for in one sentence", () => {
    for (const kind of ["url", "openclaw", "model", "volume", "secret"])
      expect(purposeOf(kind)).toMatch(/^\S[^\n]*\.$/);
    expect(purposeOf("no-such-kind")).toBe("");
  });
});

function known(part: Partial<Known> = {}): Known {
  return {
    status: { steward: STATUS.steward, tenants: { total: 2, phases: { ready: 2 } }, notices: [] },
    blueprints: [{ name: "b", revision: 3, deployed_revision: 3 }],
    deployments: [],
    unwell: [],
    drafts: [],
    guided: null,
    ...part,
  };
}

function rollOut(part: Partial<Deployment>): Deployment {
  const base = { id: "d", blueprint: "b", revision: 3, previous_revision: 2, canary: null };
  const rest = {
    stage: "all" as const,
    state: "done" as const,
    stopping: false,
    reason: "",
    log: [],
    counts: {},
  };
  const times = { created_at: "2026-01-01T00:00:00Z", finished_at: "2026-01-01T00:01:00Z" };
  return { ...base, ...rest, ...times, tenants: [], ...part };
}

describe("the first tenant", () => {
  const deployed = (state: Deployment["state"], over = true) =>
    ({ state, finished_at: over ? "2026-01-01T00:00:10Z" : null }) as Deployment;
  const seen = (phase: string, blocked = false) =>
    ({ slug: "acme", status: { phase, blocked, reason: "why", steps: {} } }) as unknown as Tenant;

  it("answers only once it is ready, however soon the roll-out had nothing more to do", () => {
    expect(arrivalOf(undefined, undefined)).toBe("coming");
    expect(arrivalOf(deployed("running", false), seen("ready"))).toBe("coming");
    expect(arrivalOf(deployed("done"), undefined)).toBe("coming");
    expect(arrivalOf(deployed("done"), seen("starting"))).toBe("coming");
    expect(arrivalOf(deployed("done"), seen("ready"))).toBe("answers");
  });
  it("failed where the roll-out did, and where it waits for somebody", () => {
    expect(arrivalOf(deployed("rolled_back"), seen("ready"))).toBe("failed");
    expect(arrivalOf(deployed("done"), seen("failed"))).toBe("failed");
    expect(arrivalOf(deployed("done"), seen("starting", true))).toBe("failed");
    expect(rowOf(seen("failed"), "", "failed")).toMatchObject({ state: "failed", reason: "why" });
  });
});

describe("what needs somebody", () => {
  it("is nothing where all is well", () => {
    expect(attentionIn(known({ deployments: [rollOut({})] }))).toEqual([]);
  });

  it("begins with the steward, then tenants, each with a way on", () => {
    const found = attentionIn(
      known({
        status: { steward: null, tenants: { total: 1, phases: {} } },
        unwell: [{ slug: "acme", status: { phase: "failed", reason: "Look at its logs." } }],
      }),
    );
    expect(found.map(({ key }) => key)).toEqual(["steward", "tenant acme"]);
    expect(found[1]).toMatchObject({ text: "acme failed.", to: "/tenants/acme" });
  });

  it("is a roll-out that did not stay, until a later one of the same blueprint", () => {
    const back = rollOut({ id: "d1", state: "rolled_back", reason: "acme did not start." });
    expect(attentionIn(known({ deployments: [back] }))[0]?.hint).toBe("acme did not start.");
    expect(attentionIn(known({ deployments: [rollOut({ id: "d2" }), back] }))).toEqual([]);
  });
});

describe("the next step", () => {
  const running = rollOut({ state: "running", finished_at: null });
  it.each([
    ["leads back to the guide", { guided: "b", drafts: ["b"] }, "Go on with it"],
    ["watches what runs", { deployments: [running], drafts: ["b"] }, "Watch it"],
    ["goes on with a draft", { drafts: ["b"] }, "Go on drawing"],
    [
      "deploys what is saved",
      { blueprints: [{ name: "b", revision: 4, deployed_revision: 3 }] },
      "See the plan",
    ],
    [
      "makes the first tenant",
      { status: { steward: STATUS.steward, tenants: { total: 0, phases: {} } } },
      "Make a tenant",
    ],
    ["connects the sign-up", {}, "Connect your sign-up"],
  ])("%s", (_, part, act) => {
    expect(nextStepIn(known(part)).act).toBe(act);
  });
});

describe("phases", () => {
  it("stand with those first that need eyes, without the empty ones", () => {
    expect(phasesIn({ ready: 3, failed: 1, asleep: 0, bogus: 9 })).toEqual([
      ["failed", 1],
      ["ready", 3],
    ]);
  });
});

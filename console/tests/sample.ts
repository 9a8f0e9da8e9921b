// A small blueprint that has no problems, for the tests that need something drawn.
import type { Blueprint } from "../src/blueprint/document";

export const SAMPLE: Blueprint = {
  name: "sample",
  blocks: [
    { id: "door", kind: "url", options: {} },
    { id: "agent", kind: "openclaw", options: { version: "2026.9.6" } },
    { id: "brain", kind: "model", options: { model: "demo-1" } },
    { id: "data", kind: "volume", options: {} },
  ],
  links: [
    ["door", "agent"],
    ["agent", "brain"],
    ["agent", "data"],
  ],
};

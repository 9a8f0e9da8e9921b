// The stub's usage, events and logs.
import type { ServerResponse } from "node:http";
import type { FakeApi } from "../src/api/fake";

export function watching(api: FakeApi): void {
  const day = (index: number) =>
    new Date(Date.now() - index * 86_400_000).toISOString().slice(0, 10);
  api
    .on("get", "/api/v1/tenants/{slug}/usage", () => ({
      now: {
        cpu_cores: 0.1 + Math.random() * 0.3,
        memory_mb: 640 + Math.random() * 40,
        disk_mb: 118.4,
        pids: 80 + Math.round(Math.random() * 15),
        requests_per_minute: Math.round(Math.random() * 60),
      },
      days: Array.from({ length: 9 }, (_, index) => ({
        date: day(index),
        requests: Math.round(120 * Math.abs(Math.sin(index + 1))),
        input_tokens: 4_000 * (index + 1),
        output_tokens: 900 * (index + 1),
        cost_usd: 0.031 * (index + 1),
      })),
    }))
    .on("get", "/api/v1/tenants/{slug}/events", () => ({
      items: [
        { phase: "provisioning", reason: "The steward has not looked at it yet." },
        { phase: "starting", reason: "" },
        { phase: "ready", reason: "" },
        { change: ["values"], generation: 2 },
        { action: "access", by: "admin" },
      ].map((data, index) => ({
        id: index + 1,
        at: new Date(Date.now() - (9 - index) * 600_000).toISOString(),
        kind: "action" in data ? ("audit" as const) : ("tenant" as const),
        tenant_id: "t0000000",
        data,
      })),
    }));
}

const WORDS = [
  "[gateway] listening on 127.0.0.1:18789",
  "[heartbeat] started",
  "[model] POST /v1/chat/completions 200 in 412 ms",
  "[session] agent:main:main compacted",
  "[health-monitor] all channels are well",
];

/** Lines for as long as somebody reads them. */
export function writeLog(response: ServerResponse): void {
  response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
  const write = (index: number) => {
    const at = new Date().toISOString().replace("Z", `${String(index % 1_000).padStart(6, "0")}Z`);
    const text = WORDS[index % WORDS.length] ?? "";
    const data = JSON.stringify({ at, line: `${at} ${text}`, text });
    response.write(`id: ${at}\nevent: log\ndata: ${data}\n\n`);
  };
  for (let index = 0; index < 80; index += 1) write(index);
  let index = 80;
  const timer = setInterval(() => write(index++), 700);
  response.on("close", () => clearInterval(timer));
}

// Boots OpenClaw once while the image is built, so that the compiled form of what it loads is
// part of the image (NODE_COMPILE_CACHE, read-only at run time). It boots as a cabin does:
// behind a trusted proxy, with a provider of its own, and answers a chat, because the first
// chat loads as much code as the boot. Runs without a network; the model is a few lines here.
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

const deadline = Date.now() + 150_000;
const gateway = "http://127.0.0.1:18789";
const config = "/tmp/warm/openclaw.json";
const identity = {
  "x-forwarded-user": "owner@warm",
  "x-forwarded-proto": "https",
  "x-forwarded-host": "warm.invalid",
  "x-forwarded-for": "192.0.2.1",
  "x-openclaw-scopes": "operator.read,operator.write",
};

const model = createServer((request, response) => {
  request.resume().on("end", () => {
    const chunk = (delta, finish_reason = null) =>
      response.write(`data: ${JSON.stringify({
        id: "warm", object: "chat.completion.chunk", created: 1, model: "warm-1",
        choices: [{ index: 0, delta, finish_reason }],
      })}\n\n`);
    response.setHeader("content-type", "text/event-stream");
    chunk({ role: "assistant", content: "Warm." });
    chunk({}, "stop");
    response.end("data: [DONE]\n\n");
  });
});

function settings(port) {
  return {
    gateway: {
      mode: "local", bind: "lan", port: 18789, trustedProxies: ["127.0.0.1"],
      controlUi: { allowedOrigins: ["https://warm.invalid"] },
      http: { endpoints: { chatCompletions: { enabled: true } } },
      auth: {
        mode: "trusted-proxy",
        trustedProxy: {
          userHeader: "x-forwarded-user",
          requiredHeaders: ["x-forwarded-proto", "x-forwarded-host"],
          allowUsers: ["owner@warm"],
          allowLoopback: true,
          deviceAutoApprove: { enabled: true },
        },
      },
    },
    secrets: { providers: { cabin: { source: "file", path: "/tmp/warm/keys.json", mode: "json" } } },
    models: {
      mode: "replace",
      providers: {
        main: {
          baseUrl: `http://127.0.0.1:${port}/v1`, api: "openai-completions",
          apiKey: { source: "file", provider: "cabin", id: "/key" },
          models: [{
            id: "warm-1", name: "warm-1", reasoning: false, input: ["text"],
            cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
            contextWindow: 128000, maxTokens: 4096,
          }],
        },
      },
    },
    agents: { defaults: { model: { primary: "main/warm-1" }, workspace: "/data/workspace", skipBootstrap: true } },
    tools: { profile: "minimal" },
    browser: { enabled: false },
    update: { checkOnStart: false },
    telemetry: { enabled: false },
    discovery: { mdns: { mode: "off" } },
  };
}

async function answers(path, init) {
  try {
    const response = await fetch(gateway + path, { signal: AbortSignal.timeout(60_000), ...init });
    return { ok: response.ok, status: response.status, text: await response.text() };
  } catch (error) {
    return { ok: false, status: 0, text: String(error.cause ?? error) };
  }
}

async function until(what, attempt) {
  let last;
  while (Date.now() < deadline) {
    last = await attempt();
    if (last.ok) return;
    await sleep(250);
  }
  throw new Error(`${what}: ${last?.status} ${last?.text?.slice(0, 300)}`);
}

const chat = (stream) =>
  answers("/v1/chat/completions", {
    method: "POST",
    headers: { ...identity, "content-type": "application/json" },
    body: JSON.stringify({ model: "openclaw", stream, messages: [{ role: "user", content: "Warm?" }] }),
  });

mkdirSync("/tmp/warm", { recursive: true, mode: 0o700 });
await new Promise((listening) => model.listen(0, "127.0.0.1", listening));
writeFileSync("/tmp/warm/keys.json", '{"key": "warm"}', { mode: 0o600 });
writeFileSync(config, JSON.stringify(settings(model.address().port)), { mode: 0o600 });

const child = spawn(process.execPath, process.argv.slice(2), {
  stdio: "inherit",
  env: { ...process.env, OPENCLAW_CONFIG_PATH: config },
});
const ended = new Promise((resolve) => child.once("exit", (code, signal) => resolve({ code, signal })));
const early = ended.then(({ code, signal }) => { throw new Error(`the gateway ended: ${code ?? signal}`); });
try {
  await Promise.race([early, (async () => {
    await until("no answer from the gateway", () => answers("/healthz"));
    await until("no answer to a chat", () => chat(false));
    await until("no answer to a streamed chat", () => chat(true));
    await answers("/", { headers: identity });
    await sleep(3000); // the work that it puts off until after its start
  })()]);
  early.catch(() => {});
  child.kill("SIGTERM"); // the cache is written at exit
  await Promise.race([ended, sleep(30_000)]);
} catch (error) {
  console.error(`warm: ${error.message}`);
  process.exitCode = 1;
} finally {
  child.kill("SIGKILL");
}
process.exit(); // timers and connections are left behind on purpose

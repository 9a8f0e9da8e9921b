// A stub of the API for `npm run dev`: it answers like the real one from memory, so that a page
// can be built and looked at without an installation. Never part of the build.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Plugin } from "vite";
import { answerChat, CHAT } from "./chat.ts";

type Installation = typeof import("./installation");

export function stub(): Plugin {
  return {
    name: "stateroom-stub",
    apply: "serve",
    async configureServer(server) {
      // Loaded like the console's own modules: it shares the rules and the fake with them.
      const { createFake } = (await server.ssrLoadModule("/dev/installation.ts")) as Installation;
      const installation = createFake();
      server.middlewares.use((request, response, next) => {
        const path = request.url ?? "";
        if (path.startsWith(CHAT)) return void answerChat(request, response).catch(next);
        if (!path.startsWith("/api/")) return next();
        if (path.startsWith("/api/v1/events")) return installation.stream(response);
        if (/^\/api\/v1\/tenants\/[^/]+\/logs/.test(path)) return installation.writeLog(response);
        pass(request, response, installation.api.fetch).catch(next);
      });
    },
  };
}

async function pass(request: IncomingMessage, response: ServerResponse, answer: typeof fetch) {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const method = request.method ?? "GET";
  const body = parts.length > 0 ? Buffer.concat(parts).toString() : null;
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    if (typeof value === "string") headers.set(name, value);
  }
  const answered = await answer(`http://stub${request.url}`, {
    method,
    headers,
    ...(body && method !== "GET" ? { body } : {}),
  });
  response.writeHead(answered.status, Object.fromEntries(answered.headers));
  response.end(Buffer.from(await answered.arrayBuffer()));
}

// The stub's providers and its webhook.

import type { FakeApi } from "../src/api/fake";
import type { Webhook } from "../src/api/types";

export function providersAndWebhook(api: FakeApi): void {
  let hook: Webhook | null = null;
  api
    .on("get", "/api/v1/webhook", () => hook as Webhook)
    .on("put", "/api/v1/webhook", ({ body }) => {
      const { url, events, rotate } = body as Webhook & { rotate?: boolean };
      const isNew = hook === null || rotate === true;
      hook = { url, events, has_secret: true, last: hook?.last ?? null, waiting: 0, dead: 0 };
      return isNew ? { ...hook, secret: "whsec_c3R1YiBzdHViIHN0dWIgc3R1YiBzdHViIHN0dWI=" } : hook;
    })
    .on("delete", "/api/v1/webhook", () => {
      hook = null;
      return undefined;
    })
    .on("post", "/api/v1/webhook/test", () => {
      if (hook) hook.last = { at: new Date().toISOString(), status: 204, detail: "" };
      return undefined;
    });
  const providers = new Map<string, Provider>();
  api
    .on("get", "/api/v1/providers", () => ({ items: [DEMO, ...providers.values()] }))
    .on("put", "/api/v1/providers/{name}", ({ params, body }) => {
      const { name = "" } = params;
      const { key, ...rest } = body as Provider & { key?: string };
      const has_key = Boolean(key) || Boolean(providers.get(name)?.has_key);
      const saved = { ...rest, name, has_key, built_in: false };
      providers.set(name, saved);
      return saved;
    })
    .on("delete", "/api/v1/providers/{name}", ({ params }) => {
      providers.delete(params.name ?? "");
      return undefined;
    });
}

interface Provider {
  name: string;
  kind: "openai" | "anthropic" | "demo";
  base_url: string;
  prices: { [model: string]: unknown };
  has_key: boolean;
  built_in: boolean;
}

const DEMO: Provider = {
  name: "demo",
  kind: "demo",
  base_url: "",
  prices: {},
  has_key: false,
  built_in: true,
};

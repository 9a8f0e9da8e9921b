// The launch: the blueprint is saved, the tenant is made, and the roll-out to it begins. Each part
// may be asked for again after an answer was lost: what is there already is not made twice.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api, isAway } from "../../api/client";
import type { Deployment } from "../../api/types";
import type { Drawing } from "../../canvas/drawing";
import { begin } from "../../panels/deploy/useDeploy";
import { revisionOf } from "./drawing";

export interface NewTenant {
  slug: string;
  name: string;
  values: { [name: string]: unknown };
  secrets: { [name: string]: string };
}

/** Something is wrong with the tenant itself: its step says it. */
export class TenantRefused extends Error {
  constructor(readonly error: unknown) {
    super(error instanceof Error ? error.message : String(error));
  }
}

interface Launch {
  drawing: Drawing;
  /** Null where it was made before. */
  tenant: NewTenant | null;
}

const TRIES = 30;

export function useLaunch(onMade: (slug: string) => void) {
  const queries = useQueryClient();
  const [keys] = useState(() => new Map<string, string>());
  const keyOf = (body: unknown) => {
    const text = JSON.stringify(body);
    const key = keys.get(text) ?? crypto.randomUUID();
    keys.set(text, key);
    return key;
  };
  return useMutation({
    mutationFn: async ({ drawing, tenant }: Launch) => {
      const { name } = drawing.document;
      const revision = await revisionOf(name, drawing);
      if (tenant) {
        await create({ ...tenant, blueprint: name }, keyOf);
        onMade(tenant.slug);
      }
      return rollOut(name, revision);
    },
    // A cabin that is being made changes the machine's network, and a browser on that machine then
    // ends whatever it was asking for.
    retry: (times, error) => times < TRIES && isAway(error),
    retryDelay: 1000,
    onSettled: () => queries.invalidateQueries(),
  });
}

async function create(
  body: NewTenant & { blueprint: string },
  keyOf: (body: unknown) => string,
): Promise<void> {
  try {
    const headers = { "Idempotency-Key": keyOf(body) };
    await answer(api.POST("/api/v1/tenants", { body, headers }));
  } catch (error) {
    throw isAway(error) ? error : new TenantRefused(error);
  }
}

/** The roll-out to the tenant; one that goes on already is the one that was begun. */
async function rollOut(name: string, revision: number): Promise<Deployment> {
  const query = { blueprint: name, limit: 1 };
  const { items } = await answer(api.GET("/api/v1/deployments", { params: { query } }));
  const going = items.find((one) => one.state === "running" && one.revision === revision);
  return going ?? begin(name, revision, undefined);
}

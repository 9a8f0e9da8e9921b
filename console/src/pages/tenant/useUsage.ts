// What a tenant uses: asked for every few seconds while it is looked at.
import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../../api/client";
import type { components } from "../../api/schema";

export type UsageNow = components["schemas"]["UsageNow"];
export type UsageDay = components["schemas"]["UsageDay"];

const EVERY = 5_000;

export function useUsage(slug: string) {
  return useQuery({
    queryKey: ["usage", slug],
    queryFn: () => answer(api.GET("/api/v1/tenants/{slug}/usage", { params: { path: { slug } } })),
    refetchInterval: EVERY,
    retry: false,
  });
}

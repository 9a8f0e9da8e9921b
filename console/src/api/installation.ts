// What the installation says of itself: for pages that show it, and for texts that name its
// addresses and paths, which are settings.
import { useQuery } from "@tanstack/react-query";
import { answer, api } from "./client";

export function useInstallation() {
  return useQuery({
    queryKey: ["status"],
    queryFn: () => answer(api.GET("/api/v1/status")),
  });
}

/** What a slug becomes, in words: without the address while that is not known yet. */
export function addressWords(tenantUrl: string | undefined, slug: string): string {
  return tenantUrl === undefined
    ? "It becomes the address."
    : `It becomes the address: ${tenantUrl.replace("SLUG", slug || "SLUG")}`;
}

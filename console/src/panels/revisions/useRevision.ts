// One revision as the server has it. It never changes, so it is asked for once.
import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../../api/client";
import type { Blueprint } from "../../blueprint/document";
import { drawnFrom } from "../../pages/Editor";

export function useRevision(name: string, number: number) {
  return useQuery({
    queryKey: ["blueprints", name, "revision", number],
    queryFn: async (): Promise<Blueprint> => {
      const params = { path: { name, number } };
      const found = await answer(
        api.GET("/api/v1/blueprints/{name}/revisions/{number}", { params }),
      );
      return drawnFrom(found.document, found.layout, name).document;
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
}

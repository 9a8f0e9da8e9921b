// The kept disks. Tenants that are deleted leave some, so events of tenants make them old, too.
import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../../api/client";

export function useVolumes() {
  return useQuery({
    // Below the tenants' noun: a disk is kept when its tenant's deletion is through.
    queryKey: ["tenants", "volumes"],
    queryFn: async () => (await answer(api.GET("/api/v1/volumes"))).items,
  });
}

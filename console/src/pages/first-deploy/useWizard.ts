// The first deploy as far as it has come in this tab. Other pages show the way back to it.
import { useKept } from "../values/kept";
import { BEGINNING, type Wizard } from "./wizard";

export function useWizard() {
  return useKept<Wizard>("first-deploy", BEGINNING, ({ blueprint }) => blueprint === "");
}

/** Whether it is about this blueprint. */
export function useIsGuided(name: string): boolean {
  const [{ blueprint }] = useWizard();
  return blueprint === name;
}

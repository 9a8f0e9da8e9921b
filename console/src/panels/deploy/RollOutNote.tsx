// In the editor's bar: a roll-out of this blueprint that goes on, and the way to it.
import { Badge } from "../../ui";
import { settled, total } from "../progress/rollOut";
import { useRunning } from "../progress/useDeployment";

export function RollOutNote({ name, onOpen }: { name: string; onOpen(): void }) {
  const { running } = useRunning(name);
  if (!running) return null;
  return (
    <button type="button" className="topbar__note topbar__note--running" onClick={onOpen}>
      <Badge tone="info" live>
        Rolling out {settled(running)}/{total(running)}
      </Badge>
    </button>
  );
}

// What can be done with the chosen tenants, at the lower edge while some are chosen.
import type { BulkAction } from "../../api/types";
import { Button, CloseIcon, IconButton } from "../../ui";
import { MOST_AT_ONCE } from "./selection";

interface Props {
  count: number;
  onAct(action: BulkAction): void;
  onClear(): void;
}

export function BulkBar({ count, onAct, onClear }: Props) {
  const isTooMany = count > MOST_AT_ONCE;
  return (
    <section className="bulk-bar" aria-label="Chosen tenants">
      <strong role="status">
        {count} chosen{isTooMany && `: at most ${MOST_AT_ONCE} at once`}
      </strong>
      <div className="bulk-bar__acts">
        <Button size="s" disabled={isTooMany} onClick={() => onAct("restart")}>
          Restart
        </Button>
        <Button size="s" disabled={isTooMany} onClick={() => onAct("suspend")}>
          Suspend
        </Button>
        <Button size="s" disabled={isTooMany} onClick={() => onAct("resume")}>
          Resume
        </Button>
        <Button size="s" kind="danger" disabled={isTooMany} onClick={() => onAct("delete")}>
          Delete
        </Button>
        <IconButton size="s" label="Choose none" onClick={onClear}>
          <CloseIcon />
        </IconButton>
      </div>
    </section>
  );
}

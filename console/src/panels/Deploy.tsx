// Stands here until the deploy panel is written; what it is given stays.
import type { Draft } from "../canvas/draft";
import { Dialog, Empty } from "../ui";

interface Props {
  draft: Draft;
  /** The server has a new revision of what is drawn: the editor takes it as its base. */
  onSaved(revision: number): void;
  onClose(): void;
}

export function Deploy({ draft, onClose }: Props) {
  return (
    <Dialog title={`Deploy ${draft.name}`} onClose={onClose} side>
      <Empty title="Deploy">This panel is being built.</Empty>
    </Dialog>
  );
}

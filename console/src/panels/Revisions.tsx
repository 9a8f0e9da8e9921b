// Stands here until the panel of revisions is written; what it is given stays.
import { Dialog, Empty } from "../ui";

interface Props {
  name: string;
  onClose(): void;
}

export function Revisions({ name, onClose }: Props) {
  return (
    <Dialog title={`Revisions of ${name}`} onClose={onClose} side>
      <Empty title="Revisions">This panel is being built.</Empty>
    </Dialog>
  );
}

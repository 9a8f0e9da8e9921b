// Somebody's roll-out of the blueprint runs: said above a plan that has to wait for it.
import { Button, Notice } from "../../ui";

/** One roll-out of a blueprint goes on at a time. */
export function Busy({ name, onShow }: { name: string; onShow(): void }) {
  return (
    <Notice
      action={
        <Button size="s" onClick={onShow}>
          Show it
        </Button>
      }
    >
      A roll-out of {name} goes on. Yours can begin once it is through.
    </Notice>
  );
}

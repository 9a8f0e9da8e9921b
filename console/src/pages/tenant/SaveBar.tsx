// Beneath a form: how many edits wait, saving and discarding them, and what was refused.
import { ApiError } from "../../api/client";
import { Button, Failure, Notice } from "../../ui";
import type { Saving } from "./useSaving";

interface Props {
  count: number;
  isWrong: boolean;
  saving: Saving;
  note: string;
  onDiscard(): void;
  /** Save over what somebody else changed, now that it has been seen. */
  onGoOn(): void;
}

export function SaveBar({ count, isWrong, saving, note, onDiscard, onGoOn }: Props) {
  const { error, hasMoved, isBusy } = saving;
  // Refused fields say it themselves, and a session that is over asks to sign in.
  const isSaidElsewhere =
    error instanceof ApiError &&
    (error.status === 401 || (error.status === 422 && error.errors.length > 0));
  return (
    <div className="save">
      {hasMoved && (
        <Notice
          tone="brass"
          action={
            <Button
              size="s"
              onClick={() => {
                saving.forget();
                onGoOn();
              }}
            >
              I have looked
            </Button>
          }
        >
          Somebody changed this tenant meanwhile. The fields that you did not edit show what holds
          now; your edits are still here. Look at them, then save again.
        </Notice>
      )}
      {error && !hasMoved && !isSaidElsewhere && <Failure error={error} />}
      <div className="save__bar">
        <p className="soft" role="status">
          {count === 0 ? note : `${count} ${count === 1 ? "edit is" : "edits are"} not saved yet.`}
        </p>
        <div className="save__acts">
          <Button
            disabled={count === 0 || isBusy}
            onClick={() => {
              saving.forget();
              onDiscard();
            }}
          >
            Discard
          </Button>
          <Button
            type="submit"
            kind="primary"
            busy={isBusy}
            disabled={count === 0 || isWrong || hasMoved}
          >
            Save
          </Button>
        </div>
      </div>
    </div>
  );
}

// Asking before something that cannot be undone: what is lost is named, and where it matters a
// word has to be typed.
import { type ReactNode, useState } from "react";
import { Button } from "./Button";
import { Dialog } from "./Dialog";
import { TextField } from "./Field";

interface Props {
  title: string;
  children: ReactNode;
  /** What the button says: the act itself, such as "Erase acme". */
  act: string;
  /** Has to be typed first. */
  word?: string;
  busy?: boolean;
  onConfirm(): void;
  onClose(): void;
}

export function Confirm({ title, children, act, word, busy, onConfirm, onClose }: Props) {
  const [typed, setTyped] = useState("");
  const ready = word === undefined || typed === word;
  return (
    <Dialog
      title={title}
      size="s"
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="danger" disabled={!ready} busy={busy} onClick={onConfirm}>
            {act}
          </Button>
        </>
      }
    >
      {children}
      {word !== undefined && (
        <TextField
          label={`Type ${word} to go on`}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      )}
    </Dialog>
  );
}

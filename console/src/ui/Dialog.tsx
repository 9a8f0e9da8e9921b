// A dialog, by the browser's own <dialog>: it keeps the focus, closes with Escape, and gives the
// focus back to where it was (so it is closed before it is taken out of the page).
import { type ReactNode, useId, useLayoutEffect, useRef } from "react";
import { IconButton } from "./Button";
import "./Dialog.css";
import { classes } from "./classes";
import { CloseIcon } from "./icons";

const FIRST =
  ".dialog__body :is(input, select, textarea, button, a[href], [tabindex]):not(:disabled, [type=file])";

interface Props {
  title: string;
  children: ReactNode;
  /** Buttons; the one that goes on stands last. */
  actions?: ReactNode;
  onClose(): void;
  size?: "s" | "m" | "l";
  /** At the right edge over the full height, for what is looked at beside the page. */
  side?: boolean;
}

export function Dialog({ title, children, actions, onClose, size = "m", side = false }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const isHidden = useRef(false);
  const heading = useId();
  useLayoutEffect(() => {
    const element = dialog.current;
    isHidden.current = false;
    if (element && !element.open) element.showModal();
    // What the dialog is about, rather than the button that closes it.
    element?.querySelector<HTMLElement>(FIRST)?.focus();
    return () => {
      isHidden.current = true;
      element?.close();
    };
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape is the key that does it.
    <dialog
      ref={dialog}
      className={classes("dialog", `dialog--${size}`, side && "dialog--side")}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClose={() => {
        // A second Escape closes it past the first one's refusal. Whoever shows it decides: it
        // opens again unless it is taken out of the page. A page that is hidden while a part of it
        // loads closes its dialogs too, and shows them again: nobody closed those.
        if (isHidden.current || dialog.current?.open) return;
        onClose();
        setTimeout(() => {
          if (dialog.current && !dialog.current.open) dialog.current.showModal();
        });
      }}
      onClick={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      <div className="dialog__box">
        <header className="dialog__head">
          <h2 id={heading}>{title}</h2>
          <IconButton label="Close" size="s" onClick={onClose}>
            <CloseIcon />
          </IconButton>
        </header>
        <div className="dialog__body">{children}</div>
        {actions && <footer className="dialog__foot">{actions}</footer>}
      </div>
    </dialog>
  );
}

// What acts. `kind` says how much it matters: one primary action on a page at most.
import type { ButtonHTMLAttributes, ReactNode } from "react";
import "./Button.css";
import { classes } from "./classes";

export type ButtonKind = "primary" | "plain" | "quiet" | "danger";

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  kind?: ButtonKind;
  size?: "s" | "m";
  icon?: ReactNode;
  /** Something runs: the button stays where it is, says so, and cannot be pressed again. */
  busy?: boolean;
}

export function Button({
  kind = "plain",
  size = "m",
  icon,
  busy = false,
  className,
  children,
  disabled,
  ...rest
}: Props) {
  return (
    <button
      type="button"
      {...rest}
      className={classes("button", `button--${kind}`, size === "s" && "button--s", className)}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
    >
      {busy ? <span className="button__spinner" aria-hidden="true" /> : icon}
      {children}
    </button>
  );
}

interface IconProps extends Omit<Props, "icon" | "children"> {
  label: string;
  children: ReactNode;
}

/** A button that is only a picture; its label is its name and its tooltip. */
export function IconButton({ label, children, className, kind = "quiet", ...rest }: IconProps) {
  return (
    <Button
      {...rest}
      kind={kind}
      className={classes("button--icon", className)}
      aria-label={label}
      title={label}
    >
      {children}
    </Button>
  );
}

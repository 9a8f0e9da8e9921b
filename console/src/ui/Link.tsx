// A link inside the console: no page load, and still a link (middle click, copy, open in a tab).
import type { AnchorHTMLAttributes, MouseEvent } from "react";
import { navigate } from "../router";
import { classes } from "./classes";
import "./Button.css";

interface Props extends AnchorHTMLAttributes<HTMLAnchorElement> {
  to: string;
  /** Look like a button of this kind. */
  button?: "primary" | "plain" | "quiet";
}

export function Link({ to, button, className, onClick, ...rest }: Props) {
  const go = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    const special = event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
    if (event.defaultPrevented || special || event.button !== 0) return;
    event.preventDefault();
    navigate(to);
  };
  const look = button && `button button--${button}`;
  return <a {...rest} href={to} onClick={go} className={classes(look, className) || undefined} />;
}

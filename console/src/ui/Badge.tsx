// A word with a colour, for a state. The word always says it: nobody has to see the colour.
import type { ReactNode } from "react";
import type { Phase } from "../api/types";
import "./Badge.css";
import { classes } from "./classes";

export type Tone = "good" | "bad" | "info" | "brass" | "soft";

interface Props {
  tone?: Tone;
  /** Something is under way: the dot breathes. */
  live?: boolean;
  children: ReactNode;
  title?: string;
}

export function Badge({ tone = "soft", live = false, children, title }: Props) {
  return (
    <span className={classes("badge", `badge--${tone}`)} title={title}>
      <span className={classes("badge__dot", live && "badge__dot--live")} aria-hidden="true" />
      {children}
    </span>
  );
}

const PHASES: { [phase in Phase]: { tone: Tone; live?: boolean } } = {
  provisioning: { tone: "info", live: true },
  starting: { tone: "info", live: true },
  ready: { tone: "good" },
  degraded: { tone: "brass" },
  asleep: { tone: "soft" },
  waking: { tone: "info", live: true },
  suspended: { tone: "brass" },
  failed: { tone: "bad" },
  deleting: { tone: "soft", live: true },
};

export function PhaseBadge({ phase }: { phase: Phase }) {
  return <Badge {...PHASES[phase]}>{phase}</Badge>;
}

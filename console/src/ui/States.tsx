// Empty, loading and wrong, drawn on purpose: each keeps its place, and the last two say what to
// do next.
import type { ReactNode } from "react";
import { problemFrom } from "../api/client";
import type { ProblemDocument } from "../api/types";
import { Button } from "./Button";
import { Said } from "./Said";
import "./States.css";
import { WarningIcon } from "./icons";

interface EmptyProps {
  title: string;
  /** Where there is nothing else: the page's own title. */
  isPage?: boolean;
  children?: ReactNode;
  icon?: ReactNode;
  action?: ReactNode;
}

export function Empty({ title, isPage = false, children, icon, action }: EmptyProps) {
  const Title = isPage ? "h1" : "h2";
  return (
    <div className="state">
      {icon && <div className="state__icon">{icon}</div>}
      <Title>{title}</Title>
      {children && <p className="soft">{children}</p>}
      {action}
    </div>
  );
}

/** Grey lines where text will be. `lines` should match what comes, so that nothing jumps. */
export function Loading({ label = "Loading", lines = 4 }: { label?: string; lines?: number }) {
  return (
    <div className="loading" role="status">
      <span className="visually-hidden">{label}…</span>
      {Array.from({ length: lines }, (_, index) => (
        <span key={index} className="loading__line" />
      ))}
    </div>
  );
}

/** What an error said, each problem of it, and a way on. */
export function Failure({ error, again }: { error: unknown; again?: () => void }) {
  const problem = problemFrom(error);
  return (
    <div className="failure" role="alert">
      <WarningIcon />
      <div>
        <p className="failure__detail">
          <Said text={problem.detail} />
        </p>
        <Reasons problem={problem} />
        {again && (
          <Button size="s" onClick={again}>
            Try again
          </Button>
        )}
      </div>
    </div>
  );
}

function Reasons({ problem }: { problem: ProblemDocument }) {
  const errors = problem.errors ?? [];
  if (errors.length === 0) return null;
  return (
    <ul className="failure__reasons">
      {errors.map((error, index) => (
        <li key={index}>
          <Said text={error.detail} />{" "}
          {error.hint && (
            <span className="soft">
              <Said text={error.hint} />
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}

/** A sentence that stays while it is true. */
export function Notice({
  tone = "info",
  children,
  action,
}: {
  tone?: "info" | "brass" | "bad" | "good";
  children: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className={`notice notice--${tone}`} role="status">
      <div>{children}</div>
      {action}
    </div>
  );
}

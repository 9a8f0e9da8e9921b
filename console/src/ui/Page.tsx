// The frame of a page: its title, what can be done on it, and a column that stays readable.
import { type ReactNode, useEffect } from "react";
import "./Page.css";

interface Props {
  title: string;
  lead?: ReactNode;
  actions?: ReactNode;
  /** For tables: the whole width. */
  wide?: boolean;
  children: ReactNode;
}

export function Page({ title, lead, actions, wide = false, children }: Props) {
  useTitle(title);
  return (
    <div className={wide ? "page page--wide" : "page"}>
      <header className="page__head">
        <div>
          <h1>{title}</h1>
          {lead && <p className="soft">{lead}</p>}
        </div>
        {actions && <div className="page__actions">{actions}</div>}
      </header>
      {children}
    </div>
  );
}

/** What the browser's tab says. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Stateroom`;
  }, [title]);
}

export function Card({
  title,
  children,
  aside,
}: {
  title?: string;
  children: ReactNode;
  aside?: ReactNode;
}) {
  return (
    <section className="card" aria-label={title}>
      {title && (
        <header className="card__head">
          <h2>{title}</h2>
          {aside}
        </header>
      )}
      {children}
    </section>
  );
}

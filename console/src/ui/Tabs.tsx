// A few views of the same place, one at a time. Arrow keys go from one to the next.
import { type KeyboardEvent, type ReactNode, useId } from "react";
import "./Tabs.css";

export interface Tab<Key extends string> {
  key: Key;
  title: string;
  /** Beside the title: how many things wait there. */
  count?: number;
  tone?: "bad" | "brass" | "soft";
}

interface Props<Key extends string> {
  label: string;
  tabs: readonly Tab<Key>[];
  current: Key;
  onChange(key: Key): void;
  children: ReactNode;
}

const STEPS: { [key: string]: number } = { ArrowRight: 1, ArrowLeft: -1 };

export function Tabs<Key extends string>({ label, tabs, current, onChange, children }: Props<Key>) {
  const id = useId();
  const step = (event: KeyboardEvent) => {
    const by = STEPS[event.key];
    if (!by) return;
    event.preventDefault();
    const at = tabs.findIndex((tab) => tab.key === current);
    const next = tabs[(at + by + tabs.length) % tabs.length];
    if (!next) return;
    onChange(next.key);
    document.getElementById(`${id}-${next.key}`)?.focus();
  };
  return (
    <div className="tabs">
      <div className="tabs__list" role="tablist" aria-label={label} onKeyDown={step}>
        {tabs.map(({ key, title, count, tone = "soft" }) => (
          <button
            key={key}
            id={`${id}-${key}`}
            type="button"
            role="tab"
            className="tabs__tab"
            aria-selected={key === current}
            aria-controls={`${id}-panel`}
            tabIndex={key === current ? 0 : -1}
            onClick={() => onChange(key)}
          >
            {title}
            {count !== undefined && count > 0 && (
              <span className={`tabs__count tabs__count--${tone}`}>{count}</span>
            )}
          </button>
        ))}
      </div>
      <div
        className="tabs__panel"
        role="tabpanel"
        id={`${id}-panel`}
        aria-labelledby={`${id}-${current}`}
      >
        {children}
      </div>
    </div>
  );
}

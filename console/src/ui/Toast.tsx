// A short word about what just happened, at the edge of the page and read out. What needs an
// answer is a dialog; what stays true is on the page itself.
import { create } from "zustand";
import { IconButton } from "./Button";
import "./Toast.css";
import { CloseIcon } from "./icons";

interface Said {
  id: number;
  text: string;
  tone: "good" | "bad" | "info";
  /** One thing that can be done about it, such as Undo. */
  action: { label: string; run(): void } | undefined;
}

const STAYS = 6_000;
let last = 0;

const useToasts = create<{ said: Said[] }>(() => ({ said: [] }));

export function toast(text: string, tone: Said["tone"] = "info", action?: Said["action"]): void {
  const id = ++last;
  useToasts.setState(({ said }) => ({ said: [...said.slice(-2), { id, text, tone, action }] }));
  // What went wrong stays until somebody has read it.
  if (tone !== "bad") setTimeout(() => dismiss(id), STAYS);
}

function dismiss(id: number): void {
  useToasts.setState(({ said }) => ({ said: said.filter((one) => one.id !== id) }));
}

export function Toasts() {
  const said = useToasts((state) => state.said);
  return (
    <div className="toasts" role="status" aria-live="polite">
      {said.map(({ id, text, tone, action }) => (
        <div key={id} className={`toast toast--${tone}`}>
          <span>{text}</span>
          {action && (
            <button
              type="button"
              className="toast__action"
              onClick={() => {
                action.run();
                dismiss(id);
              }}
            >
              {action.label}
            </button>
          )}
          <IconButton label="Dismiss" size="s" onClick={() => dismiss(id)}>
            <CloseIcon />
          </IconButton>
        </div>
      ))}
    </div>
  );
}

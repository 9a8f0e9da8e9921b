// A list of texts: one row an entry, each with what is wrong with it. Everything works by keyboard:
// Enter adds an entry below, Backspace in an empty one takes it away, Alt and an arrow move it.
import {
  type ChangeEvent,
  type ClipboardEvent,
  type KeyboardEvent,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import type { Option } from "../../blueprint/kinds";
import type { Problem } from "../../blueprint/problem";
import { useActions } from "../../canvas/editing";
import { labelOf } from "../../canvas/nodes/facts";
import { Button, IconButton } from "../../ui/Button";
import { DownIcon, PlusIcon, TrashIcon, UpIcon } from "../../ui/icons";
import { inserted, moved, removed, replaced } from "./entries";
import "./ListControl.css";

interface Props {
  id: string;
  option: Option;
  given: unknown;
  /** With pointers that begin at the list: "/2" is its third entry. */
  problems: readonly Problem[];
  onChange(value: unknown): void;
}

export function ListControl({ id, option, given, problems, onChange }: Props) {
  const { settle } = useActions();
  const entries: unknown[] = Array.isArray(given) ? given : [];
  const { label } = labelOf(option);
  const { rows, focusRow } = useFocusOnRow();

  /** An edit that is a step of undo of its own, and where the keyboard goes with it. */
  const change = (next: unknown[], row: number) => {
    settle();
    // A list that nobody needs is not there once it is empty.
    onChange(next.length > 0 || option.required ? next : undefined);
    settle();
    focusRow(Math.max(0, Math.min(row, next.length - 1)));
  };
  const onKeyDown = (event: KeyboardEvent, at: number) => {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (event.key === "Enter") change(inserted(entries, at + 1, [""]), at + 1);
    else if (event.key === "Backspace" && entries[at] === "") change(removed(entries, at), at - 1);
    else if (by && event.altKey) change(moved(entries, at, by), at + by);
    else if (by) focusRow(at + by);
    else return;
    event.preventDefault();
  };
  const onPaste = (event: ClipboardEvent<HTMLInputElement>, at: number) => {
    const lines = event.clipboardData.getData("text").split(/\r?\n/).filter(Boolean);
    if (lines.length < 2 || event.currentTarget.value !== "") return;
    event.preventDefault();
    change(replaced(entries, at, lines), at + lines.length - 1);
  };

  return (
    <div className="list">
      {entries.length > 0 && (
        <ol ref={rows} aria-label={label}>
          {entries.map((entry, at) => (
            <Row
              // An entry that is changed is the same row.
              key={at}
              id={at === 0 ? id : `${id}-${at}`}
              name={`${label}, entry ${at + 1}`}
              entry={entry}
              isFirst={at === 0}
              isLast={at === entries.length - 1}
              problems={problems.filter(({ pointer }) => isUnder(pointer, at))}
              help={`${id}-keys`}
              onWrite={(text) => onChange(replaced(entries, at, [text]))}
              onBlur={settle}
              onKeyDown={(event) => onKeyDown(event, at)}
              onPaste={(event) => onPaste(event, at)}
              onMove={(by) => change(moved(entries, at, by), at + by)}
              onRemove={() => change(removed(entries, at), at)}
            />
          ))}
        </ol>
      )}
      <Button
        size="s"
        icon={<PlusIcon size={14} />}
        aria-label={`Add an entry to ${label}`}
        onClick={() => change([...entries, ""], entries.length)}
      >
        Add an entry
      </Button>
      {entries.length > 0 && (
        <p className="list__keys soft" id={`${id}-keys`}>
          <kbd>Enter</kbd> adds one below, <kbd>Alt</kbd> <kbd>↑</kbd> <kbd>↓</kbd> move it.
        </p>
      )}
    </div>
  );
}

function isUnder(pointer: string, at: number): boolean {
  return pointer === `/${at}` || pointer.startsWith(`/${at}/`);
}

/** The keyboard goes with an entry that is moved, or to the one that came. */
function useFocusOnRow() {
  const rows = useRef<HTMLOListElement>(null);
  const [wanted, setWanted] = useState<{ row: number } | null>(null);
  useLayoutEffect(() => {
    if (wanted) rows.current?.querySelectorAll<HTMLElement>(".list__entry")[wanted.row]?.focus();
  }, [wanted]);
  return { rows, focusRow: (row: number) => setWanted({ row }) };
}

interface RowProps {
  id: string;
  name: string;
  entry: unknown;
  isFirst: boolean;
  isLast: boolean;
  problems: readonly Problem[];
  help: string;
  onWrite(text: string): void;
  onBlur(): void;
  onKeyDown(event: KeyboardEvent): void;
  onPaste(event: ClipboardEvent<HTMLInputElement>): void;
  onMove(by: number): void;
  onRemove(): void;
}

function Row(props: RowProps) {
  const { id, name, entry, isFirst, isLast, problems, help, onWrite, onMove, onRemove } = props;
  const text = typeof entry === "string" ? entry : JSON.stringify(entry);
  const shared = {
    id,
    "aria-label": name,
    "aria-invalid": problems.length > 0 || undefined,
    "aria-describedby": problems.length > 0 ? `${id}-wrong ${help}` : help,
    spellCheck: false,
    value: text,
    onChange: (event: ChangeEvent<HTMLInputElement | HTMLTextAreaElement>) =>
      onWrite(event.target.value),
    onBlur: props.onBlur,
  };
  return (
    <li className="list__row">
      {text.includes("\n") ? (
        // A field of one line would lose the others.
        <textarea {...shared} className="input input--area mono list__entry" rows={4} />
      ) : (
        <input
          {...shared}
          className="input mono list__entry"
          autoComplete="off"
          onKeyDown={props.onKeyDown}
          onPaste={props.onPaste}
        />
      )}
      <IconButton size="s" label={`Move up ${name}`} disabled={isFirst} onClick={() => onMove(-1)}>
        <UpIcon size={14} />
      </IconButton>
      <IconButton size="s" label={`Move down ${name}`} disabled={isLast} onClick={() => onMove(1)}>
        <DownIcon size={14} />
      </IconButton>
      <IconButton size="s" label={`Remove ${name}`} onClick={onRemove}>
        <TrashIcon size={14} />
      </IconButton>
      {problems.length > 0 && (
        <p className="field__error" id={`${id}-wrong`}>
          {problems.map(({ detail, hint }) => `${detail} ${hint}`).join(" ")}
        </p>
      )}
    </li>
  );
}

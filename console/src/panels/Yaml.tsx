// The document as text, always in step with the canvas. A text that cannot be drawn leaves the
// last good drawing where it is and says on which line it goes wrong.
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import { drawingOf, meaningOf } from "../blueprint/document";
import { check } from "../blueprint/rules";
import { readYaml, writeYaml } from "../blueprint/yaml";
import { withDocument } from "../canvas/drawing";
import { useActions, useEditor } from "../canvas/editing";
import { Notice } from "../ui";
import "./Yaml.css";
import { coloured } from "./yamlColours";

interface Told {
  line: number;
  text: string;
}

export function Yaml() {
  const document = useEditor((state) => state.now.document);
  const kept = useEditor((state) => state.text);
  const { edit, settle, keepText } = useActions();
  const area = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState(() => kept ?? writeYaml(document));
  const { told, drawing } = useMemo(() => readDrawing(text), [text]);
  const isSame = drawing === null || meaningOf(drawing) === meaningOf(document);

  // The canvas changed: its words replace those that stood here. So does a text that was kept
  // elsewhere, and one that is kept no more goes.
  const seen = useRef(document);
  useEffect(() => {
    const isOther = seen.current !== document;
    seen.current = document;
    if (kept !== null) setText(kept);
    else if (drawing === null || (isOther && !isSame)) setText(writeYaml(document));
  }, [document, drawing, isSame, kept]);

  const write = (next: string) => {
    setText(next);
    const read = readDrawing(next).drawing;
    if (!read) return keepText(next);
    keepText(null);
    edit((now) => {
      if (meaningOf(read) === meaningOf(now.document)) return now;
      seen.current = read;
      return withDocument(now, read);
    }, "yaml");
  };

  const goTo = (line: number) => {
    const lines = text.split("\n");
    const start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
    area.current?.focus();
    area.current?.setSelectionRange(start, start + (lines[line - 1]?.length ?? 0));
  };

  return (
    <div className="yaml">
      {drawing === null && (
        <Notice tone="bad">
          This text cannot be drawn. The canvas shows the last one that could.
        </Notice>
      )}
      <div className="yaml__frame">
        <Gutter count={text.split("\n").length} told={told} />
        <div className="yaml__text">
          <pre aria-hidden="true">{coloured(text)}</pre>
          <textarea
            ref={area}
            className="yaml__area"
            aria-label="The blueprint as YAML"
            aria-describedby="yaml-told"
            spellCheck={false}
            autoComplete="off"
            autoCapitalize="off"
            wrap="off"
            rows={text.split("\n").length}
            value={text}
            onChange={(event) => write(event.target.value)}
            onBlur={settle}
            onKeyDown={indent}
          />
        </div>
      </div>
      <ul className="yaml__told" id="yaml-told" aria-live="polite">
        {told.map(({ line, text: said }, index) => (
          <li key={index}>
            <button type="button" onClick={() => goTo(line)}>
              <span className="mono">Line {line}</span> {said}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

function readDrawing(text: string) {
  const { value, problems, lineOf } = readYaml(text);
  const found = problems.length > 0 ? problems : check(value);
  const told = found.map(
    ({ pointer, detail, hint }): Told => ({
      line: lineOf(pointer),
      text: `${detail} ${hint}`.trim(),
    }),
  );
  return { told, drawing: problems.length > 0 ? null : drawingOf(value) };
}

/** A text of more lines has plain numbers: no blueprint is as long, and the page stays quick. */
const MOST_MARKED = 2_000;

function Gutter({ count, told }: { count: number; told: readonly Told[] }) {
  if (count > MOST_MARKED) {
    const numbers = Array.from({ length: count }, (_, index) => index + 1).join("\n");
    return (
      <div className="yaml__gutter yaml__gutter--plain" aria-hidden="true">
        {numbers}
      </div>
    );
  }
  const wrong = new Map(told.map(({ line, text }) => [line, text]));
  return (
    <div className="yaml__gutter" aria-hidden="true">
      {Array.from({ length: count }, (_, index) => (
        <div
          key={index}
          className={wrong.has(index + 1) ? "yaml__number yaml__number--wrong" : "yaml__number"}
          title={wrong.get(index + 1)}
        >
          {index + 1}
        </div>
      ))}
    </div>
  );
}

/** A new line begins where the one before it did. Tab leaves the field, as everywhere. */
function indent(event: KeyboardEvent<HTMLTextAreaElement>): void {
  if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
  const { value, selectionStart } = event.currentTarget;
  const line = value.slice(value.lastIndexOf("\n", selectionStart - 1) + 1, selectionStart);
  const spaces = /^ *(- )?/.exec(line)?.[0].replace("-", " ") ?? "";
  if (spaces === "") return;
  event.preventDefault();
  // The browser's own way of typing keeps its undo.
  globalThis.document.execCommand("insertText", false, `\n${spaces}`);
}

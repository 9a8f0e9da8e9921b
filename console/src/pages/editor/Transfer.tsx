// Import and export: a blueprint as a file or as text. What comes from elsewhere is bounded, read
// as text only, and refused with its problems where it cannot be drawn.
import { useId, useState } from "react";
import { type Blueprint, drawingOf } from "../../blueprint/document";
import type { Problem } from "../../blueprint/problem";
import { check } from "../../blueprint/rules";
import { LARGEST_TEXT, readYaml, writeYaml } from "../../blueprint/yaml";
import type { Draft } from "../../canvas/draft";
import { placesOf } from "../../canvas/drawing";
import { useActions } from "../../canvas/editing";
import { AreaField, Button, Dialog, DownloadIcon, IconButton, UploadIcon } from "../../ui";
import { toast } from "../../ui/Toast";

export function Transfer({ draft }: { draft: Draft }) {
  const [isOpen, setOpen] = useState(false);
  const { edit, undo } = useActions();
  const take = ({ document, layout }: Imported) => {
    // The address says which blueprint this is; only what it says comes from elsewhere.
    edit(() => ({ document: { ...document, name: draft.name }, places: placesOf(layout) }));
    setOpen(false);
    toast("Imported. Nothing is deployed yet.", "good", { label: "Undo", run: undo });
  };
  return (
    <>
      <IconButton label="Import" onClick={() => setOpen(true)}>
        <UploadIcon />
      </IconButton>
      <IconButton label="Export as YAML" onClick={() => save(draft)}>
        <DownloadIcon />
      </IconButton>
      {isOpen && <ImportDialog onTake={take} onClose={() => setOpen(false)} />}
    </>
  );
}

function save({ name, document, layout }: Draft): void {
  const places = `layout: ${JSON.stringify(layout)}\n`;
  const file = new Blob([writeYaml(document), places], { type: "application/yaml" });
  const link = globalThis.document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = `${name}.yaml`;
  link.click();
  URL.revokeObjectURL(link.href);
}

export interface Imported {
  document: Blueprint;
  layout: unknown;
}

interface DialogProps {
  onTake(imported: Imported): void;
  onClose(): void;
}

export function ImportDialog({ onTake, onClose }: DialogProps) {
  const [text, setText] = useState("");
  const [problems, setProblems] = useState<readonly Problem[]>([]);
  const chooser = useId();

  const take = (given: string) => {
    const read = readImport(given);
    setProblems(read.problems);
    if (read.imported) onTake(read.imported);
  };
  const choose = async (file: File | undefined) => {
    if (!file) return;
    // A huge file is not even read.
    if (file.size > LARGEST_TEXT) setProblems(tooLarge(file.size));
    else take(await file.text());
  };
  return (
    <Dialog
      title="Import a blueprint"
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" disabled={text.trim() === ""} onClick={() => take(text)}>
            Import
          </Button>
        </>
      }
    >
      <div className="import">
        <div>
          <label className="button button--plain" htmlFor={chooser}>
            <UploadIcon /> Choose a file
          </label>
          <input
            id={chooser}
            className="visually-hidden"
            type="file"
            accept=".yaml,.yml,.json,application/yaml,application/json"
            onChange={(event) => void choose(event.target.files?.[0])}
          />
          <span className="soft"> YAML or JSON, up to {LARGEST_TEXT / 1024} KiB</span>
        </div>
        <AreaField
          label="Or paste it here"
          className="mono-input"
          rows={10}
          spellCheck={false}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        {problems.length > 0 && (
          <div className="failure" role="alert">
            <div>
              <p className="failure__detail">Refused: this cannot be drawn.</p>
              <ul className="failure__reasons">
                {problems.slice(0, 20).map((found, index) => (
                  <li key={index}>
                    {found.pointer && <code>{found.pointer}</code>} {found.detail} {found.hint}
                  </li>
                ))}
              </ul>
            </div>
          </div>
        )}
      </div>
    </Dialog>
  );
}

/** What a text from elsewhere holds. Problems that can be seen on the canvas do not refuse it. */
export function readImport(text: string): {
  imported: Imported | null;
  problems: readonly Problem[];
} {
  const { value, problems } = readYaml(text);
  if (problems.length > 0) return { imported: null, problems };
  const document = drawingOf(value);
  if (!document) return { imported: null, problems: check(value) };
  return { imported: { document, layout: (value as { layout?: unknown }).layout }, problems: [] };
}

function tooLarge(size: number): Problem[] {
  const detail = `The file has ${Math.ceil(size / 1024)} KiB; up to ${LARGEST_TEXT / 1024} are read.`;
  const hint = "A blueprint is a few pages at most: is it the right file?";
  return [{ pointer: "", code: "too_large", detail, hint, block: null, link: null }];
}

// What is chosen on the canvas, in full: every option of its kind with help, its links, its name.
// With nothing chosen, the blueprint as a whole.
import { useState } from "react";
import type { Block } from "../blueprint/document";
import { KINDS, type Option, ROOT, titleOf } from "../blueprint/kinds";
import { BLOCK } from "../blueprint/names";
import type { Problem } from "../blueprint/problem";
import { declaredValues } from "../blueprint/values";
import { removeBlocks, removeLinks, renameBlock, setOption } from "../canvas/drawing";
import { problemsOf, useActions, useEditor } from "../canvas/editing";
import { LinkDialog } from "../canvas/LinkDialog";
import { KindTile } from "../canvas/nodes/looks";
import { Button, CloseIcon, IconButton, LinkIcon, TextField, TrashIcon } from "../ui";
import "./Inspector.css";
import { OptionField, Wrong } from "./inspector/OptionField";

export function Inspector() {
  const selection = useEditor((state) => state.selection);
  const document = useEditor((state) => state.now.document);
  const chosen = document.blocks.filter(({ id }) => selection.has(id));
  const [only] = chosen;
  if (chosen.length === 0 || !only) return <Whole />;
  if (chosen.length > 1) return <Several blocks={chosen} />;
  // Its place and not its id: a block that gets another name keeps the keyboard where it is.
  return <One key={document.blocks.indexOf(only)} block={only} />;
}

function One({ block }: { block: Block }) {
  const { edit } = useActions();
  const document = useEditor((state) => state.now.document);
  const kind = KINDS.get(block.kind);
  const at = `/blocks/${document.blocks.indexOf(block)}`;
  const own = problemsOf(document).filter((found) => found.block === block.id);
  const options = new Set(kind?.options.map(({ name }) => name));
  const elsewhere = own.filter(({ pointer }) => !isOfOption(pointer, at, options));
  const unknown = Object.keys(block.options).filter((name) => !options.has(name));
  const roots = document.blocks.filter((other) => other.kind === ROOT).map(({ id }) => id);
  const owners = document.links.flatMap(([from, to]) => (to === block.id ? [from] : []));
  const isOfService = block.kind !== ROOT && owners.some((owner) => !roots.includes(owner));
  // A tenant's limits are the agent's.
  const shown = (option: Option) => (isOfService ? { ...option, limit: "" } : option);
  return (
    <div className="inspector">
      <header className="inspector__head">
        <KindTile kind={block.kind} />
        <div>
          <h2>{titleOf(block.kind)}</h2>
          <p className="soft">{kind?.help ?? "This kind is not known here."}</p>
        </div>
      </header>
      <Wrong problems={elsewhere} />
      <NameField block={block} />
      {kind?.options.map((option) => (
        <OptionField
          key={option.name}
          option={shown(option)}
          given={Object.hasOwn(block.options, option.name) ? block.options[option.name] : undefined}
          problems={under(own, `${at}/options/${option.name}`)}
          onChange={(value) =>
            edit(
              (now) => setOption(now, block.id, option.name, value),
              `${block.id}/${option.name}`,
            )
          }
        />
      ))}
      {unknown.map((name) => (
        <p key={name} className="inspector__unknown">
          <code>{name}</code> is no option here.
          <Button size="s" onClick={() => edit((now) => setOption(now, block.id, name, undefined))}>
            Remove it
          </Button>
        </p>
      ))}
      <Links block={block} />
      <Button
        kind="danger"
        icon={<TrashIcon />}
        onClick={() => edit((now) => removeBlocks(now, new Set([block.id])))}
      >
        Remove this block
      </Button>
    </div>
  );
}

function isOfOption(pointer: string, at: string, options: ReadonlySet<string>): boolean {
  const start = `${at}/options/`;
  return pointer.startsWith(start) && options.has(pointer.slice(start.length).split("/")[0] ?? "");
}

/** Problems at a place and below it, with pointers that begin there. */
function under(problems: readonly Problem[], place: string): Problem[] {
  return problems
    .filter(({ pointer }) => pointer === place || pointer.startsWith(`${place}/`))
    .map((found) => ({ ...found, pointer: found.pointer.slice(place.length) }));
}

/** The id is changed once it is left: half of it may be somebody else's. */
function NameField({ block }: { block: Block }) {
  const { edit, select } = useActions();
  const document = useEditor((state) => state.now.document);
  const [draft, setDraft] = useState<string | null>(null);
  const isTaken =
    draft !== null && draft !== block.id && document.blocks.some(({ id }) => id === draft);
  const error =
    draft === null
      ? undefined
      : isTaken
        ? `Another block is called ${draft}.`
        : !BLOCK.test(draft) && "Use 1 to 40 of a-z, 0-9, - and _; begin with a letter.";
  const leave = () => {
    setDraft(null);
    if (draft === null || error || draft === block.id) return;
    edit((now) => renameBlock(now, block.id, draft));
    select([draft]);
  };
  return (
    <TextField
      label="Id"
      className="mono-input"
      error={error || undefined}
      spellCheck={false}
      value={draft ?? block.id}
      onChange={(event) => setDraft(event.target.value)}
      onBlur={leave}
      onKeyDown={(event) => event.key === "Enter" && leave()}
    />
  );
}

function Links({ block }: { block: Block }) {
  const { edit } = useActions();
  const document = useEditor((state) => state.now.document);
  const [isLinking, setLinking] = useState(false);
  const links = document.links.filter((link) => link.includes(block.id));
  const kindOf = (id: string) => document.blocks.find((other) => other.id === id)?.kind ?? "";
  return (
    <section className="inspector__links" aria-label="Links">
      <h3>Links</h3>
      <ul>
        {links.map(([from, to]) => {
          const other = from === block.id ? to : from;
          return (
            <li key={`${from} ${to}`}>
              <KindTile kind={kindOf(other)} small />
              <span>
                <span className="soft">{from === block.id ? "to" : "from"}</span>{" "}
                <span className="mono">{other}</span>
              </span>
              <IconButton
                size="s"
                label={`Remove the link ${from === block.id ? "to" : "from"} ${other}`}
                onClick={() => edit((now) => removeLinks(now, [[from, to]]))}
              >
                <CloseIcon size={13} />
              </IconButton>
            </li>
          );
        })}
        {links.length === 0 && <li className="soft">None yet.</li>}
      </ul>
      <Button size="s" icon={<LinkIcon size={14} />} onClick={() => setLinking(true)}>
        Link with…
      </Button>
      {isLinking && <LinkDialog from={block.id} onClose={() => setLinking(false)} />}
    </section>
  );
}

function Several({ blocks }: { blocks: Block[] }) {
  const { edit, select } = useActions();
  return (
    <div className="inspector">
      <h2>{blocks.length} blocks are chosen</h2>
      <ul className="inspector__list">
        {blocks.map(({ id, kind }) => (
          <li key={id}>
            <button type="button" className="inspector__item" onClick={() => select([id])}>
              <KindTile kind={kind} small />
              <span>{titleOf(kind)}</span>
              <span className="mono soft">{id}</span>
            </button>
          </li>
        ))}
      </ul>
      <Button
        kind="danger"
        icon={<TrashIcon />}
        onClick={() => edit((now) => removeBlocks(now, new Set(blocks.map(({ id }) => id))))}
      >
        Remove them
      </Button>
    </div>
  );
}

function Whole() {
  const document = useEditor((state) => state.now.document);
  const { select } = useActions();
  const values = declaredValues(document);
  return (
    <div className="inspector">
      <header>
        <h2>{document.name}</h2>
        <p className="soft">Choose a block to see its options.</p>
      </header>
      <ul className="inspector__list">
        {document.blocks.map(({ id, kind }) => (
          <li key={id}>
            <button type="button" className="inspector__item" onClick={() => select([id])}>
              <KindTile kind={kind} small />
              <span>{titleOf(kind)}</span>
              <span className="mono soft">{id}</span>
            </button>
          </li>
        ))}
      </ul>
      <section aria-label="Values" className="inspector__values">
        <h3>What each tenant has of its own</h3>
        {values.length === 0 && (
          <p className="soft">
            Nothing yet. Mark an option as <em>per tenant</em>, and it becomes a value that a tenant
            is created with.
          </p>
        )}
        <dl>
          {values.map(({ name, blocks, required, setBy, default: fallback }) => (
            <div key={name}>
              <dt className="mono">{name}</dt>
              <dd>
                {required ? "required" : fallback === null ? "optional" : `else ${brief(fallback)}`}
                <span className="soft">
                  {" "}
                  · {blocks.join(", ")} · set by {setBy}
                </span>
              </dd>
            </div>
          ))}
        </dl>
      </section>
    </div>
  );
}

function brief(value: unknown): string {
  const text = typeof value === "string" ? `“${value}”` : JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

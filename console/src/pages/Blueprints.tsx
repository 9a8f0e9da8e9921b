// All blueprints, and the three ways to begin one: a template, a file, an empty canvas.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api } from "../api/client";
import type { Template } from "../api/types";
import { type Blueprint, drawingOf, emptyBlueprint } from "../blueprint/document";
import { SLUG } from "../blueprint/names";
import { placesOf } from "../canvas/drawing";
import { KindTile } from "../canvas/nodes/looks";
import { begun, forget, keep } from "../canvas/unsaved";
import { navigate, paths } from "../router";
import {
  Badge,
  BlueprintIcon,
  Button,
  Card,
  Dialog,
  Empty,
  Failure,
  Link,
  Loading,
  Page,
  PlusIcon,
  Table,
  TextField,
  UploadIcon,
} from "../ui";
import "./Blueprints.css";
import { ImportDialog } from "./editor/Transfer";

interface Start {
  title: string;
  name: string;
  document: Blueprint;
  layout: unknown;
}

export function Blueprints() {
  const list = useQuery({
    queryKey: ["blueprints"],
    queryFn: () => answer(api.GET("/api/v1/blueprints")),
  });
  const templates = useQuery({
    queryKey: ["templates"],
    queryFn: () => answer(api.GET("/api/v1/templates")),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const [start, setStart] = useState<Start | null>(null);
  const [isImporting, setImporting] = useState(false);
  const taken = new Set(list.data?.items.map(({ name }) => name));
  const blank = () =>
    setStart({ title: "New blueprint", name: "", document: emptyBlueprint("new"), layout: {} });

  return (
    <Page
      title="Blueprints"
      lead="What your tenants are made from. Draw one, and every tenant gets its own copy of it."
      actions={
        <>
          <Button icon={<UploadIcon />} onClick={() => setImporting(true)}>
            Import
          </Button>
          <Button kind="primary" icon={<PlusIcon />} onClick={blank}>
            New blueprint
          </Button>
        </>
      }
    >
      {list.error ? (
        <Failure error={list.error} again={() => void list.refetch()} />
      ) : !list.data ? (
        <Loading lines={3} />
      ) : (
        <List items={list.data.items} />
      )}
      {!list.isPending && (
        <Templates
          templates={templates.data?.items ?? []}
          onChoose={({ title, name, document, layout }) => {
            const drawing = drawingOf(document);
            if (!drawing) return;
            setStart({ title, name: freeName(name, taken), document: drawing, layout });
          }}
        />
      )}
      {isImporting && (
        <ImportDialog
          onClose={() => setImporting(false)}
          onTake={({ document, layout }) => {
            setImporting(false);
            const name = freeName(document.name, taken);
            setStart({ title: "Import a blueprint", name, document, layout });
          }}
        />
      )}
      {start && <NameDialog start={start} taken={taken} onClose={() => setStart(null)} />}
    </Page>
  );
}

interface Item {
  name: string;
  revision: number;
  deployed_revision: number | null;
  created_at: string;
}

function List({ items }: { items: readonly Item[] }) {
  const [drafts, setDrafts] = useState(() => begun(localStorage));
  const isTaken = (name: string) => items.some((item) => item.name === name);
  const drop = (name: string) => {
    forget(localStorage, name, null);
    setDrafts(begun(localStorage));
  };
  return (
    <>
      <Table
        label="Blueprints"
        rows={items}
        rowKey={({ name }) => name}
        columns={[
          {
            key: "name",
            title: "Name",
            cell: ({ name }) => <Link to={paths.blueprint(name)}>{name}</Link>,
          },
          { key: "revision", title: "Revision", numeric: true, cell: ({ revision }) => revision },
          { key: "deployed", title: "Deployed", cell: deployedBadge },
          {
            key: "changed",
            title: "Saved",
            cell: ({ created_at }) => new Date(created_at).toLocaleString(),
          },
        ]}
        empty={
          <Empty title="No blueprint yet" icon={<BlueprintIcon size={28} />}>
            Begin with a template below, or with an empty canvas.
          </Empty>
        }
      />
      {drafts.map((name) => (
        <Card key={name}>
          <div className="blueprints__draft">
            <span>
              <Link to={paths.blueprint(name)}>{name}</Link>{" "}
              <span className="soft">
                {isTaken(name)
                  ? "was begun in this browser; one of that name was saved elsewhere meanwhile."
                  : "was begun in this browser and is not saved yet."}
              </span>
            </span>
            <Button size="s" kind="danger" onClick={() => drop(name)}>
              Discard
            </Button>
          </div>
        </Card>
      ))}
    </>
  );
}

function deployedBadge({ revision, deployed_revision: deployed }: Item) {
  if (deployed === null) return <Badge>not deployed</Badge>;
  if (deployed === revision) return <Badge tone="good">newest</Badge>;
  return <Badge tone="brass">revision {deployed}</Badge>;
}

interface TemplatesProps {
  templates: readonly Template[];
  onChoose(template: Template): void;
}

function Templates({ templates, onChoose }: TemplatesProps) {
  if (templates.length === 0) return null;
  return (
    <section className="blueprints__templates" aria-label="Templates">
      <h2>Begin with a template</h2>
      <ul>
        {templates.map((template) => (
          <li key={template.name}>
            <button type="button" className="template" onClick={() => onChoose(template)}>
              <span className="template__kinds">
                {[...new Set(drawingOf(template.document)?.blocks.map(({ kind }) => kind))].map(
                  (kind) => (
                    <KindTile key={kind} kind={kind} small />
                  ),
                )}
              </span>
              <strong>{template.title}</strong>
              <span className="soft">{template.description}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

interface NameProps {
  start: Start;
  taken: ReadonlySet<string>;
  onClose(): void;
}

function NameDialog({ start, taken, onClose }: NameProps) {
  const [name, setName] = useState(start.name);
  const [isTouched, setTouched] = useState(false);
  const error = !SLUG.test(name)
    ? "Use 1 to 40 of a-z, 0-9 and hyphens; begin with a letter."
    : taken.has(name)
      ? `There is a blueprint ${name} already.`
      : undefined;
  const go = () => {
    setTouched(true);
    if (error) return;
    const drawing = { document: { ...start.document, name }, places: placesOf(start.layout) };
    keep(localStorage, name, null, { drawing, text: null });
    navigate(paths.blueprint(name));
  };
  return (
    <Dialog
      title={start.title}
      size="s"
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" onClick={go}>
            Draw it
          </Button>
        </>
      }
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          go();
        }}
      >
        <TextField
          label="Name"
          help="It stands in addresses and cannot be changed later."
          error={isTouched || name !== start.name ? error : undefined}
          value={name}
          spellCheck={false}
          onChange={(event) => setName(event.target.value)}
        />
      </form>
    </Dialog>
  );
}

function freeName(name: string, taken: ReadonlySet<string>): string {
  for (let number = 2; taken.has(name); number += 1)
    name = `${name.replace(/-\d+$/, "")}-${number}`;
  return name;
}

// The rows. Arrow keys go from row to row in the column where one is; Shift chooses a range.
import { type KeyboardEvent, type ReactNode, useRef } from "react";
import type { Tenant } from "../../api/types";
import { paths } from "../../router";
import { type Column, ExternalIcon, Link, PhaseBadge, Said, Table } from "../../ui";
import { Since } from "./Since";
import { stretched, toggled, withAll } from "./selection";
import { size } from "./times";

interface Props {
  tenants: readonly Tenant[];
  chosen: ReadonlySet<string>;
  onChoose(chosen: ReadonlySet<string>): void;
  empty: ReactNode;
}

export function TenantsTable({ tenants, chosen, onChoose, empty }: Props) {
  const slugs = tenants.map(({ slug }) => slug);
  const touched = useRef<string | null>(null);
  const isShift = useRef(false);
  const choose = (slug: string) => {
    const from = touched.current;
    touched.current = slug;
    onChoose(
      isShift.current && from ? stretched(chosen, slugs, from, slug) : toggled(chosen, slug),
    );
  };
  const select: Column<Tenant> = {
    key: "choose",
    title: "Choose",
    hiddenTitle: true,
    head: <ChooseAll slugs={slugs} chosen={chosen} onChoose={onChoose} />,
    cell: ({ slug }) => (
      <input
        type="checkbox"
        className="check"
        aria-label={`Choose ${slug}`}
        checked={chosen.has(slug)}
        // A change does not say which keys are down; the click before it does.
        onClick={(event) => {
          isShift.current = event.shiftKey;
        }}
        onChange={() => choose(slug)}
      />
    ),
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys are of the controls inside.
    <div onKeyDown={byRows}>
      <Table
        label="Tenants"
        rows={tenants}
        rowKey={({ id }) => id}
        columns={[select, ...COLUMNS]}
        selected={({ slug }) => chosen.has(slug)}
        empty={empty}
      />
    </div>
  );
}

const COLUMNS: Column<Tenant>[] = [
  {
    key: "tenant",
    title: "Tenant",
    cell: ({ slug, name }) => (
      <span className="tenants__name">
        <Link to={paths.tenant(slug)}>{slug}</Link>
        {name.toLowerCase() !== slug && <span className="soft">{name}</span>}
      </span>
    ),
  },
  {
    key: "phase",
    title: "Phase",
    cell: ({ status, safe_mode }) => (
      <span className="tenants__phase">
        <span>
          <PhaseBadge phase={status.phase} />
          {safe_mode && <span className="soft"> safe mode</span>}
        </span>
        <Why reason={status.reason} waiting={status.waiting} />
      </span>
    ),
  },
  {
    key: "blueprint",
    title: "Blueprint",
    cell: ({ blueprint, revision, target_revision }) => (
      <span className="tenants__blueprint">
        <Link to={paths.blueprint(blueprint)}>{blueprint}</Link>{" "}
        <span className="soft">
          {revision === target_revision
            ? `rev ${revision}`
            : `rev ${revision} → ${target_revision}`}
        </span>
      </span>
    ),
  },
  {
    key: "memory",
    title: "Memory",
    numeric: true,
    cell: ({ limits_total }) => size(limits_total.memory_mb),
  },
  { key: "since", title: "Since", cell: ({ status }) => <Since at={status.since} /> },
  {
    key: "open",
    title: "Address",
    hiddenTitle: true,
    cell: ({ url, slug }) => (
      <a
        href={url}
        target="_blank"
        rel="noreferrer"
        className="tenants__open"
        aria-label={`Address of ${slug}`}
        title={url}
      >
        <ExternalIcon size={14} />
      </a>
    ),
  },
];

/** One line: the whole of it is on the tenant's page. */
function Why({ reason, waiting }: { reason: string; waiting: readonly string[] }) {
  const text = reason || waiting[0];
  if (!text) return null;
  return (
    <span className="tenants__why soft" title={text}>
      <Said text={text} />
    </span>
  );
}

interface AllProps {
  slugs: readonly string[];
  chosen: ReadonlySet<string>;
  onChoose(chosen: ReadonlySet<string>): void;
}

function ChooseAll({ slugs, chosen, onChoose }: AllProps) {
  const count = slugs.filter((slug) => chosen.has(slug)).length;
  const isAll = slugs.length > 0 && count === slugs.length;
  return (
    <input
      type="checkbox"
      className="check"
      aria-label="Choose all on this page"
      checked={isAll}
      disabled={slugs.length === 0}
      ref={(box) => {
        if (box) box.indeterminate = count > 0 && !isAll;
      }}
      onChange={() => onChoose(withAll(chosen, slugs, !isAll))}
    />
  );
}

const STEPS: { [key: string]: number } = { ArrowDown: 1, ArrowUp: -1 };

function byRows(event: KeyboardEvent<HTMLElement>): void {
  const step = STEPS[event.key];
  const cell = (event.target as HTMLElement).closest("td");
  const row = cell?.parentElement;
  if (!step || !cell || !(row instanceof HTMLTableRowElement)) return;
  const beside = step > 0 ? row.nextElementSibling : row.previousElementSibling;
  const next = (beside as HTMLTableRowElement | null)?.cells[cell.cellIndex];
  const control = next?.querySelector<HTMLElement>("input, a");
  if (!control) return;
  event.preventDefault();
  control.focus();
}

// Search and filters over the table. All of them stand in the address.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { answer, api } from "../../api/client";
import { useInstallation } from "../../api/installation";
import { Button, CloseIcon, SearchBox } from "../../ui";
import { askedBy, isFiltered, PHASES } from "./filters";
import { useDebounced } from "./useDebounced";

interface Props {
  query: URLSearchParams;
  onChange(parts: { [name: string]: string | null }): void;
}

export function Filters({ query, onChange }: Props) {
  const asked = askedBy(query);
  const counts = usePhaseCounts();
  const blueprints = useBlueprints();
  const [search, setSearch] = useDebounced(query.get("search") ?? "", (text) =>
    onChange({ search: text || null }),
  );
  const box = useSlashKey();
  const known = blueprints.find(({ name }) => name === asked.blueprint);
  return (
    <search className="filters">
      <SearchBox
        ref={box}
        label="Search tenants"
        placeholder="Search slugs and names  ( / )"
        value={search}
        onChange={(event) => setSearch(event.target.value)}
      />
      <Choice
        label="Phase"
        value={asked.phase ?? ""}
        all="Every phase"
        choices={PHASES.map((phase) => [phase, `${phase} (${counts[phase] ?? 0})`])}
        onChange={(phase) => onChange({ phase })}
      />
      <Choice
        label="Blueprint"
        value={asked.blueprint ?? ""}
        all="Every blueprint"
        choices={blueprints.map(({ name }) => [name, name])}
        onChange={(blueprint) => onChange({ blueprint, revision: null })}
      />
      {known && (
        <Choice
          label="Revision"
          value={asked.revision ? String(asked.revision) : ""}
          all="Every revision"
          choices={revisionsDownFrom(known.revision).map((revision) => [
            revision,
            `Revision ${revision}`,
          ])}
          onChange={(revision) => onChange({ revision })}
        />
      )}
      {isFiltered(asked) && (
        <Button
          kind="quiet"
          icon={<CloseIcon size={14} />}
          onClick={() => onChange({ search: null, phase: null, blueprint: null, revision: null })}
        >
          Clear
        </Button>
      )}
    </search>
  );
}

interface ChoiceProps {
  label: string;
  value: string;
  all: string;
  choices: (readonly [value: string, label: string])[];
  onChange(value: string | null): void;
}

function Choice({ label, value, all, choices, onChange }: ChoiceProps) {
  // An address may name what is gone: it stays visible, so that it can be cleared.
  const isStrange = value !== "" && !choices.some(([known]) => known === value);
  return (
    <select
      className="input input--select filters__choice"
      aria-label={label}
      value={value}
      onChange={(event) => onChange(event.target.value || null)}
    >
      <option value="">{all}</option>
      {isStrange && <option value={value}>{value}</option>}
      {choices.map(([known, text]) => (
        <option key={known} value={known}>
          {text}
        </option>
      ))}
    </select>
  );
}

const MOST_REVISIONS = 50;

function revisionsDownFrom(newest: number): string[] {
  const length = Math.min(newest, MOST_REVISIONS);
  return Array.from({ length }, (_, index) => String(newest - index));
}

function usePhaseCounts(): { [phase: string]: number } {
  const status = useInstallation();
  return status.data?.tenants.phases ?? {};
}

function useBlueprints() {
  const list = useQuery({
    queryKey: ["blueprints"],
    queryFn: () => answer(api.GET("/api/v1/blueprints")),
  });
  return list.data?.items ?? [];
}

/** The slash key leads to the search, from wherever nobody is writing. */
function useSlashKey() {
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const focus = (event: KeyboardEvent) => {
      const { target } = event;
      const isWriting =
        target instanceof HTMLElement && target.matches("input, textarea, select, dialog *");
      if (event.key !== "/" || isWriting || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      box.current?.focus();
    };
    addEventListener("keydown", focus);
    return () => removeEventListener("keydown", focus);
  }, []);
  return box;
}

// A map of names and values: one row each; a name is changed once it is left, so that half a name
// is never a problem of its own.
import { useState } from "react";
import { withKey } from "../../blueprint/changes";
import type { Option } from "../../blueprint/kinds";
import { partsOf, pointer } from "../../blueprint/pointer";
import type { Problem } from "../../blueprint/problem";
import { isObject } from "../../blueprint/safe";
import { Button, IconButton } from "../../ui/Button";
import { PlusIcon, TrashIcon } from "../../ui/icons";
import { OptionField } from "./OptionField";

interface Props {
  id: string;
  option: Option;
  given: unknown;
  problems: readonly Problem[];
  onChange(value: unknown): void;
}

export function MapControl({ id, option, given, problems, onChange }: Props) {
  const entries = isObject(given) ? Object.entries(given) : [];
  const map = Object.fromEntries(entries);
  const { item } = option;
  if (!item) return null;
  return (
    <div className="map">
      {entries.map(([name, entry], index) => (
        // A renamed entry is the same row.
        <div key={index} className="map__row">
          <NameInput
            id={index === 0 ? id : `${id}-${index}`}
            name={name}
            taken={(other) => other !== name && Object.hasOwn(map, other)}
            onRename={(next) => onChange(Object.fromEntries(renamed(entries, name, next)))}
          />
          <IconButton
            size="s"
            label={`Remove ${name}`}
            onClick={() =>
              onChange(Object.fromEntries(entries.filter(([other]) => other !== name)))
            }
          >
            <TrashIcon size={14} />
          </IconButton>
          <div className="map__value">
            <OptionField
              option={{ ...item, name: "" }}
              name={name}
              given={entry}
              problems={below(problems, name)}
              onChange={(value) => onChange(withKey(map, name, value ?? ""))}
            />
          </div>
        </div>
      ))}
      <Button
        size="s"
        icon={<PlusIcon size={14} />}
        onClick={() => onChange({ ...map, [freeName(map)]: "" })}
      >
        Add a name
      </Button>
    </div>
  );
}

/** Problems of one entry, with pointers that begin there. */
function below(problems: readonly Problem[], name: string): Problem[] {
  const start = pointer(name);
  return problems
    .filter((found) => partsOf(found.pointer)[0] === partsOf(start)[0])
    .map((found) => ({ ...found, pointer: found.pointer.slice(start.length) }));
}

function renamed(entries: [string, unknown][], name: string, next: string): [string, unknown][] {
  return entries.map(([other, value]) => [other === name ? next : other, value]);
}

function freeName(map: object): string {
  for (let number = 1; ; number += 1) {
    const name = `NAME_${number}`;
    if (!Object.hasOwn(map, name)) return name;
  }
}

interface NameProps {
  id: string;
  name: string;
  taken(name: string): boolean;
  onRename(next: string): void;
}

function NameInput({ id, name, taken, onRename }: NameProps) {
  const [draft, setDraft] = useState<string | null>(null);
  const leave = () => {
    const next = draft?.trim();
    setDraft(null);
    if (next && next !== name && !taken(next)) onRename(next);
  };
  return (
    <input
      id={id}
      className="input mono"
      aria-label={`Name of ${name}`}
      spellCheck={false}
      autoComplete="off"
      value={draft ?? name}
      onChange={(event) => setDraft(event.target.value)}
      onBlur={leave}
      onKeyDown={(event) => event.key === "Enter" && leave()}
    />
  );
}

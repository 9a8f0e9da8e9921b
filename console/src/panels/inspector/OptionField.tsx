// One option of a block, drawn from its description: a control of its type, what holds when
// nothing is said, and whether it is left open for each tenant.
import { useId } from "react";
import type { Option } from "../../blueprint/kinds";
import { isValue } from "../../blueprint/perTenant";
import type { Problem } from "../../blueprint/problem";
import { labelOf } from "../../canvas/nodes/facts";
import { classes } from "../../ui/classes";
import { PersonIcon, UndoIcon } from "../../ui/icons";
import { Said } from "../../ui/Said";
import { Control } from "./Control";
import { ListControl } from "./ListControl";
import { MapControl } from "./MapControl";
import { PerTenant } from "./PerTenant";

interface Props {
  option: Option;
  /** undefined: not given, so that the default holds. */
  given: unknown;
  /** Its own problems, with pointers that begin at the option ("" is the option itself). */
  problems: readonly Problem[];
  onChange(value: unknown): void;
  /** Where a map's entry stands: its own name instead of the option's title. */
  name?: string;
}

export function OptionField({ option, given, problems, onChange, name }: Props) {
  const id = useId();
  const { label, unit } = labelOf(option);
  const isOpen = isValue(given);
  const own = problems.filter(({ pointer }) => pointer === "");
  const hasEntries = option.kind === "map" || option.kind === "list";
  return (
    <div className={classes("option", problems.length > 0 && "option--wrong")}>
      <div className="option__head">
        <label htmlFor={id}>
          {name ? "Value" : label}
          {unit && <span className="soft"> {unit}</span>}
          {option.required && <span className="soft"> · needed</span>}
        </label>
        <span className="option__tools">
          {given !== undefined &&
            given !== option.default &&
            option.default !== null &&
            !isOpen && (
              <button
                type="button"
                className="option__tool"
                title={`Back to the default: ${String(option.default)}`}
                aria-label={`${label}: back to the default`}
                onClick={() => onChange(undefined)}
              >
                <UndoIcon size={13} />
              </button>
            )}
          {option.per_tenant && (
            <button
              type="button"
              className={classes("option__tool", isOpen && "option__tool--on")}
              aria-pressed={isOpen}
              aria-label={`${name ?? label} per tenant`}
              title={isOpen ? "The same for every tenant" : "Let each tenant have its own"}
              onClick={() => onChange(isOpen ? closed(given) : opened(option, given, name))}
            >
              <PersonIcon size={13} /> per tenant
            </button>
          )}
        </span>
      </div>
      {isOpen ? (
        <PerTenant {...{ id, option, given, problems }} onChange={onChange} />
      ) : option.kind === "map" ? (
        <MapControl {...{ id, option, given, problems }} onChange={onChange} />
      ) : option.kind === "list" ? (
        <ListControl {...{ id, option, given, problems }} onChange={onChange} />
      ) : (
        <Control {...{ id, option, given }} isWrong={own.length > 0} onChange={onChange} />
      )}
      <Wrong problems={isOpen || hasEntries ? own : problems} />
      {option.schema.description && !name && (
        <p className="field__help" id={`${id}-help`}>
          {option.schema.description}
          {option.limit && " A tenant's own limit goes before it."}
        </p>
      )}
    </div>
  );
}

export function Wrong({ problems }: { problems: readonly Problem[] }) {
  return problems.map((found, index) => (
    <p key={index} className="field__error">
      <Said text={`${found.detail} ${found.hint}`} />
    </p>
  ));
}

/** What stood there becomes the default of the value. */
function opened(option: Option, given: unknown, name?: string): object {
  const fallback = given === undefined ? option.default : given;
  const word = (name ?? option.name).toLowerCase().replace(/[^a-z0-9_]/g, "_");
  const value = { per_tenant: /^[a-z]/.test(word) ? word : `v_${word}` };
  return fallback === null ? value : { ...value, default: fallback };
}

function closed(given: { [key: string]: unknown }): unknown {
  return Object.hasOwn(given, "default") ? given.default : undefined;
}

// An option that is left open: the value's name, what holds without one, who sets it, and whether
// a tenant must have it.

import { withKey } from "../../blueprint/changes";
import type { Option } from "../../blueprint/kinds";
import { SETTERS } from "../../blueprint/perTenant";
import type { Problem } from "../../blueprint/problem";
import { Control } from "./Control";
import { Wrong } from "./OptionField";

interface Props {
  id: string;
  option: Option;
  given: { [key: string]: unknown };
  problems: readonly Problem[];
  onChange(value: unknown): void;
}

const WHO = { operator: "the operator", tenant: "the tenant" };

export function PerTenant({ id, option, given, problems, onChange }: Props) {
  const set = (key: string, value: unknown) => onChange(withKey(given, key, value));
  const at = (key: string) => problems.filter(({ pointer }) => pointer === `/${key}`);
  const hasDefault = given.default !== undefined;
  const others = problems.filter(({ pointer }) => pointer !== "" && !KNOWN.has(pointer));
  return (
    <div className="per-tenant">
      <div className="per-tenant__part">
        <label htmlFor={id}>Name of the value</label>
        <input
          id={id}
          className="input mono"
          spellCheck={false}
          autoComplete="off"
          value={typeof given.per_tenant === "string" ? given.per_tenant : ""}
          onChange={(event) => set("per_tenant", event.target.value)}
        />
        <Wrong problems={at("per_tenant")} />
      </div>
      <div className="per-tenant__part">
        <label htmlFor={`${id}-default`}>Default</label>
        <Control
          id={`${id}-default`}
          option={{ ...option, default: option.default }}
          given={given.default}
          isWrong={at("default").length > 0}
          onChange={(value) => set("default", value)}
        />
        <Wrong problems={at("default")} />
      </div>
      <div className="per-tenant__part">
        <label htmlFor={`${id}-text`}>Help for whoever fills it in</label>
        <input
          id={`${id}-text`}
          className="input"
          autoComplete="off"
          placeholder={option.schema.description}
          value={typeof given.help === "string" ? given.help : ""}
          onChange={(event) => set("help", event.target.value || undefined)}
        />
        <Wrong problems={at("help")} />
      </div>
      <div className="per-tenant__part per-tenant__part--row">
        <label htmlFor={`${id}-by`}>Set by</label>
        <select
          id={`${id}-by`}
          className="input input--select"
          value={typeof given.set_by === "string" ? given.set_by : "operator"}
          onChange={(event) =>
            set("set_by", event.target.value === "operator" ? undefined : event.target.value)
          }
        >
          {SETTERS.map((setter) => (
            <option key={setter} value={setter}>
              {WHO[setter]}
            </option>
          ))}
        </select>
        <Wrong problems={at("set_by")} />
      </div>
      <div className="switch switch--s">
        <input
          id={`${id}-required`}
          type="checkbox"
          role="switch"
          disabled={hasDefault}
          checked={!hasDefault && (given.required === true || isNeeded(option, given))}
          onChange={(event) => set("required", event.target.checked || undefined)}
        />
        <label htmlFor={`${id}-required`}>
          {hasDefault ? "Not required: it has a default" : "Every tenant must have it"}
        </label>
      </div>
      <Wrong problems={[...at("required"), ...others]} />
    </div>
  );
}

const KNOWN = new Set(["/per_tenant", "/default", "/help", "/set_by", "/required"]);

function isNeeded(option: Option, given: { [key: string]: unknown }): boolean {
  return given.required === undefined && option.required && option.default === null;
}

// One value of a tenant: what holds, where it comes from, and how to go back to what is inherited.
import { Badge, Button, classes, Field, UndoIcon } from "../../ui";
import type { Wired } from "../../ui/Field";
import { asWritten, type Written } from "./edits";
import type { Question } from "./questions";

interface Props {
  question: Question;
  /** Written here and not sent yet; null for going back, undefined for no edit. */
  edit: Written | null | undefined;
  /** What the tenant has of its own; undefined for nothing. */
  own: unknown;
  error?: string | undefined;
  disabled?: boolean;
  onEdit(next: Written | null): void;
}

export function ValueField({ question, edit, own, error, disabled, onEdit }: Props) {
  const { label, option, setBy, required } = question;
  const isOwn = edit === undefined ? own !== undefined : edit !== null;
  const inherited = asWritten(question, question.default);
  const shown =
    edit === undefined || edit === null ? (isOwn ? asWritten(question, own) : inherited) : edit;
  return (
    <Field
      label={label}
      className={classes("value", isOwn && "value--own", edit !== undefined && "value--edited")}
      error={error}
      help={helpOf(question)}
      aside={
        <span className="value__origin">
          {setBy === "tenant" && <span className="soft">the tenant may set it</span>}
          {isOwn ? (
            <Badge tone="brass">own</Badge>
          ) : (
            <Badge>{required ? "needed" : "inherited"}</Badge>
          )}
          {isOwn && !required && (
            <Button
              size="s"
              kind="quiet"
              icon={<UndoIcon size={14} />}
              aria-label={`Reset ${label}`}
              title={`Back to ${inherited === "" ? "nothing" : String(inherited)}`}
              disabled={disabled}
              onClick={() => onEdit(null)}
            >
              Reset
            </Button>
          )}
        </span>
      }
    >
      {(wired) => <Control {...{ wired, shown, disabled }} option={option} onWrite={onEdit} />}
    </Field>
  );
}

function helpOf({ option }: Question): string {
  const { description, minimum, maximum } = option.schema;
  if (minimum === undefined || maximum === undefined) return description;
  const said = [minimum, maximum].map((bound) => bound.toLocaleString("en"));
  return `${description} From ${said.join(" to ")}.`.trim();
}

interface ControlProps {
  wired: Wired;
  option: Question["option"];
  shown: Written;
  disabled?: boolean | undefined;
  onWrite(next: Written): void;
}

function Control({ wired, option, shown, disabled, onWrite }: ControlProps) {
  const { schema, kind } = option;
  if (kind === "boolean") {
    return (
      <span className="switch">
        <input
          {...wired}
          type="checkbox"
          role="switch"
          disabled={disabled}
          checked={shown === true}
          onChange={(event) => onWrite(event.target.checked)}
        />
        <span aria-hidden="true">{shown === true ? "yes" : "no"}</span>
      </span>
    );
  }
  const text = String(shown);
  const change = (event: { target: { value: string } }) => onWrite(event.target.value);
  const shared = { ...wired, value: text, disabled, onChange: change };
  if (schema.enum) {
    const choices = schema.enum.includes(text) ? schema.enum : [text, ...schema.enum];
    return (
      <select {...shared} className="input input--select">
        {choices.map((choice) => (
          <option key={choice} value={choice}>
            {choice || "Choose one"}
          </option>
        ))}
      </select>
    );
  }
  if (schema["x-form"] === "multiline" || kind === "list") {
    return <textarea {...shared} className="input input--area" rows={5} />;
  }
  const isNumber = kind === "integer" || kind === "number";
  return (
    <input
      {...shared}
      type="text"
      className="input"
      autoComplete="off"
      spellCheck={false}
      inputMode={kind === "integer" ? "numeric" : isNumber ? "decimal" : "text"}
    />
  );
}

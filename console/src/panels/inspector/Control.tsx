// The control for one plain value. It shows what is there as it is, also where that is wrong: the
// sentence below says why.
import { useEffect, useState } from "react";
import type { Option } from "../../blueprint/kinds";
import { useActions } from "../../canvas/editing";
import { classes } from "../../ui/classes";

export interface ControlProps {
  id: string;
  option: Option;
  given: unknown;
  isWrong?: boolean;
  onChange(value: unknown): void;
}

export function Control(props: ControlProps) {
  const { option } = props;
  if (option.schema.enum) return <Choice {...props} choices={option.schema.enum} />;
  if (option.kind === "boolean") return <YesNo {...props} />;
  return <Text {...props} />;
}

function Choice({
  id,
  option,
  given,
  isWrong,
  onChange,
  choices,
}: ControlProps & { choices: string[] }) {
  const { settle } = useActions();
  const value = typeof given === "string" ? given : given === undefined ? "" : String(given);
  const isStrange = value !== "" && !choices.includes(value);
  return (
    <select
      id={id}
      className="input input--select"
      aria-invalid={isWrong || undefined}
      aria-describedby={`${id}-help`}
      value={value}
      onChange={(event) => {
        onChange(event.target.value === "" ? undefined : event.target.value);
        settle();
      }}
    >
      <option value="">
        {option.default === null ? "Choose one" : `${String(option.default) || "none"} (default)`}
      </option>
      {isStrange && <option value={value}>{value}</option>}
      {choices.filter(Boolean).map((choice) => (
        <option key={choice} value={choice}>
          {choice}
        </option>
      ))}
    </select>
  );
}

function YesNo({ id, option, given, onChange }: ControlProps) {
  const { settle } = useActions();
  const isOn = (given ?? option.default) === true;
  return (
    <div className="switch">
      <input
        id={id}
        type="checkbox"
        role="switch"
        aria-describedby={`${id}-help`}
        checked={isOn}
        onChange={(event) => {
          onChange(event.target.checked);
          settle();
        }}
      />
      <span aria-hidden="true">{isOn ? "yes" : "no"}</span>
    </div>
  );
}

const DURATIONS = ["5m", "15m", "30m", "1h", "8h", "1d", "never"];

function Text({ id, option, given, isWrong, onChange }: ControlProps) {
  const form = option.schema["x-form"] ?? "";
  const isNumber = option.kind === "integer" || option.kind === "number";
  const shared = {
    id,
    "aria-invalid": isWrong || undefined,
    "aria-describedby": `${id}-help`,
    placeholder: option.default === null ? (isNumber ? "none" : "") : String(option.default),
    spellCheck: form === "multiline",
    autoComplete: "off",
  };
  return (
    <Draft
      text={shownText(given)}
      says={(written) => JSON.stringify(valueOfText(written, isNumber))}
      known={JSON.stringify(given)}
      onWrite={(written) => onChange(valueOfText(written, isNumber))}
    >
      {(draft) =>
        form === "multiline" ? (
          <textarea {...shared} {...draft} className="input input--area" rows={7} />
        ) : (
          <>
            <input
              {...shared}
              {...draft}
              type="text"
              inputMode={option.kind === "integer" ? "numeric" : isNumber ? "decimal" : "text"}
              list={form === "duration" ? `${id}-list` : undefined}
              className={classes("input", (isNumber || form !== "") && "mono")}
            />
            {form === "duration" && (
              <datalist id={`${id}-list`}>
                {DURATIONS.map((duration) => (
                  <option key={duration} value={duration} />
                ))}
              </datalist>
            )}
          </>
        )
      }
    </Draft>
  );
}

function shownText(given: unknown): string {
  if (given === undefined) return "";
  return typeof given === "string" ? given : JSON.stringify(given);
}

/** Empty means: not given. What is no number that the document could hold as it was typed stays
 *  text, and the rules say so. */
function valueOfText(written: string, isNumber: boolean): unknown {
  if (written === "") return undefined;
  if (!isNumber) return written;
  const number = Number(written.trim().replace(",", "."));
  return written.trim() !== "" && Math.abs(number) <= Number.MAX_SAFE_INTEGER ? number : written;
}

interface DraftProps {
  /** The value as text. */
  text: string;
  /** What a text means, and what the document has: while they are the same, the text stays as it
   *  was typed ("1." on the way to "1.5"). */
  says(written: string): string | undefined;
  known: string | undefined;
  onWrite(written: string): void;
  children(draft: {
    value: string;
    onChange(event: { target: { value: string } }): void;
    onBlur(): void;
  }): React.ReactNode;
}

function Draft({ text, says, known, onWrite, children }: DraftProps) {
  const { settle } = useActions();
  const [written, setWritten] = useState(text);
  const isSame = says(written) === known;
  useEffect(() => {
    if (!isSame) setWritten(text);
  }, [isSame, text]);
  return children({
    value: isSame ? written : text,
    onChange: ({ target: { value } }) => {
      setWritten(value);
      onWrite(value);
    },
    onBlur: settle,
  });
}

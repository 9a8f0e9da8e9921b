// One labelled question: label, control, help and what is wrong, tied together for everybody who
// cannot see that they stand beside each other.
import {
  type InputHTMLAttributes,
  type ReactNode,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
  useId,
} from "react";
import "./Field.css";
import { classes } from "./classes";

interface Around {
  label: string;
  help?: ReactNode;
  error?: ReactNode;
  /** Beside the label, at the right: a switch, a unit, what is inherited. */
  aside?: ReactNode;
  className?: string;
}

export interface Wired {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": true | undefined;
}

interface FieldProps extends Around {
  children(wired: Wired): ReactNode;
}

/** The frame of a question; `children` draws the control with what it is given. */
export function Field({ label, help, error, aside, className, children }: FieldProps) {
  const id = useId();
  const described = [error && `${id}-error`, help && `${id}-help`].filter(Boolean).join(" ");
  return (
    <div className={classes("field", Boolean(error) && "field--wrong", className)}>
      <div className="field__head">
        <label htmlFor={id}>{label}</label>
        {aside}
      </div>
      {children({
        id,
        "aria-describedby": described || undefined,
        "aria-invalid": error ? true : undefined,
      })}
      {error && (
        <p className="field__error" id={`${id}-error`}>
          {error}
        </p>
      )}
      {help && (
        <p className="field__help" id={`${id}-help`}>
          {help}
        </p>
      )}
    </div>
  );
}

type TextProps = Around & Omit<InputHTMLAttributes<HTMLInputElement>, "id">;

export function TextField({ label, help, error, aside, className, ...input }: TextProps) {
  return (
    <Field {...{ label, help, error, aside, className }}>
      {(wired) => <input type="text" className="input" autoComplete="off" {...input} {...wired} />}
    </Field>
  );
}

type AreaProps = Around & Omit<TextareaHTMLAttributes<HTMLTextAreaElement>, "id">;

export function AreaField({ label, help, error, aside, className, ...input }: AreaProps) {
  return (
    <Field {...{ label, help, error, aside, className }}>
      {(wired) => <textarea className="input input--area" rows={5} {...input} {...wired} />}
    </Field>
  );
}

type SelectProps = Around &
  Omit<SelectHTMLAttributes<HTMLSelectElement>, "id"> & {
    choices: readonly (string | { value: string; label: string })[];
  };

export function SelectField({
  label,
  help,
  error,
  aside,
  className,
  choices,
  ...input
}: SelectProps) {
  return (
    <Field {...{ label, help, error, aside, className }}>
      {(wired) => (
        <select className="input input--select" {...input} {...wired}>
          {choices.map((choice) => {
            const { value, label: text } =
              typeof choice === "string" ? { value: choice, label: choice } : choice;
            return (
              <option key={value} value={value}>
                {text}
              </option>
            );
          })}
        </select>
      )}
    </Field>
  );
}

interface SwitchProps extends Omit<InputHTMLAttributes<HTMLInputElement>, "type" | "id"> {
  label: ReactNode;
  help?: ReactNode;
  small?: boolean;
}

/** Yes or no, at once. */
export function Switch({ label, help, small, ...input }: SwitchProps) {
  const id = useId();
  return (
    <div className={classes("switch", small && "switch--s")}>
      <input
        type="checkbox"
        role="switch"
        {...input}
        id={id}
        aria-describedby={help ? `${id}-help` : undefined}
      />
      <label htmlFor={id}>{label}</label>
      {help && (
        <p className="field__help" id={`${id}-help`}>
          {help}
        </p>
      )}
    </div>
  );
}

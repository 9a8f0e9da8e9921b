// All values of a tenant as a form.
import { type Edits, under, type Values, type Written } from "./edits";
import type { Question } from "./questions";
import { ValueField } from "./ValueField";
import "./values.css";

interface Props {
  questions: readonly Question[];
  edits: Edits;
  own: Values;
  wrong: { [name: string]: string | undefined };
  disabled?: boolean;
  onEdit(question: Question, next: Written | null): void;
}

export function ValueFields({ questions, edits, own, wrong, disabled = false, onEdit }: Props) {
  return (
    <div className="values">
      {questions.map((question) => (
        <ValueField
          key={question.name}
          question={question}
          edit={under(edits, question.name)}
          own={under(own, question.name)}
          error={under(wrong, question.name)}
          disabled={disabled}
          onEdit={(next) => onEdit(question, next)}
        />
      ))}
    </div>
  );
}

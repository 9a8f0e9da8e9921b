// What each model costs: without prices, a tenant's budget cannot be counted.
import { Button, IconButton, PlusIcon, TrashIcon } from "../../ui";
import type { PriceRow } from "./prices";

interface Props {
  rows: readonly PriceRow[];
  wrong: string | undefined;
  onChange(rows: PriceRow[]): void;
}

export function PricesField({ rows, wrong, onChange }: Props) {
  const change = (at: number, part: Partial<PriceRow>) =>
    onChange(rows.map((row, index) => (index === at ? { ...row, ...part } : row)));
  return (
    <fieldset className="prices">
      <legend>Prices in USD for a million tokens</legend>
      <p className="field__help">
        Budgets are counted by them. A model without a price costs nothing.
      </p>
      {rows.map((row, index) => (
        // A renamed model is the same row.
        <div key={index} className="prices__row">
          <input
            className="input"
            aria-label="Model"
            placeholder="model"
            value={row.model}
            spellCheck={false}
            onChange={(event) => change(index, { model: event.target.value })}
          />
          <input
            className="input"
            aria-label={`Input price of ${row.model}`}
            placeholder="input"
            inputMode="decimal"
            value={row.input}
            onChange={(event) => change(index, { input: event.target.value })}
          />
          <input
            className="input"
            aria-label={`Output price of ${row.model}`}
            placeholder="output"
            inputMode="decimal"
            value={row.output}
            onChange={(event) => change(index, { output: event.target.value })}
          />
          <IconButton
            label={`Remove the price of ${row.model || "this row"}`}
            onClick={() => onChange(rows.filter((_, other) => other !== index))}
          >
            <TrashIcon />
          </IconButton>
        </div>
      ))}
      {wrong && (
        <p className="field__error" role="alert">
          {wrong}
        </p>
      )}
      <div>
        <Button
          size="s"
          icon={<PlusIcon size={14} />}
          onClick={() => onChange([...rows, { model: "", input: "", output: "" }])}
        >
          Add a price
        </Button>
      </div>
    </fieldset>
  );
}

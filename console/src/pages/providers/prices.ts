// PURE. Prices as rows of a form, and as what is sent. USD for a million tokens.
import { isObject } from "../../blueprint/safe";

export interface PriceRow {
  model: string;
  input: string;
  output: string;
}

export type Prices = { [model: string]: { input: number; output: number } };

export function rowsOf(prices: { [model: string]: unknown }): PriceRow[] {
  return Object.entries(prices).map(([model, price]) => ({
    model,
    input: isObject(price) ? String(price.input ?? 0) : "0",
    output: isObject(price) ? String(price.output ?? 0) : "0",
  }));
}

/** What is wrong with the rows, or the prices that they mean. Empty rows count as not there. */
export function pricesOf(rows: readonly PriceRow[]): { prices: Prices } | { wrong: string } {
  const prices: Prices = {};
  for (const row of rows) {
    const model = row.model.trim();
    if (model === "" && row.input.trim() === "" && row.output.trim() === "") continue;
    if (model === "") return { wrong: "A price needs the model that it is for." };
    if (Object.hasOwn(prices, model)) return { wrong: `${model} has two prices.` };
    const input = numberOf(row.input);
    const output = numberOf(row.output);
    if (input === null || output === null) {
      return { wrong: `The prices of ${model} must be numbers from 0.` };
    }
    // A model called __proto__ is a name like any other.
    Object.defineProperty(prices, model, {
      value: { input, output },
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return { prices };
}

function numberOf(text: string): number | null {
  const number = text.trim() === "" ? 0 : Number(text.trim().replace(",", "."));
  return Number.isFinite(number) && number >= 0 ? number : null;
}

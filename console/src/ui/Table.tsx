// Rows of the same kind. On a phone each row becomes a small card that names its columns.
import type { ReactNode } from "react";
import "./Table.css";
import { classes } from "./classes";

export interface Column<Row> {
  key: string;
  title: string;
  /** Stands in the head instead of the title. */
  head?: ReactNode;
  cell(row: Row): ReactNode;
  /** Numbers stand at the right. */
  numeric?: boolean;
  /** The title is only read out (a column of buttons or checkboxes). */
  hiddenTitle?: boolean;
}

interface Props<Row> {
  /** What the table lists, read out. */
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey(row: Row): string;
  selected?(row: Row): boolean;
  /** Shown instead of rows where there are none. */
  empty?: ReactNode;
}

export function Table<Row>({ label, columns, rows, rowKey, selected, empty }: Props<Row>) {
  return (
    <div className="table-frame">
      <table className="table" aria-label={label}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.key} scope="col" className={classes(column.numeric && "numeric")}>
                {column.head ?? (
                  <span className={classes(column.hiddenTitle && "visually-hidden")}>
                    {column.title}
                  </span>
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)} className={classes(selected?.(row) && "selected")}>
              {columns.map((column) => (
                <td
                  key={column.key}
                  data-title={column.hiddenTitle ? undefined : column.title}
                  className={classes(column.numeric && "numeric")}
                >
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length === 0 && empty}
    </div>
  );
}

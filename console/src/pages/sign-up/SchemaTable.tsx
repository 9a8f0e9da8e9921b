// What a new tenant may bring, from the blueprint's JSON Schema, and that schema itself.
import { Badge, Card, Code, type Column, Empty, Table } from "../../ui";
import type { Question } from "../values/questions";

interface Props {
  blueprint: string;
  questions: readonly Question[];
  schema: unknown;
}

export function SchemaTable({ blueprint, questions, schema }: Props) {
  return (
    <Card title={`Values of ${blueprint}`}>
      <Table
        label={`Values of ${blueprint}`}
        rows={questions}
        rowKey={({ name }) => name}
        columns={COLUMNS}
        empty={
          <Empty title="Nothing differs per tenant">
            A slug is all that a new tenant needs of this blueprint.
          </Empty>
        }
      />
      <details>
        <summary>JSON Schema</summary>
        <Code
          label={`GET /api/v1/blueprints/${blueprint}/schema`}
          text={JSON.stringify(schema ?? {}, null, 2)}
        />
      </details>
    </Card>
  );
}

const COLUMNS: Column<Question>[] = [
  { key: "name", title: "Value", cell: ({ name }) => <span className="mono">{name}</span> },
  {
    key: "needed",
    title: "Needed",
    cell: ({ required }) =>
      required ? <Badge tone="brass">needed</Badge> : <span className="soft">no</span>,
  },
  { key: "type", title: "Type", cell: ({ option }) => typeOf(option) },
  {
    key: "default",
    title: "Default",
    cell: ({ default: fallback }) => (
      <span className="mono schema__default">{fallback === undefined ? "" : String(fallback)}</span>
    ),
  },
  { key: "by", title: "Set by", cell: ({ setBy }) => setBy },
  {
    key: "about",
    title: "About",
    cell: ({ option }) => <span className="soft">{option.schema.description}</span>,
  },
];

function typeOf({ schema }: Question["option"]): string {
  if (schema.enum) return schema.enum.join(" | ");
  const { type, minimum, maximum } = schema;
  return minimum !== undefined && maximum !== undefined
    ? `${type}, ${minimum} to ${maximum}`
    : type;
}

// Documents by chance: whole ones that make sense, and whole ones with parts of them broken.
import fc from "fast-check";
import type { Blueprint } from "../src/blueprint/document";
import { KINDS } from "../src/blueprint/kinds";

const IDS = [
  "a",
  "agent",
  "brain",
  "constructor",
  "data",
  "door",
  "flags",
  "voice",
  "x-1",
  "x_2",
  "z9",
];
const WORDS = [
  "name",
  "blocks",
  "links",
  "layout",
  "id",
  "kind",
  "options",
  "per_tenant",
  "default",
];
const SCALARS = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    "agent",
    "url",
    "openclaw",
    "per_tenant",
    "${tenant.x}",
    Number.POSITIVE_INFINITY,
  ),
  fc.double(),
  fc.integer(),
  fc.string({ unit: "binary", maxLength: 8 }),
);

/** Anything that JSON can hold, with the words that matter here more often than others. */
export const anything: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    SCALARS,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(
      fc.oneof(fc.constantFrom(...WORDS, "__proto__"), fc.string({ maxLength: 4 })),
      tie("value"),
      {
        maxKeys: 3,
      },
    ),
  ),
})).value;

const option = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.integer(),
  fc.boolean(),
  fc.record({ per_tenant: fc.constantFrom("size", "model", "plan"), default: fc.integer() }),
  fc.dictionary(fc.constantFrom("A", "B", "C_1"), fc.string({ maxLength: 6 }), { maxKeys: 3 }),
  fc.array(fc.constantFrom("a", "a.example.com", ""), { maxLength: 3 }),
);

const block = fc.constantFrom(...KINDS.values()).chain((kind) =>
  fc.record({
    id: fc.constantFrom(...IDS),
    kind: fc.constantFrom(kind.name, kind.name, kind.name, "telegram"),
    options: fc.dictionary(fc.constantFrom(...kind.options.map(({ name }) => name)), option, {
      maxKeys: 4,
    }),
  }),
);

/** Anything that can be drawn, with or without problems. */
export const drawn: fc.Arbitrary<Blueprint> = fc
  .uniqueArray(block, { selector: ({ id }) => id, maxLength: 9 })
  .chain((blocks) => {
    const ids = blocks.map(({ id }) => id);
    const end = ids.length > 1 ? fc.constantFrom(...ids) : fc.constant("x");
    const pair = fc.tuple(end, end).filter(([from, to]) => from !== to);
    const links =
      ids.length > 1
        ? fc.uniqueArray(pair, { selector: (link) => link.join(" "), maxLength: 12 })
        : fc.constant([]);
    return fc.record({
      name: fc.constantFrom("sample", "a", "support-agent", "Not A Name", ""),
      blocks: fc.constant(blocks),
      links: links as fc.Arbitrary<[string, string][]>,
    });
  });

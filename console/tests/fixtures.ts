// The blueprints that both checkers must agree on: the same files that test the server.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

const FOLDER = join(import.meta.dirname, "../../tests/fixtures/blueprints");

export interface Fixture {
  name: string;
  text: string;
  /** As the server's test reads it: YAML 1.1, where `off` is false and 2026-09-06 a date. */
  document: unknown;
  expected: string[];
  notices: (string | undefined)[];
}

export function fixtures(folder: "good" | "bad"): Fixture[] {
  const names = readdirSync(join(FOLDER, folder)).filter((name) => name.endsWith(".yaml"));
  return names.map((name) => {
    const text = readFileSync(join(FOLDER, folder, name), "utf8");
    const expected = [...text.matchAll(/^# expects: (\S+) (\S+)$/gm)].map(
      ([, code, at]) => `${code} ${at === "-" ? "" : at}`,
    );
    const notices = [...text.matchAll(/^# tells: (\S+ \S+)$/gm)].map(([, one]) => one);
    const document = parse(text, { version: "1.1" });
    return { name, text, document, expected: expected.sort(), notices };
  });
}

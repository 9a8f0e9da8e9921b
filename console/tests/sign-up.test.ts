// What the sign-up page prints runs as it is printed: here its quoting and the receivers, by the
// languages themselves. The calls to a real API are tried end to end.
import { execFileSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { json, python, shellWord } from "../src/pages/sign-up/quoting";
import { receivers } from "../src/pages/sign-up/receivers";
import { exampleValues, snippets } from "../src/pages/sign-up/snippets";
import { questionsOf } from "../src/pages/values/questions";

const folder = mkdtempSync(join(tmpdir(), "sign-up-"));
afterAll(() => rmSync(folder, { recursive: true }));

function written(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const HOSTILE = {
  quotes: `'"\`$(id) \${x} \\ \\n`,
  lines: "a\nJSON\n'''\n\"\"\"",
  unicode: "é 日 😀 \u2028 </script>",
  nested: { list: [1, -0.5, true, null, "x"], empty: {} },
};

describe("quoting", () => {
  it("is read back by a shell", () => {
    const text = json(HOSTILE);
    const path = written("shell.sh", `printf %s ${shellWord(text)}`);
    expect(execFileSync("sh", [path]).toString()).toBe(text);
  });

  it("is read back by Python", () => {
    const path = written("literal.py", `import json\nprint(json.dumps(${python(HOSTILE)}))`);
    expect(JSON.parse(execFileSync("python3", [path]).toString())).toEqual(HOSTILE);
  });

  it("is read back by JavaScript, whatever it is", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const read: unknown = new Function(`return ${json(value, "    ")}`)();
        expect(JSON.stringify(read)).toBe(JSON.stringify(value));
      }),
    );
  });
});

describe("the programs", () => {
  const tenant = {
    slug: "acme",
    name: 'O\'Neil "Ltd" $(id)',
    blueprint: "support-agent",
    values: HOSTILE,
    secrets: { KEY: "replace-me" },
  };
  const here = { api: "http://127.0.0.1:9070/api/v1", home: "/srv/it's a home" };
  const programs = new Map(snippets(tenant, here).map((snippet) => [snippet.language, snippet]));
  const text = (language: "curl" | "Python" | "JavaScript") => programs.get(language)?.text ?? "";

  it("are whole, in each language", () => {
    execFileSync("sh", ["-n", written("sign-up.sh", text("curl"))]);
    execFileSync("node", ["--check", written("sign-up.mjs", text("JavaScript"))]);
    const check = "import ast, sys; ast.parse(open(sys.argv[1]).read())";
    execFileSync("python3", ["-c", check, written("sign_up.py", text("Python"))]);
  });

  it("go to the address of this installation, and no key stands in them", () => {
    for (const language of ["curl", "Python", "JavaScript"] as const) {
      expect(text(language)).toContain(here.api);
      expect(text(language)).toContain("admin.key");
    }
  });

  it("find the key in the home, whatever that is called, or where STATEROOM_HOME says", () => {
    const head = text("curl").split("KEY=")[0];
    const path = written("home.sh", `${head}printf %s "$STATEROOM_HOME"`);
    const { STATEROOM_HOME: _, ...env } = process.env;
    expect(execFileSync("sh", [path], { env }).toString()).toBe(here.home);
    const own = { ...env, STATEROOM_HOME: "/my home" };
    expect(execFileSync("sh", [path], { env: own }).toString()).toBe("/my home");
  });

  it("send nothing that is empty", () => {
    const bare = snippets({ ...tenant, values: {}, secrets: {} }, here);
    for (const snippet of bare) expect(snippet.text).not.toMatch(/"(values|secrets)"/);
  });

  it("bring something for every value that is needed, and only those", () => {
    const questions = questionsOf({
      properties: {
        plan: { type: "string", enum: ["a", "b"] },
        seats: { type: "integer", minimum: 3 },
        note: { type: "string", default: "x" },
        name: { type: "string" },
      },
      required: ["plan", "seats", "name"],
    });
    expect(exampleValues(questions)).toEqual({ plan: "a", seats: 3, name: "example" });
  });
});

describe("the receivers", () => {
  const secret = `whsec_${Buffer.from("a secret of some length").toString("base64")}`;
  const former = `whsec_${Buffer.from("the former one").toString("base64")}`;
  const now = 1_700_000_000;
  const body = JSON.stringify({ type: "tenant.ready", data: { slug: "acme" } });
  const signature = (key: string) => {
    const digest = createHmac("sha256", Buffer.from(key.slice(6), "base64"))
      .update(`msg_1.${now}.${body}`)
      .digest("base64");
    return `v1,${digest}`;
  };
  const headers = {
    "webhook-id": "msg_1",
    "webhook-timestamp": String(now),
    "webhook-signature": `${signature(former)} ${signature(secret)}`,
  };
  const cases = [
    { name: "ours", headers, body, now, good: true },
    { name: "another body", headers, body: body.replace("acme", "evil"), now, good: false },
    { name: "an old one", headers, body, now: now + 301, good: false },
    {
      name: "another secret",
      headers: { ...headers, "webhook-signature": signature(former) },
      body,
      now,
      good: false,
    },
    {
      name: "no time",
      headers: { ...headers, "webhook-timestamp": "soon" },
      body,
      now,
      good: false,
    },
  ];
  const text = (language: string) =>
    receivers().find((receiver) => receiver.language === language)?.text ?? "";

  it("in Python takes what is ours and nothing else", () => {
    written("receiver.py", text("Python"));
    const asked = JSON.stringify(cases);
    const path = written(
      "try.py",
      `import json, sys
sys.dont_write_bytecode = True
from receiver import verified
def good(case):
    try:
        verified(case["headers"], case["body"].encode(), ${python(secret)}, case["now"])
    except ValueError:
        return False
    return True
print(json.dumps([good(case) for case in json.loads(sys.stdin.read())]))`,
    );
    const said: unknown = JSON.parse(execFileSync("python3", [path], { input: asked }).toString());
    expect(said).toEqual(cases.map(({ good }) => good));
  });

  it("in JavaScript takes what is ours and nothing else", () => {
    const receiver = pathToFileURL(written("receiver.mjs", text("JavaScript"))).href;
    const path = written(
      "try.mjs",
      `import { readFileSync } from "node:fs";
import { verified } from ${json(receiver)};
const good = (one) => {
  try {
    verified(one.headers, Buffer.from(one.body), ${json(secret)}, one.now);
    return true;
  } catch {
    return false;
  }
};
console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(good)));`,
    );
    const input = JSON.stringify(cases);
    const said: unknown = JSON.parse(execFileSync("node", [path], { input }).toString());
    expect(said).toEqual(cases.map(({ good }) => good));
  });
});

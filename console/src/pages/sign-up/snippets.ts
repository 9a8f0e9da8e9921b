// PURE. The programs that create a tenant from an operator's own sign-up: whole ones, that run as
// they are printed on the machine of the installation.
import type { Question } from "../values/questions";
import { json, python, shellWord } from "./quoting";

/** Where the API is, and the home that holds the key unless STATEROOM_HOME or STATEROOM_KEY say
 *  otherwise. */
export interface Here {
  api: string;
  home: string;
}

export interface NewTenant {
  slug: string;
  name: string;
  blueprint: string;
  values: { [name: string]: unknown };
  secrets: { [name: string]: string };
}

export interface Snippet {
  language: "curl" | "Python" | "JavaScript";
  /** What to call the file, and how it is run. */
  file: string;
  run: string;
  text: string;
}

const WAIT = "wait=ready&timeout=300";

export function snippets(tenant: NewTenant, here: Here): Snippet[] {
  const body = bodyOf(tenant);
  return [
    { language: "curl", file: "sign-up.sh", run: "sh sign-up.sh", text: curl(body, here) },
    {
      language: "Python",
      file: "sign_up.py",
      run: "python3 sign_up.py",
      text: pythonText(body, here),
    },
    {
      language: "JavaScript",
      file: "sign-up.mjs",
      run: "node sign-up.mjs",
      text: javascript(body, here),
    },
  ];
}

type Body = Pick<NewTenant, "slug" | "blueprint" | "name"> & Partial<NewTenant>;

/** What is empty need not be sent. */
function bodyOf({ slug, blueprint, name, values, secrets }: NewTenant): Body {
  return {
    slug,
    blueprint,
    name,
    ...(Object.keys(values).length > 0 ? { values } : {}),
    ...(Object.keys(secrets).length > 0 ? { secrets } : {}),
  };
}

/** Something to send for every value that a new tenant has to bring. */
export function exampleValues(questions: readonly Question[]): { [name: string]: unknown } {
  const needed = questions.filter(({ required }) => required);
  return Object.fromEntries(needed.map((question) => [question.name, exampleOf(question)]));
}

function exampleOf({ option, default: fallback }: Question): unknown {
  const { schema, kind } = option;
  if (fallback !== undefined && fallback !== null) return fallback;
  if (schema.enum?.[0] !== undefined) return schema.enum[0];
  if (kind === "boolean") return true;
  if (kind === "integer" || kind === "number") return schema.minimum ?? 1;
  return kind === "list" ? [] : "example";
}

function curl(body: Body, { api, home }: Here): string {
  return `# Signs a customer up: creates the tenant, waits until it answers, prints the way in.
API=${shellWord(api)}
STATEROOM_HOME=\${STATEROOM_HOME:-${shellWord(home)}}
KEY="\${STATEROOM_KEY:-$(cat "$STATEROOM_HOME/admin.key")}"

# The key goes in by stdin: what stands in a command line is seen by every user of the machine.
call() {
  printf 'header = "Authorization: Bearer %s"\\n' "$KEY" |
    curl --config - --noproxy '*' --silent --show-error --fail-with-body "$@"
  echo
}

# One Idempotency-Key for each sign-up: keep it, and a repeated call makes no second tenant.
call "$API/tenants" \\
  --header 'Content-Type: application/json' \\
  --header "Idempotency-Key: $(cat /proc/sys/kernel/random/uuid)" \\
  --data ${shellWord(json(body))}

# Answers as soon as it is ready.
call "$API/tenants/${body.slug}?${WAIT}"

# open_url signs one browser in, once, within 60 seconds: send your customer there.
call "$API/tenants/${body.slug}/access"
`;
}

function pythonText(body: Body, { api, home }: Here): string {
  return `"""Signs a customer up: creates the tenant, waits until it answers, prints the way in."""

import json
import os
import pathlib
import sys
import urllib.error
import urllib.request
import uuid

API = ${python(api)}
HOME = pathlib.Path(os.environ.get("STATEROOM_HOME", ${python(home)}))
KEY = os.environ.get("STATEROOM_KEY") or (HOME / "admin.key").read_text().strip()

# No proxy stands between this machine and itself.
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def call(method, path, body=None, headers=None):
    """What the API answers; its own words and the end where it refuses."""
    request = urllib.request.Request(API + path, method=method, headers=headers or {})
    request.add_header("Authorization", "Bearer " + KEY)
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    try:
        with opener.open(request) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        sys.exit(error.read().decode())


# One Idempotency-Key for each sign-up: keep it, and a repeated call makes no second tenant.
tenant = call("POST", "/tenants", ${python(body)}, {"Idempotency-Key": str(uuid.uuid4())})

# Answers as soon as it is ready.
tenant = call("GET", "/tenants/" + tenant["slug"] + "?${WAIT}")
if tenant["status"]["phase"] not in ("ready", "asleep"):
    sys.exit(tenant["status"]["phase"] + ": " + tenant["status"]["reason"])

# open_url signs one browser in, once, within 60 seconds: send your customer there.
print(call("GET", "/tenants/" + tenant["slug"] + "/access")["open_url"])
`;
}

function javascript(body: Body, { api, home }: Here): string {
  return `// Signs a customer up: creates the tenant, waits until it answers, prints the way in.
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";

const API = ${json(api)};
const HOME = process.env.STATEROOM_HOME ?? ${json(home)};
const KEY = process.env.STATEROOM_KEY ?? readFileSync(\`\${HOME}/admin.key\`, "utf8").trim();

/** What the API answers; an error with its own words where it refuses. */
async function call(method, path, body, headers = {}) {
  const answer = await fetch(API + path, {
    method,
    headers: { Authorization: \`Bearer \${KEY}\`, "Content-Type": "application/json", ...headers },
    body: body && JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

// One Idempotency-Key for each sign-up: keep it, and a repeated call makes no second tenant.
const { slug } = await call("POST", "/tenants", ${json(body)}, { "Idempotency-Key": randomUUID() });

// Answers as soon as it is ready.
const { status } = await call("GET", \`/tenants/\${slug}?${WAIT}\`);
if (!["ready", "asleep"].includes(status.phase)) {
  throw new Error(\`\${status.phase}: \${status.reason}\`);
}

// open_url signs one browser in, once, within 60 seconds: send your customer there.
const { open_url } = await call("GET", \`/tenants/\${slug}/access\`);
console.log(open_url);
`;
}

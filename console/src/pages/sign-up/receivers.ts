// PURE. Programs that take the operator's webhook and check who sent it: by Standard Webhooks, with
// nothing but what the language brings.
export interface Receiver {
  language: "Python" | "JavaScript";
  file: string;
  run: string;
  text: string;
}

const PORT = 9000;

export function receivers(): Receiver[] {
  return [
    { language: "Python", file: "receiver.py", run: "python3 receiver.py", text: PYTHON },
    { language: "JavaScript", file: "receiver.mjs", run: "node receiver.mjs", text: JAVASCRIPT },
  ];
}

const PYTHON = `"""Takes Stateroom's webhook on port ${PORT}. Give it the secret as STATEROOM_WEBHOOK_SECRET."""

import base64
import hashlib
import hmac
import http.server
import json
import os
import time

TOLERANCE = 300  # Seconds: an older message may be one that was recorded and sent again.


def verified(headers, body, secret, now):
    """The message, if it comes from whoever knows the secret. body: bytes, as they came."""
    sent_at = headers["webhook-timestamp"]
    signed = f"{headers['webhook-id']}.{sent_at}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    # For a day after a new secret was made there are two signatures.
    given = headers["webhook-signature"].split()
    if not any(hmac.compare_digest(one.encode(), expected.encode()) for one in given):
        raise ValueError("this message is not signed with our secret")
    if abs(now - int(sent_at)) > TOLERANCE:
        raise ValueError("this message is too old")
    return json.loads(body)


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        try:
            message = verified(self.headers, body, os.environ["STATEROOM_WEBHOOK_SECRET"], time.time())
        except (ValueError, TypeError, AttributeError) as error:
            self.send_error(401, str(error))
            return
        print(message["type"], message["data"]["slug"], message["data"]["url"], flush=True)
        # Any 2xx says that it was taken; the same webhook-id may come again.
        self.send_response(204)
        self.end_headers()


if __name__ == "__main__":
    http.server.HTTPServer(("127.0.0.1", ${PORT}), Receiver).serve_forever()
`;

const JAVASCRIPT = `// Takes Stateroom's webhook on port ${PORT}. Give it the secret as STATEROOM_WEBHOOK_SECRET.
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";

const TOLERANCE = 300; // Seconds: an older message may be one that was recorded and sent again.

/** The message, if it comes from whoever knows the secret. body: a Buffer, as it came. */
export function verified(headers, body, secret, now) {
  const sentAt = headers["webhook-timestamp"];
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const digest = createHmac("sha256", key)
    .update(\`\${headers["webhook-id"]}.\${sentAt}.\`)
    .update(body)
    .digest("base64");
  const expected = Buffer.from(\`v1,\${digest}\`);
  // For a day after a new secret was made there are two signatures.
  const given = String(headers["webhook-signature"]).split(" ").map((one) => Buffer.from(one));
  const isOurs = given.some((one) => one.length === expected.length && timingSafeEqual(one, expected));
  if (!isOurs) throw new Error("this message is not signed with our secret");
  if (!(Math.abs(now - Number(sentAt)) <= TOLERANCE)) throw new Error("this message is too old");
  return JSON.parse(body.toString());
}

const receiver = createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  const secret = process.env.STATEROOM_WEBHOOK_SECRET;
  try {
    const message = verified(request.headers, Buffer.concat(parts), secret, Date.now() / 1000);
    console.log(message.type, message.data.slug, message.data.url);
    // Any 2xx says that it was taken; the same webhook-id may come again.
    response.writeHead(204).end();
  } catch (error) {
    response.writeHead(401).end(error.message);
  }
});

const isProgram = import.meta.url === pathToFileURL(process.argv[1] ?? "").href;
if (isProgram) receiver.listen(${PORT}, "127.0.0.1");
`;

// The stub's tenants answer too: slowly, in pieces, and one of each kind of trouble on demand
// ("429", "503", "break off").
import type { IncomingMessage, ServerResponse } from "node:http";

const PAUSE = 60;
const ANSWER =
  "I am the stub's own demo model.\n\n  - I keep    the spaces that I am given,\n  - and <b>markup</b> is text to me.\n\n";

export const CHAT = "/stub-tenant/";

export async function answerChat(request: IncomingMessage, response: ServerResponse) {
  let body = "";
  for await (const part of request) body += String(part);
  const { messages } = JSON.parse(body) as { messages: { content: string }[] };
  const said = messages.at(-1)?.content ?? "";
  if (said.includes("429")) return refuse(response, 429, { "Retry-After": "12" });
  if (said.includes("503")) return refuse(response, 503, { "Retry-After": "5" });
  response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
  const long = said.includes("long") ? ANSWER.repeat(8) : ANSWER;
  const words = `${long}You said: ${said}`.split(/(?<=\s)/);
  for (const [index, word] of words.entries()) {
    if (response.destroyed) return;
    if (said.includes("break off") && index === 6) return response.end();
    const chunk = { choices: [{ delta: { content: word } }] };
    response.write(`data: ${JSON.stringify(chunk)}\n\n`);
    await new Promise((done) => setTimeout(done, PAUSE));
  }
  response.end("data: [DONE]\n\n");
}

function refuse(response: ServerResponse, status: number, headers: { [name: string]: string }) {
  response.writeHead(status, { "Content-Type": "application/problem+json", ...headers });
  response.end(JSON.stringify({ type: "about:blank", title: "Refused", status, detail: "Wait." }));
}

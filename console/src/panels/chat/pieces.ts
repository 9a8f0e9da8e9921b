// PURE. A streamed answer as it comes over the wire (server-sent events of a chat completion): text
// in any cut, pieces of the answer out. A line that is no JSON is passed over; an error is a piece.
export type Piece = { text: string } | { error: string } | { done: true };

/** Give it what arrived, in order; it gives back the pieces that are complete by then. */
export function createReader(): (arrived: string) => Piece[] {
  let rest = "";
  return (arrived) => {
    rest += arrived;
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? "";
    return lines.flatMap(piecesOf);
  };
}

function piecesOf(line: string): Piece[] {
  if (!line.startsWith("data:")) return [];
  const data = line.slice("data:".length).trim();
  if (data === "[DONE]") return [{ done: true }];
  const chunk = parsed(data);
  const error = at(chunk, "error");
  if (error !== undefined && error !== null) return [{ error: errorText(error) }];
  const choices = at(chunk, "choices");
  if (!Array.isArray(choices)) return [];
  return choices.flatMap((choice: unknown): Piece[] => {
    const text = at(at(choice, "delta"), "content");
    return typeof text === "string" && text !== "" ? [{ text }] : [];
  });
}

/** The words of an error, in whichever form it came. */
export function errorText(error: unknown): string {
  const message = at(error, "message") ?? at(error, "detail") ?? error;
  return typeof message === "string" ? message : JSON.stringify(message);
}

function at(given: unknown, name: string): unknown {
  if (typeof given !== "object" || given === null || !Object.hasOwn(given, name)) return undefined;
  return (given as { [name: string]: unknown })[name];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The words of a refusal: problem+json of ours, an error of OpenClaw's, or nothing. */
export function refusalText(body: string): string {
  const given = parsed(body);
  const error = at(given, "error");
  if (error !== undefined && error !== null) return errorText(error);
  const detail = at(given, "detail");
  return typeof detail === "string" ? detail : "";
}

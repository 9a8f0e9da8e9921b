// YAML with a little colour: names, texts, numbers and remarks. Only for the eye, and always as
// elements with text in them: what somebody pasted is never markup.
import type { ReactNode } from "react";

const PART =
  /(?<remark>(?:^|(?<=\s))#.*$)|(?<text>"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')|(?<name>[\w.-]+(?=:(?:\s|$)))|(?<number>(?<=[\s[,:])-?\d+(?:\.\d+)?(?=[\s,\]}]|$))|(?<mark>[-:{}[\],|>](?=\s|$)|[{}[\],])/gm;
/** Longer texts stay plain: colour is not worth a slow keystroke. */
const LONGEST = 60_000;

export function coloured(text: string): ReactNode {
  if (text.length > LONGEST) return `${text}\n`;
  const parts: ReactNode[] = [];
  let at = 0;
  for (const found of text.matchAll(PART)) {
    const kind = Object.entries(found.groups ?? {}).find(([, part]) => part !== undefined)?.[0];
    parts.push(text.slice(at, found.index));
    parts.push(
      <span key={found.index} className={`yaml-${kind}`}>
        {found[0]}
      </span>,
    );
    at = found.index + found[0].length;
  }
  return [...parts, text.slice(at), "\n"];
}

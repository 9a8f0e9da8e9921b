// A sentence of the server's: what it sets in backticks is a command or a name, and is shown as
// one. Everything is text, whatever is in it.
export function Said({ text }: { text: string }) {
  return text
    .split(/`([^`\n]+)`/)
    .map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part));
}

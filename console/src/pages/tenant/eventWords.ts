// PURE. An event in words. What it does not know it shows as it is.
export interface Happened {
  kind: string;
  data: { [key: string]: unknown };
}

const CHANGES: { [change: string]: string } = {
  create: "Created",
  restart: "Restart asked for",
  delete: "Deletion asked for",
};

const ACTIONS: { [action: string]: string } = {
  access: "Somebody looked at its access",
  rotate: "Its API token was replaced",
};

export function inWords({ kind, data }: Happened): string {
  const { phase, reason, change, action, by } = data;
  if (typeof action === "string") {
    const said = ACTIONS[action] ?? action.replaceAll("_", " ");
    return typeof by === "string" && by !== "" ? `${said} (${by})` : said;
  }
  if (typeof change === "string") return CHANGES[change] ?? change;
  if (Array.isArray(change)) return `Changed: ${change.map(String).join(", ")}`;
  if (typeof phase === "string") {
    return typeof reason === "string" && reason !== "" ? `${phase}: ${reason}` : phase;
  }
  return kind;
}

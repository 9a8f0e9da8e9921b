// PURE. A tenant's limits: what they are called, how far they go, and the stops of their sliders.
// A range such as 64 MiB to 4 TiB is no straight line: a slider steps through sizes that people use.
import type { Option } from "../../blueprint/kinds";
import { KINDS } from "../../blueprint/kinds";
import { optionProblem } from "../../blueprint/option";
import { size } from "../tenants/times";

export const LIMITS = ["cpu", "memory_mb", "disk_mb", "pids", "requests_per_minute"] as const;
export type Limit = (typeof LIMITS)[number];
export type LimitEdits = { [limit in Limit]?: string | null };

const STOPS: { [limit in Limit]: number[] } = {
  cpu: [0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64],
  memory_mb: [768, 1024, 1536, 2048, 3072, 4096, 6144, 8192, 12288, 16384, 32768, 65536],
  disk_mb: [256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072, 262144, 524288],
  pids: [64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768],
  requests_per_minute: [10, 30, 60, 120, 300, 600, 1200, 3000, 6000, 12000, 60000],
};

/** The option that a limit bounds, as every blueprint has it. */
export function optionFor(limit: Limit): Option | undefined {
  for (const kind of KINDS.values()) {
    const found = kind.options.find((option) => option.limit === limit);
    if (found) return found;
  }
  return undefined;
}

/** What it is called. A volume calls its own only "Size". */
export function titleFor(limit: Limit): string {
  return limit === "disk_mb" ? "Disk (MiB)" : (optionFor(limit)?.schema.title ?? limit);
}

/** The slider's stops with the value among them, whatever it is. */
export function stopsFor(limit: Limit, value: number, least = 0): number[] {
  const all = new Set([...STOPS[limit], ...(Number.isFinite(value) ? [value] : [])]);
  return [...all].filter((stop) => stop >= least).sort((one, other) => one - other);
}

export function meantLimit(written: string): number {
  return written.trim() === "" ? Number.NaN : Number(written.trim().replace(",", "."));
}

/** What is wrong with a limit as written, or undefined. A disk only grows. */
export function limitProblem(limit: Limit, written: string, now: number): string | undefined {
  const value = meantLimit(written);
  const option = optionFor(limit);
  if (!Number.isFinite(value)) return "Write a number.";
  if (limit === "disk_mb" && value < now) return `A disk only grows: at least ${now}.`;
  const problem = option && optionProblem({ ...option, name: titleFor(limit) }, value, "");
  return problem ? `${problem.detail} ${problem.hint}`.trim() : undefined;
}

/** The patch that the edits mean: null goes back to what the blueprint says. */
export function limitsPatch(edits: LimitEdits): { [limit: string]: number | null } {
  const entries = Object.entries(edits).map(
    ([limit, written]) => [limit, written === null ? null : meantLimit(written)] as const,
  );
  return Object.fromEntries(entries);
}

/** A limit in words. */
export function said(limit: Limit, value: number): string {
  switch (limit) {
    case "cpu":
      return `${value} ${value === 1 ? "core" : "cores"}`;
    case "memory_mb":
    case "disk_mb":
      return size(value);
    case "pids":
      return `${value.toLocaleString("en")} processes and threads`;
    case "requests_per_minute":
      return `${value.toLocaleString("en")} a minute`;
  }
}

/** How much of a limit is used. What is counted and not measured is named by the limit's title. */
export function usedSaid(limit: Limit, used: number, of: number): string {
  switch (limit) {
    case "cpu":
      return `${said(limit, Math.round(used * 100) / 100)} of ${said(limit, of)} used`;
    case "memory_mb":
    case "disk_mb":
      return `${said(limit, used)} of ${said(limit, of)} used`;
    case "pids":
      return `${used.toLocaleString("en")} of ${of.toLocaleString("en")} used`;
    case "requests_per_minute":
      return `${used.toLocaleString("en")} of ${of.toLocaleString("en")} in the last minute`;
  }
}

// Parts of the console that are loaded when they are first drawn. All of them are fetched ahead as
// soon as the page has nothing else to do: what is open can be worked on while the server is away.
import { type ComponentType, lazy } from "react";
import { ApiError } from "./api/client";

const loads: (() => Promise<unknown>)[] = [];

/** A part that `load` brings. One that does not come says what to do. */
export function lazily<Props extends object>(load: () => Promise<ComponentType<Props>>) {
  loads.push(load);
  return lazy(async () => ({
    default: await load()
      .catch(() => again(load))
      .catch(saySo),
  }));
}

/** Fetch what was not needed yet, once the page stands. Returns how not to. */
export function fetchAhead(): () => void {
  const due = setTimeout(fetchAll, PAUSE);
  return () => clearTimeout(due);
}

const PAUSE = 500;

function again<Part>(load: () => Promise<Part>): Promise<Part> {
  return new Promise<void>((resolve) => setTimeout(resolve, PAUSE)).then(load);
}

async function fetchAll(): Promise<void> {
  // One after the other, and also those that one of them brings.
  for (const load of loads) {
    // One that does not come now is asked for again when it is drawn.
    await load().catch(() => undefined);
  }
}

function saySo(): never {
  throw new ApiError({
    type: "about:blank",
    title: "Not loaded",
    status: 0,
    detail:
      "This part of the console cannot be loaded: the control plane does not answer, or is of another version by now. Your edits are kept in this browser.",
    errors: null,
  });
}

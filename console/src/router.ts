// Where in the console one is: the address bar is the state, History its only writer.
import { useSyncExternalStore } from "react";

export type Route =
  | { page: "overview" | "blueprints" | "tenants" | "sign-up" | "providers" | "settings" }
  | { page: "first" | "sign-in" | "missing" }
  | { page: "blueprint" | "tenant"; name: string };

const PAGES = ["blueprints", "tenants", "sign-up", "providers", "settings", "first", "sign-in"];

/** The page that a path names. */
export function routeOf(path: string): Route {
  const [first = "", second = "", ...rest] = path.split("/").filter(Boolean).map(decoded);
  if (rest.length > 0) return { page: "missing" };
  if (!first) return { page: "overview" };
  if (second) {
    if (first === "blueprints") return { page: "blueprint", name: second };
    if (first === "tenants") return { page: "tenant", name: second };
    return { page: "missing" };
  }
  return PAGES.includes(first) ? ({ page: first } as Route) : { page: "missing" };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export const paths = {
  overview: "/",
  blueprints: "/blueprints",
  blueprint: (name: string) => `/blueprints/${encodeURIComponent(name)}`,
  tenants: "/tenants",
  tenant: (slug: string) => `/tenants/${encodeURIComponent(slug)}`,
  signUp: "/sign-up",
  providers: "/providers",
  settings: "/settings",
  first: "/first",
  signIn: "/sign-in",
};

const MOVED = "stateroom:moved";

/** Go there. `replace` leaves no step in the history. */
export function navigate(to: string, { replace = false } = {}): void {
  if (to === location.pathname + location.search + location.hash) return;
  if (replace) history.replaceState(null, "", to);
  else history.pushState(null, "", to);
  dispatchEvent(new Event(MOVED));
}

function subscribe(changed: () => void): () => void {
  addEventListener("popstate", changed);
  addEventListener(MOVED, changed);
  return () => {
    removeEventListener("popstate", changed);
    removeEventListener(MOVED, changed);
  };
}

export function usePath(): string {
  return useSyncExternalStore(subscribe, () => location.pathname);
}

export function useRoute(): Route {
  return routeOf(usePath());
}

/** The query of the address as a form of filters: read it, and replace parts of it. */
export function useQuery(): [URLSearchParams, (change: { [name: string]: string | null }) => void] {
  const search = useSyncExternalStore(subscribe, () => location.search);
  const change = (parts: { [name: string]: string | null }) => {
    const next = new URLSearchParams(location.search);
    for (const [name, value] of Object.entries(parts)) {
      if (value) next.set(name, value);
      else next.delete(name);
    }
    const text = next.toString();
    navigate(location.pathname + (text ? `?${text}` : ""), { replace: true });
  };
  return [new URLSearchParams(search), change];
}

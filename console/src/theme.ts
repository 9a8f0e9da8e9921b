// Light, dark, or what the machine prefers; kept in this browser.
import { create } from "zustand";

export type Theme = "auto" | "light" | "dark";
const KEY = "stateroom:theme";
const NEXT: { [theme in Theme]: Theme } = { auto: "light", light: "dark", dark: "auto" };

function stored(): Theme {
  const theme = localStorage.getItem(KEY);
  return theme === "light" || theme === "dark" ? theme : "auto";
}

export const useTheme = create<{ theme: Theme }>(() => ({ theme: stored() }));

export function applyTheme(theme: Theme = stored()): void {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

export function nextTheme(): void {
  setTheme(NEXT[useTheme.getState().theme]);
}

export function setTheme(theme: Theme): void {
  localStorage.setItem(KEY, theme);
  applyTheme(theme);
  useTheme.setState({ theme });
}

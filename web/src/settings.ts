// What the visitor has chosen, remembered by the browser: language and theme. The names of both are
// known to early.js too.

import type { Language } from "./format.ts";

export type Theme = "auto" | "light" | "dark";

const LANGUAGE = "chaac.language";
const THEME = "chaac.theme";

function read(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null; // Storage may be forbidden.
  }
}

function write(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch {
    // It holds until the page is left.
  }
}

/** The first language of the browser that we speak; else English. */
export function languageOf(chosen: string | null, preferred: readonly string[]): Language {
  if (chosen === "es" || chosen === "en") return chosen;
  for (const tag of preferred) {
    const language = tag.slice(0, 2).toLowerCase();
    if (language === "es" || language === "en") return language;
  }
  return "en";
}

export const storedLanguage = (): Language => languageOf(read(LANGUAGE), navigator.languages);

export function storeLanguage(language: Language): void {
  write(LANGUAGE, language);
}

export function storedTheme(): Theme {
  const theme = read(THEME);
  return theme === "light" || theme === "dark" ? theme : "auto";
}

export function storeTheme(theme: Theme): void {
  write(THEME, theme === "auto" ? null : theme);
}

export function applyTheme(theme: Theme): void {
  if (theme === "auto") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}

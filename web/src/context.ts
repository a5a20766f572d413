// What views need to speak: the language's texts and formats.

import { type Formats, formatsFor, type Language, localeFor, NOTHING } from "./format.ts";
import { en, type Texts } from "./texts/en.ts";
import { es } from "./texts/es.ts";

export interface Context {
  language: Language;
  t: Texts;
  f: Formats;
  /** A condition's name; one that we have no word for (they are configurable) as it is. */
  weather(condition: string | null): string;
  /** 1 report; 12 reports */
  reports(count: number): string;
}

export function contextFor(language: Language, preferred: readonly string[]): Context {
  const t = language === "es" ? es : en;
  const f = formatsFor(localeFor(language, preferred));
  return {
    language,
    t,
    f,
    reports: (count) => (count === 1 ? t.once : t.times(f.integer(count))),
    weather: (condition) => (condition === null ? NOTHING : (t.weather[condition] ?? condition)),
  };
}

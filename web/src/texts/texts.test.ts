// Both languages say the same things.

import { expect, test } from "vitest";
import { languageOf } from "../settings.ts";
import { en } from "./en.ts";
import { es } from "./es.ts";

type Leaf = [path: string, value: unknown];

function leaves(value: unknown, path = ""): Leaf[] {
  if (typeof value !== "object" || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, `${path}.${key}`));
}

const spanish = new Map(leaves(es));

test("every key is there in both languages", () => {
  expect([...spanish.keys()]).toEqual(leaves(en).map(([path]) => path));
});

test.each(leaves(en))("%s says something in both", (path, english) => {
  const other = spanish.get(path);
  const words = ["one", "two", "three"];
  const say = (text: unknown) =>
    typeof text === "function" ? (text as (...words: string[]) => string)(...words) : String(text);
  expect(say(english).trim()).not.toBe("");
  expect(say(other).trim()).not.toBe("");
  if (typeof english !== "function") return;
  for (const word of words.slice(0, english.length)) {
    expect(say(english)).toContain(word);
    expect(say(other)).toContain(word);
  }
});

test("the language is what was chosen, else the browser's first that we speak", () => {
  expect(languageOf("es", ["en"])).toBe("es");
  expect(languageOf(null, ["de-DE", "es-GT", "en"])).toBe("es");
  expect(languageOf(null, ["en-GB", "es"])).toBe("en");
  expect(languageOf("fr", ["de"])).toBe("en");
});

// The table's order and search. Pure.

import { fold, type Municipality } from "./merge.ts";

export const COLUMNS = [
  "name",
  "count",
  "temperature",
  "humidity",
  "temperatureRange",
  "humidityRange",
  "condition",
  "last",
] as const;
export type Column = (typeof COLUMNS)[number];
export type Direction = "ascending" | "descending";

export interface Order {
  column: Column;
  direction: Direction;
}

/** What a first click on a column gives: names from A, figures from the largest. */
export function firstDirection(column: Column): Direction {
  return column === "name" || column === "condition" ? "ascending" : "descending";
}

export function toggled(order: Order, column: Column): Order {
  if (order.column !== column) return { column, direction: firstDirection(column) };
  return { column, direction: order.direction === "ascending" ? "descending" : "ascending" };
}

function keyOf(municipality: Municipality, column: Column): number | string | null {
  switch (column) {
    case "name":
      return municipality.label;
    case "count":
      return municipality.count;
    case "temperature":
      return municipality.avg_temperature;
    case "humidity":
      return municipality.avg_humidity;
    case "temperatureRange":
      return municipality.extremes.temperature.max;
    case "humidityRange":
      return municipality.extremes.humidity.max;
    case "condition":
      return municipality.most_common;
    case "last":
      return municipality.last_report_at;
  }
}

const NAMES = new Intl.Collator("es");

function compareKeys(a: number | string, b: number | string): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return NAMES.compare(String(a), String(b));
}

/** Sorted anew; what is unknown comes last either way, equals by name. */
export function sorted(municipalities: readonly Municipality[], order: Order): Municipality[] {
  const sign = order.direction === "ascending" ? 1 : -1;
  const keyed = municipalities.map((municipality) => ({
    municipality,
    key: keyOf(municipality, order.column),
  }));
  keyed.sort((a, b) => {
    if (a.key !== null && b.key !== null) {
      const difference = sign * compareKeys(a.key, b.key);
      if (difference !== 0) return difference;
    } else if (a.key !== null || b.key !== null) {
      return a.key === null ? 1 : -1;
    }
    return (
      NAMES.compare(a.municipality.label, b.municipality.label) ||
      (a.municipality.slug < b.municipality.slug ? -1 : 1)
    );
  });
  return keyed.map(({ municipality }) => municipality);
}

/** Those whose name, slug or department has every word of the query, case and accents aside. */
export function matching(municipalities: readonly Municipality[], query: string): Municipality[] {
  const words = fold(query).split(/\s+/).filter(Boolean);
  if (words.length === 0) return [...municipalities];
  return municipalities.filter(({ label, slug, department }) => {
    const text = fold(`${label} ${slug} ${department ?? ""}`);
    return words.every((word) => text.includes(word));
  });
}

/** The same, with those that stood in `before` first and in its order: rows that do not move. */
export function held(found: readonly Municipality[], before: readonly string[]): Municipality[] {
  const bySlug = new Map(found.map((one) => [one.slug, one]));
  const kept = before.map((slug) => bySlug.get(slug)).filter((one) => one !== undefined);
  const standing = new Set(before);
  return [...kept, ...found.filter(({ slug }) => !standing.has(slug))];
}

// Samples for the unit tests.

import type { Municipality } from "./merge.ts";
import type { Figures, Snapshot } from "./wire.ts";

export function figures(slug: string, given: Partial<Figures> = {}): Figures {
  return {
    slug,
    count: 1,
    avg_temperature: 20,
    avg_humidity: 50,
    extremes: { temperature: { min: 20, max: 20 }, humidity: { min: 50, max: 50 } },
    by_condition: { sunny: 1 },
    most_common: "sunny",
    least_common: "sunny",
    last_report_at: "2026-11-25T18:00:00Z",
    ...given,
  };
}

export function municipality(slug: string, given: Partial<Municipality> = {}): Municipality {
  return { ...figures(slug), label: slug, department: null, lat: null, lon: null, ...given };
}

export function snapshot(municipalities: Figures[]): Snapshot {
  return {
    number: 1,
    timestamp: 1_795_480_929,
    total_processed: municipalities.reduce((sum, { count }) => sum + count, 0),
    counts_by_weather: {},
    extremes: { temperature: { min: null, max: null }, humidity: { min: null, max: null } },
    municipalities,
  };
}

// Joins a snapshot's figures with the catalogue's names and places. Pure.

import type { Figures, Place, Range, Snapshot } from "./wire.ts";

export interface Municipality extends Figures {
  /** The name, or the slug where the catalogue has none. */
  label: string;
  department: string | null;
  lat: number | null;
  lon: number | null;
}

export type Catalogue = ReadonlyMap<string, Place>;

export function catalogueOf(places: readonly Place[]): Catalogue {
  return new Map(places.map((place) => [place.slug, place]));
}

function join(figures: Figures, place: Place | undefined): Municipality {
  return {
    ...figures,
    label: place?.name ?? figures.slug,
    department: place?.department ?? null,
    lat: place?.lat ?? null,
    lon: place?.lon ?? null,
  };
}

const NO_RANGE: Range = { min: null, max: null };

/** A municipality from which nothing has come. */
export function silent(place: Place): Municipality {
  const figures: Figures = {
    slug: place.slug,
    count: 0,
    avg_temperature: null,
    avg_humidity: null,
    extremes: { temperature: NO_RANGE, humidity: NO_RANGE },
    by_condition: {},
    most_common: null,
    least_common: null,
    last_report_at: null,
  };
  return join(figures, place);
}

/** Those that have reports, by slug. */
export function reporting(snapshot: Snapshot, catalogue: Catalogue): Municipality[] {
  return snapshot.municipalities
    .filter(({ count }) => count > 0)
    .map((figures) => join(figures, catalogue.get(figures.slug)));
}

/** The others of the catalogue. */
export function silentOnes(snapshot: Snapshot, catalogue: Catalogue): Municipality[] {
  const heard = new Set(snapshot.municipalities.map(({ slug, count }) => (count > 0 ? slug : "")));
  return [...catalogue.values()].filter(({ slug }) => !heard.has(slug)).map(silent);
}

export interface Department {
  /** As the catalogue spells it. */
  name: string;
  count: number;
  municipalities: number;
  /** The mean of its municipalities' averages, each counting once. */
  temperature: number | null;
  humidity: number | null;
}

function mean(values: (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}

/** Departments that have reports, by name. */
export function departments(municipalities: readonly Municipality[]): Department[] {
  const groups = new Map<string, Municipality[]>();
  for (const municipality of municipalities) {
    const { department } = municipality;
    if (department === null) continue;
    const members = groups.get(department);
    if (members === undefined) groups.set(department, [municipality]);
    else members.push(municipality);
  }
  return [...groups]
    .map(([name, members]) => ({
      name,
      count: members.reduce((sum, { count }) => sum + count, 0),
      municipalities: members.length,
      temperature: mean(members.map(({ avg_temperature }) => avg_temperature)),
      humidity: mean(members.map(({ avg_humidity }) => avg_humidity)),
    }))
    .sort((a, b) => a.name.localeCompare(b.name, "es"));
}

export interface Holder {
  value: number;
  municipality: Municipality;
}

/** The municipality that holds the overall minimum or maximum of a measure; the first by slug. */
export function holder(
  municipalities: readonly Municipality[],
  measure: "temperature" | "humidity",
  end: "min" | "max",
): Holder | null {
  let best: Holder | null = null;
  for (const municipality of municipalities) {
    const value = municipality.extremes[measure][end];
    if (value === null) continue;
    if (best === null || (end === "max" ? value > best.value : value < best.value)) {
      best = { value, municipality };
    }
  }
  return best;
}

/** When the newest report of all arrived, in milliseconds of Unix time; null when unknown. */
export function newestReport(municipalities: readonly Municipality[]): number | null {
  const times = municipalities
    .map(({ last_report_at }) => Date.parse(last_report_at ?? ""))
    .filter((time) => !Number.isNaN(time));
  return times.length === 0 ? null : Math.max(...times);
}

/** A slug for comparing a department's spellings: "Petén" is "peten". */
export function slugOf(name: string): string {
  return fold(name).replace(/[^a-z0-9]+/g, "-");
}

/** Lower case without accents. */
export function fold(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

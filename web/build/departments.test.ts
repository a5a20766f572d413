// The map holds what the catalogue has, where it has it.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { convert, readTopology, SLUG_OF_ID } from "./departments.ts";

const CATALOGUE = readFileSync(join(import.meta.dirname, "../../data/municipalities.csv"), "utf8")
  .trim()
  .split("\n")
  .slice(1)
  .map((line) => line.split(","))
  .map(([, slug, , , department, lat, lon]) => ({ slug, department, lat, lon }));

const map = convert(readTopology());

test("every department of the catalogue is drawn, and no other", () => {
  const known = [...new Set(CATALOGUE.map(({ department }) => department))].sort();
  expect(map.departments.map(({ slug }) => slug)).toEqual(known);
  expect(Object.values(SLUG_OF_ID).sort()).toEqual(known);
});

test("paths are closed and stay on the map", () => {
  for (const { path, box } of map.departments) {
    expect(path).toMatch(/^(M\d+,\d+l[-\d ]+z)+$/);
    const [left, top, width, height] = box;
    expect(Math.min(left, top, width, height)).toBeGreaterThan(0);
    expect(left + width).toBeLessThanOrEqual(map.width);
    expect(top + height).toBeLessThanOrEqual(map.height);
  }
});

test("a path's steps lead back to where it began", () => {
  for (const { path } of map.departments) {
    for (const ring of path.split("z").filter(Boolean)) {
      const steps = (/l(.*)$/.exec(ring)?.[1] ?? "").match(/-?\d+/g)?.map(Number) ?? [];
      const sum = (start: number) =>
        steps.filter((_, index) => index % 2 === start).reduce((total, step) => total + step, 0);
      expect([sum(0), sum(1)]).toEqual([0, 0]);
    }
  }
});

test("municipalities lie in their departments, give or take a coarse border", () => {
  const tolerance = 15; // Units: some seven kilometres.
  let placed = 0;
  for (const { department, lat, lon } of CATALOGUE) {
    if (!lat || !lon) continue;
    const box = map.departments.find(({ slug }) => slug === department)?.box ?? [0, 0, 0, 0];
    const x = (Number(lon) - map.west) * map.xScale;
    const y = (map.north - Number(lat)) * map.yScale;
    expect(x).toBeGreaterThan(box[0] - tolerance);
    expect(x).toBeLessThan(box[0] + box[2] + tolerance);
    expect(y).toBeGreaterThan(box[1] - tolerance);
    expect(y).toBeLessThan(box[1] + box[3] + tolerance);
    placed += 1;
  }
  expect(placed).toBeGreaterThan(300);
});

test("a department without a name here is refused", () => {
  const topology = readTopology();
  const [first] = topology.objects.gtm.geometries;
  if (first !== undefined) first.id = "GT.XX";
  expect(() => convert(topology)).toThrow("GT.XX");
});

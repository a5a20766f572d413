// Figures and names come together.

import { expect, test } from "vitest";
import {
  catalogueOf,
  departments,
  holder,
  newestReport,
  reporting,
  silentOnes,
  slugOf,
} from "./merge.ts";
import { figures, municipality, snapshot } from "./testing.ts";

const PLACES = [
  { slug: "mixco", name: "Mixco", department: "Guatemala", lat: 14.6, lon: -90.6 },
  { slug: "peten-one", name: "Flores", department: "Petén", lat: 16.9, lon: -89.9 },
];
const CATALOGUE = catalogueOf(PLACES);

test("names come from the catalogue, and the slug stands in for what it lacks", () => {
  const joined = reporting(snapshot([figures("mixco"), figures("elsewhere")]), CATALOGUE);
  expect(joined.map(({ label, department }) => [label, department])).toEqual([
    ["Mixco", "Guatemala"],
    ["elsewhere", null],
  ]);
});

test("who has no reports is silent, whether the snapshot lists it or not", () => {
  const counted = snapshot([figures("mixco", { count: 0 })]);
  expect(reporting(counted, CATALOGUE)).toEqual([]);
  expect(silentOnes(counted, CATALOGUE).map(({ slug }) => slug)).toEqual(["mixco", "peten-one"]);
  const heard = silentOnes(snapshot([figures("mixco")]), CATALOGUE);
  expect(heard).toMatchObject([{ slug: "peten-one", count: 0, avg_temperature: null }]);
});

test("a department is the mean of its municipalities, each once; unknown values do not count", () => {
  const found = departments([
    municipality("a", { department: "Petén", count: 99, avg_temperature: 30 }),
    municipality("b", { department: "Petén", count: 1, avg_temperature: 20, avg_humidity: null }),
    municipality("c", { department: "Jalapa", avg_temperature: null, avg_humidity: null }),
    municipality("d"),
  ]);
  expect(found).toEqual([
    { name: "Jalapa", count: 1, municipalities: 1, temperature: null, humidity: null },
    { name: "Petén", count: 100, municipalities: 2, temperature: 25, humidity: 50 },
  ]);
});

test("the holder of an extreme is the first that has it", () => {
  const range = (min: number | null, max: number | null) => ({
    temperature: { min, max },
    humidity: { min: null, max: null },
  });
  const all = [
    municipality("a", { extremes: range(null, null) }),
    municipality("b", { extremes: range(-3, 30) }),
    municipality("c", { extremes: range(-3, 31) }),
  ];
  expect(holder(all, "temperature", "max")).toMatchObject({
    value: 31,
    municipality: { slug: "c" },
  });
  expect(holder(all, "temperature", "min")).toMatchObject({
    value: -3,
    municipality: { slug: "b" },
  });
  expect(holder(all, "humidity", "min")).toBeNull();
});

test("the newest report is that of all, where any is known", () => {
  expect(newestReport([municipality("a", { last_report_at: null })])).toBeNull();
  expect(
    newestReport([
      municipality("a", { last_report_at: "2026-11-25T18:00:00Z" }),
      municipality("b", { last_report_at: "2026-11-25T18:00:05Z" }),
    ]),
  ).toBe(Date.UTC(2026, 10, 25, 18, 0, 5));
});

test("departments are compared without accents and spaces", () => {
  expect(slugOf("Sacatepéquez")).toBe("sacatepequez");
  expect(slugOf("El Progreso")).toBe("el-progreso");
});

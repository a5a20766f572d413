// Sorting and searching the table.

import { expect, test } from "vitest";
import type { Municipality } from "./merge.ts";
import { COLUMNS, held, matching, sorted, toggled } from "./order.ts";
import { municipality } from "./testing.ts";

const slugs = (list: Municipality[]) => list.map(({ slug }) => slug);

test("names are in Spanish order, whatever their case and accents", () => {
  const list = ["zacapa", "Ñuflo", "Ámbar", "nube", "agua"].map((label) =>
    municipality(label, { label }),
  );
  expect(slugs(sorted(list, { column: "name", direction: "ascending" }))).toEqual([
    "agua",
    "Ámbar",
    "nube",
    "Ñuflo",
    "zacapa",
  ]);
});

test("what is unknown comes last in both directions", () => {
  const list = [
    municipality("a", { avg_temperature: null }),
    municipality("b", { avg_temperature: -1 }),
    municipality("c", { avg_temperature: 10 }),
  ];
  const by = (direction: "ascending" | "descending") =>
    slugs(sorted(list, { column: "temperature", direction }));
  expect(by("ascending")).toEqual(["b", "c", "a"]);
  expect(by("descending")).toEqual(["c", "b", "a"]);
});

test("equals keep the order of names, so that rows do not jump", () => {
  const list = ["c", "a", "b"].map((slug) => municipality(slug, { count: 7 }));
  for (const column of COLUMNS.filter((name) => name !== "name")) {
    expect(slugs(sorted(list, { column, direction: "descending" }))).toEqual(["a", "b", "c"]);
  }
});

test("a click sorts, a second one turns round", () => {
  const byCount = toggled({ column: "name", direction: "ascending" }, "count");
  expect(byCount).toEqual({ column: "count", direction: "descending" });
  expect(toggled(byCount, "count")).toEqual({ column: "count", direction: "ascending" });
  expect(toggled(byCount, "name")).toEqual({ column: "name", direction: "ascending" });
});

test("finds every word, in name, slug or department, without accents", () => {
  const list = [
    municipality("la-libertad-peten", { label: "La Libertad", department: "Petén" }),
    municipality("la-libertad-huehuetenango", {
      label: "La Libertad",
      department: "Huehuetenango",
    }),
    municipality("mixco", { label: "Mixco" }),
  ];
  expect(slugs(matching(list, "LIBERTAD petén"))).toEqual(["la-libertad-peten"]);
  expect(slugs(matching(list, " mix "))).toEqual(["mixco"]);
  expect(matching(list, "")).toHaveLength(3);
  expect(matching(list, "nowhere")).toEqual([]);
});

test("rows that are held do not move; what is new follows, what is gone leaves no hole", () => {
  const found = ["d", "c", "a"].map((slug) => municipality(slug));
  expect(slugs(held(found, ["a", "b", "c"]))).toEqual(["a", "c", "d"]);
  expect(slugs(held(found, []))).toEqual(["d", "c", "a"]);
});

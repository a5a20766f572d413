// History becomes lines.

import { expect, test } from "vitest";
import { historyPath, samplesOf, seriesOf } from "./series.ts";
import type { History, HistoryPoint } from "./wire.ts";

const point = (minute: number, mean: number | null): HistoryPoint => ({
  at: new Date(Date.UTC(2026, 10, 25, 18, minute)).toISOString(),
  count: 1,
  temperature: mean === null ? null : { mean, min: mean - 1, max: mean + 1 },
  humidity: null,
});

const history = (points: HistoryPoint[], step = 60): History => ({
  municipality: "mixco",
  from: "",
  to: "",
  step,
  points,
});

test("neighbours are joined, and nothing is invented between others", () => {
  const { at, mean, min, max } = seriesOf(
    history([point(0, 20), point(1, 21), point(5, 22)]),
    "temperature",
  );
  expect(mean).toEqual([20, 21, null, 22]);
  expect(min).toEqual([19, 20, null, 21]);
  expect(max).toEqual([21, 22, null, 23]);
  expect(at.map((second) => second - (at[0] ?? 0))).toEqual([0, 60, 120, 300]);
});

test("a bucket without the measurement breaks its line too", () => {
  const series = seriesOf(history([point(0, 20), point(1, null), point(2, 22)]), "temperature");
  expect(series.mean).toEqual([20, null, 22]);
  expect(samplesOf(history([point(0, null)]), "humidity")).toEqual([]);
});

test("a coarser step tells what neighbours are", () => {
  const series = seriesOf(history([point(0, 20), point(15, 21)], 900), "temperature");
  expect(series.mean).toEqual([20, 21]);
});

test("asks for the period by the server's clock, in whole seconds", () => {
  const path = historyPath("san josé", 6, Date.UTC(2026, 10, 25, 18, 0, 0, 987));
  expect(decodeURIComponent(path)).toBe(
    "/api/municipalities/san josé/history?from=2026-11-25T12:00:00Z&to=2026-11-25T18:00:00Z&step=300",
  );
});

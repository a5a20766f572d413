// History as the arrays that a chart draws. Pure.

import type { History, HistoryPoint } from "./wire.ts";

export const PERIODS = [1, 6, 24] as const;
export type Period = (typeof PERIODS)[number];

/** Seconds of a bucket: some 60 to 100 points a chart, whatever the period. */
export const STEP_S: Record<Period, number> = { 1: 60, 6: 300, 24: 900 };

export type SeriesMeasure = "temperature" | "humidity";

export interface Series {
  /** Unix seconds. */
  at: number[];
  mean: (number | null)[];
  min: (number | null)[];
  max: (number | null)[];
}

export function samplesOf(history: History, measure: SeriesMeasure): HistoryPoint[] {
  return history.points.filter((point) => (point[measure]?.mean ?? null) !== null);
}

/** A line is broken where buckets without a sample lie between: nothing is known of them. */
export function seriesOf(history: History, measure: SeriesMeasure): Series {
  const series: Series = { at: [], mean: [], min: [], max: [] };
  const add = (at: number, mean: number | null, min: number | null, max: number | null) => {
    series.at.push(at);
    series.mean.push(mean);
    series.min.push(min);
    series.max.push(max);
  };
  for (const point of samplesOf(history, measure)) {
    const values = point[measure];
    if (values === null) continue;
    const at = Date.parse(point.at) / 1000;
    const before = series.at.at(-1);
    if (before !== undefined && at - before > history.step)
      add(before + history.step, null, null, null);
    add(at, values.mean, values.min, values.max);
  }
  return series;
}

export function historyPath(slug: string, period: Period, serverNow: number): string {
  const to = new Date(serverNow);
  const from = new Date(serverNow - period * 3_600_000);
  const query = new URLSearchParams({
    from: secondsOf(from),
    to: secondsOf(to),
    step: String(STEP_S[period]),
  });
  return `/api/municipalities/${encodeURIComponent(slug)}/history?${query}`;
}

const secondsOf = (time: Date) => `${time.toISOString().slice(0, 19)}Z`;

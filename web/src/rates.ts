// Reports a second, from totals of successive snapshots. Memory is bounded: the newest SAMPLES_MAX.

export interface RateSample {
  /** Milliseconds of the caller's clock. */
  at: number;
  perSecond: number;
}

export const SAMPLES_MAX = 120; // Two minutes.
const WINDOW = 5; // Samples that the figure is the mean of, so that it can be read.
const INTERVAL_MIN_MS = 200; // Snapshots that arrive closer together are one: their rate would be noise.

export class Rates {
  readonly samples: RateSample[] = [];
  private last: { at: number; total: number } | undefined;

  /** A snapshot's total. A smaller one than before (data expired, another store) begins anew. */
  add(at: number, total: number): void {
    const last = this.last;
    if (last !== undefined && total >= last.total && at - last.at < INTERVAL_MIN_MS) return;
    this.last = { at, total };
    if (last === undefined) return;
    if (total < last.total) {
      this.samples.length = 0;
      return;
    }
    this.samples.push({ at, perSecond: ((total - last.total) * 1000) / (at - last.at) });
    if (this.samples.length > SAMPLES_MAX) this.samples.shift();
  }

  /** The mean of the newest samples; null before the second snapshot. */
  current(): number | null {
    const recent = this.samples.slice(-WINDOW);
    if (recent.length === 0) return null;
    return recent.reduce((sum, { perSecond }) => sum + perSecond, 0) / recent.length;
  }
}

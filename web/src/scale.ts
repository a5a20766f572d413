// Colour scales: seven steps whose bounds are round numbers, so that a legend can name them. The colours
// themselves, chosen to be told apart by colour-blind eyes, are in styles/tokens.css, light and dark.

export const MEASURES = ["temperature", "humidity", "reports"] as const;
export type Measure = (typeof MEASURES)[number];

export const STEPS = 7;

/** The lower bounds of the steps and the upper bound of the last: STEPS + 1 numbers. */
export type Scale = readonly number[];

// Steps finer than these would show noise as weather.
const STEP_MIN = { temperature: 1, humidity: 2 } as const;

/** The smallest of 1, 2, 3, 4, 5, 10, 20, 30 … that is at least `size`. */
export function roundStep(size: number): number {
  const power = 10 ** Math.floor(Math.log10(size));
  const factor =
    [1, 2, 3, 4, 5, 10].find((candidate) => candidate * power >= size * (1 - 1e-9)) ?? 10;
  return factor * power;
}

function linear(low: number, high: number, stepMin: number): Scale {
  let step = roundStep(Math.max((high - low) / STEPS, stepMin));
  let first = Math.floor(low / step) * step;
  if (first + STEPS * step < high) {
    step = roundStep(step * 1.01);
    first = Math.floor(low / step) * step;
  }
  // What is not needed is shared by both ends, so that the middle colour means the middle.
  const spare = STEPS - Math.max(Math.ceil((high - first) / step), 1);
  first -= Math.floor(spare / 2) * step;
  return Array.from({ length: STEPS + 1 }, (_, index) => first + index * step);
}

// Counts grow by factors: each step is a factor of the one before, the finest series that has room.
function factors(low: number, high: number): Scale {
  const series: ((index: number) => number)[] = [
    (index) => ([1, 2, 5][index % 3] ?? 1) * 10 ** Math.floor(index / 3),
    (index) => ([1, 3][index % 2] ?? 1) * 10 ** Math.floor(index / 2),
    (index) => 10 ** index,
    (index) => 100 ** index,
  ];
  for (const bound of series) {
    let first = 0;
    while (bound(first + 1) <= low) first += 1;
    if (bound(first + STEPS) > high) {
      return Array.from({ length: STEPS + 1 }, (_, index) => bound(first + index));
    }
  }
  return Array.from({ length: STEPS + 1 }, (_, index) => 1000 ** index);
}

/** A scale for these values; null without any. */
export function scaleFor(measure: Measure, values: readonly number[]): Scale | null {
  if (values.length === 0) return null;
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (measure === "reports") return factors(Math.max(low, 1), Math.max(high, 1));
  return linear(low, high, STEP_MIN[measure]);
}

/** The step (0 to STEPS - 1) that a value falls in. */
export function stepOf(scale: Scale, value: number): number {
  let step = 0;
  while (step < STEPS - 1 && value >= (scale[step + 1] ?? Number.POSITIVE_INFINITY)) step += 1;
  return step;
}

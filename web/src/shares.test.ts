// Percents that add up.

import { expect, test } from "vitest";
import { percents } from "./shares.ts";

const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);

test("what plain rounding makes 101 or 99 adds up to 100", () => {
  expect(percents([275, 275, 225, 225])).toEqual([28, 28, 22, 22]); // 28 + 28 + 23 + 23 = 102
  expect(percents([1, 1, 1])).toEqual([34, 33, 33]); // 33 + 33 + 33 = 99
  expect(percents([50, 25, 25])).toEqual([50, 25, 25]);
});

test("any parts add up, each within one of what it is, none of nothing", () => {
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  for (let round = 0; round < 500; round++) {
    const parts = Array.from({ length: 1 + random(9) }, () => random(4) * random(1_000_000));
    const whole = sum(parts);
    const rounded = percents(parts);
    expect(sum(rounded)).toBe(whole === 0 ? 0 : 100);
    for (const [index, part] of parts.entries()) {
      const percent = rounded[index] ?? Number.NaN;
      if (part === 0) expect(percent).toBe(0);
      else expect(Math.abs(percent - (part * 100) / whole)).toBeLessThan(1);
    }
  }
});

test("no reports make no shares", () => {
  expect(percents([0, 0])).toEqual([0, 0]);
  expect(percents([])).toEqual([]);
});

// Reports a second from totals.

import { expect, test } from "vitest";
import { Rates, SAMPLES_MAX } from "./rates.ts";

test("is unknown until there are two snapshots", () => {
  const rates = new Rates();
  expect(rates.current()).toBeNull();
  rates.add(0, 1_000);
  expect(rates.current()).toBeNull();
  rates.add(1_000, 1_050);
  expect(rates.current()).toBe(50);
});

test("goes by the time between snapshots, not by their number", () => {
  const rates = new Rates();
  rates.add(0, 0);
  rates.add(60_000, 600);
  expect(rates.current()).toBe(10);
});

test("is the mean of the newest five", () => {
  const rates = new Rates();
  [0, 900, 0, 10, 20, 30, 40].reduce((total, more, second) => {
    rates.add(second * 1_000, total + more);
    return total + more;
  }, 0);
  expect(rates.current()).toBe(20);
});

test("two snapshots at one moment make no sample, and lose no report", () => {
  const rates = new Rates();
  rates.add(0, 0);
  rates.add(1_000, 10);
  rates.add(1_001, 15);
  rates.add(2_000, 20);
  expect(rates.samples.map(({ perSecond }) => perSecond)).toEqual([10, 10]);
});

test("a total that falls begins anew", () => {
  const rates = new Rates();
  rates.add(0, 0);
  rates.add(1_000, 500);
  rates.add(2_000, 3);
  expect(rates.current()).toBeNull();
  rates.add(3_000, 5);
  expect(rates.current()).toBe(2);
});

test("memory is bounded", () => {
  const rates = new Rates();
  for (let second = 0; second < 10 * SAMPLES_MAX; second++) rates.add(second * 1_000, second);
  expect(rates.samples).toHaveLength(SAMPLES_MAX);
});

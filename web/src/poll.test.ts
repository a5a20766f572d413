// When the server is asked again.

import { expect, test } from "vitest";
import { isDue, type PollState } from "./poll.ts";

const LIMITS = { intervalMs: 2_000, refreshMs: 60_000, retryMs: 3_000 };
const asked = (given: Partial<PollState> = {}): PollState => ({
  askedAt: 0,
  version: "5",
  failed: false,
  ...given,
});

test("asks at once the first time", () => {
  expect(isDue(asked({ askedAt: null }), LIMITS, 0, "5")).toBe(true);
});

test("asks when something is new, but not more often than allowed", () => {
  expect(isDue(asked(), LIMITS, 1_999, "6")).toBe(false);
  expect(isDue(asked(), LIMITS, 2_000, "6")).toBe(true);
  expect(isDue(asked(), LIMITS, 2_000, "5")).toBe(false);
});

test("asks again in the end though nothing is new, where that is wanted", () => {
  expect(isDue(asked(), LIMITS, 59_999, "5")).toBe(false);
  expect(isDue(asked(), LIMITS, 60_000, "5")).toBe(true);
  expect(isDue(asked(), { ...LIMITS, refreshMs: null }, 1e9, "5")).toBe(false);
});

test("tries again after a failure, new or not", () => {
  expect(isDue(asked({ failed: true }), LIMITS, 2_999, "6")).toBe(false);
  expect(isDue(asked({ failed: true }), LIMITS, 3_000, "5")).toBe(true);
});

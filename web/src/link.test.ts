// The connection's states.

import { expect, test } from "vitest";
import {
  advance,
  begin,
  isDead,
  type Link,
  type LinkEvent,
  REOPEN_AFTER_MS,
  retryAfterMs,
  SILENT_AFTER_MS,
} from "./link.ts";

const run = (events: LinkEvent[]): Link => events.reduce(advance, begin(0));

test("connects, and is live from the first snapshot on", () => {
  expect(begin(0).phase).toBe("connecting");
  expect(run([{ kind: "opening", at: 1 }]).phase).toBe("connecting");
  const live = run([
    { kind: "snapshot", at: 10 },
    { kind: "snapshot", at: 1010 },
  ]);
  expect(live).toEqual({ phase: "live", since: 10, heardAt: 1010 });
});

test("is stale when the server says so, and when it says nothing", () => {
  expect(
    run([
      { kind: "snapshot", at: 0 },
      { kind: "stale", at: 9 },
    ]).phase,
  ).toBe("stale");
  const before: LinkEvent[] = [
    { kind: "snapshot", at: 0 },
    { kind: "tick", at: SILENT_AFTER_MS - 1 },
  ];
  expect(run(before).phase).toBe("live");
  expect(run([...before, { kind: "tick", at: SILENT_AFTER_MS }]).phase).toBe("stale");
});

test("stays lost through ticks and attempts until something arrives", () => {
  const lost = run([
    { kind: "snapshot", at: 0 },
    { kind: "failed", at: 100 },
    { kind: "tick", at: 90_000 },
    { kind: "opening", at: 90_001 },
    { kind: "failed", at: 90_500 },
  ]);
  expect(lost.phase).toBe("lost");
  expect(lost.since).toBe(100);
  expect(advance(lost, { kind: "snapshot", at: 91_000 }).phase).toBe("live");
});

test("a connection that says nothing is dead, a new attempt is not", () => {
  const silent = run([{ kind: "snapshot", at: 0 }]);
  expect(isDead(silent, REOPEN_AFTER_MS - 1)).toBe(false);
  expect(isDead(silent, REOPEN_AFTER_MS)).toBe(true);
  expect(isDead(advance(silent, { kind: "opening", at: 20_000 }), 20_001)).toBe(false);
});

test("retries wait longer, up to a bound, and are spread", () => {
  expect([0, 1, 2, 3, 9].map((attempt) => retryAfterMs(attempt, 0.5))).toEqual([
    1_000, 2_000, 4_000, 8_000, 10_000,
  ]);
  expect(retryAfterMs(0, 0)).toBe(750);
  expect(retryAfterMs(0, 1)).toBe(1_250);
});

// A window without reports is explained, in both languages.

import { expect, test } from "vitest";
import { contextFor } from "./context.ts";
import { municipality } from "./testing.ts";
import { emptyWindow } from "./window.ts";

const HOUR = { from: "2026-11-25T19:03:00Z", to: "2026-11-25T20:03:00Z" };
const mixco = municipality("mixco", { label: "Mixco", last_report_at: "2026-11-25T14:30:12Z" });

const plain = (text: string) => text.replace(/[\u00a0\u202f\u2009]/g, " ");
const en = contextFor("en", ["en-US"]);
const es = contextFor("es", ["es-GT"]);

test("the window that was asked for is named, and the newest report before it", () => {
  expect(plain(emptyWindow(en, 1, HOUR, mixco))).toBe(
    "No reports in the last hour (Nov 25, 13:03 – 14:03). The newest report from Mixco arrived on Nov 25, 08:30.",
  );
  expect(plain(emptyWindow(es, 1, HOUR, mixco))).toBe(
    "No hay reportes en la última hora (25 nov, 13:03–14:03). El reporte más nuevo de Mixco llegó el 25 nov, 08:30.",
  );
});

test("a window over midnight names both days", () => {
  const day = { from: "2026-11-24T20:03:00Z", to: "2026-11-25T20:03:00Z" };
  const text = plain(emptyWindow(en, 24, day, { ...mixco, last_report_at: null }));
  expect(text).toBe("No reports in the last 24 hours (Nov 24, 14:03 – Nov 25, 14:03).");
});

test("of a newest report that is unknown or within the window nothing is said", () => {
  const empty = "No reports in the last hour (Nov 25, 13:03 – 14:03).";
  expect(plain(emptyWindow(en, 1, HOUR, undefined))).toBe(empty);
  expect(plain(emptyWindow(en, 1, HOUR, { ...mixco, last_report_at: null }))).toBe(empty);
  expect(plain(emptyWindow(en, 1, HOUR, { ...mixco, last_report_at: HOUR.from }))).toBe(empty);
});

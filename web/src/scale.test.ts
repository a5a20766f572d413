// Colour scales: bounds, steps, and colours that colour-blind eyes can tell apart.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { MEASURES, roundStep, STEPS, scaleFor, stepOf } from "./scale.ts";

test("steps are round", () => {
  expect([1, 1.01, 2.5, 4, 7, 10, 12].map(roundStep)).toEqual([1, 2, 3, 4, 10, 10, 20]);
});

test("every value falls within the scale, whatever the spread", () => {
  const spreads = [[24], [24.1, 24.9], [-12, 41], [15, 35], [0, 0.01], [-90, 60], [19.99, 26.01]];
  for (const values of spreads) {
    const scale = scaleFor("temperature", values) ?? [];
    expect(scale).toHaveLength(STEPS + 1);
    for (const value of values) {
      expect(scale[0]).toBeLessThanOrEqual(value);
      expect(scale[STEPS]).toBeGreaterThanOrEqual(value);
    }
  }
});

test("a narrow spread is not blown up to all colours", () => {
  expect(scaleFor("temperature", [24.2, 24.4])).toEqual([21, 22, 23, 24, 25, 26, 27, 28]);
});

test("counts go by factors", () => {
  expect(scaleFor("reports", [1, 90])).toEqual([1, 2, 5, 10, 20, 50, 100, 200]);
  expect(scaleFor("reports", [1, 2_900])).toEqual([1, 3, 10, 30, 100, 300, 1_000, 3_000]);
  expect(scaleFor("reports", [1, 9_000_000])).toEqual([1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7]);
  const scale = scaleFor("reports", [5_000_000, 40_000_000]) ?? [];
  expect(scale[0]).toBe(5_000_000);
});

test("values fall in the step whose lower bound they reach", () => {
  const scale = [0, 1, 2, 3, 4, 5, 6, 7];
  expect([-5, 0, 0.99, 1, 6.5, 7, 99].map((value) => stepOf(scale, value))).toEqual([
    0, 0, 0, 1, 6, 6, 6,
  ]);
});

test("without values there is no scale", () => {
  for (const measure of MEASURES) expect(scaleFor(measure, [])).toBeNull();
});

// The colours, as the three kinds of colour blindness see them (Machado and others, 2009, severity 1).
type Rgb = [number, number, number];
const SIGHTS: Record<string, Rgb[]> = {
  full: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

function linearRgb(hex: string): Rgb {
  return [1, 3, 5].map((start) => {
    const value = Number.parseInt(hex.slice(start, start + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as Rgb;
}

const dot = (a: Rgb, b: Rgb) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

function lab(rgb: Rgb): Rgb {
  const f = (t: number) => (t > 216 / 24389 ? Math.cbrt(t) : (t * 24389) / 27 / 116 + 16 / 116);
  const x = f(dot([0.4124, 0.3576, 0.1805], rgb) / 0.9505);
  const y = f(dot([0.2126, 0.7152, 0.0722], rgb));
  const z = f(dot([0.0193, 0.1192, 0.9505], rgb) / 1.089);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

function difference(a: string, b: string, sight: Rgb[]): number {
  const seen = (hex: string) => {
    const rgb = linearRgb(hex);
    return lab(sight.map((row) => Math.min(Math.max(dot(row, rgb), 0), 1)) as Rgb);
  };
  const [first, second] = [seen(a), seen(b)];
  return Math.hypot(first[0] - second[0], first[1] - second[1], first[2] - second[2]);
}

const TOKENS = readFileSync(join(import.meta.dirname, "styles/tokens.css"), "utf8");
const PALETTES = MEASURES.flatMap((measure) => {
  const pattern = new RegExp(
    `--${measure}-\\d:\\s*light-dark\\((#[0-9a-f]{6}),\\s*(#[0-9a-f]{6})\\)`,
    "g",
  );
  const pairs = [...TOKENS.matchAll(pattern)];
  return [1, 2].map((theme) => ({
    name: `${measure}, ${theme === 1 ? "light" : "dark"}`,
    colours: pairs.map((pair) => pair[theme] as string),
  }));
});

test.each(PALETTES)("neighbouring colours differ to every eye: $name", ({ colours }) => {
  expect(colours).toHaveLength(STEPS);
  for (const sight of Object.values(SIGHTS)) {
    for (let step = 1; step < STEPS; step++) {
      expect(difference(colours[step - 1] ?? "", colours[step] ?? "", sight)).toBeGreaterThan(5);
    }
  }
});

test.each(PALETTES)("the ends are the most different: $name", ({ colours }) => {
  for (const sight of Object.values(SIGHTS)) {
    expect(difference(colours[0] ?? "", colours[STEPS - 1] ?? "", sight)).toBeGreaterThan(35);
  }
});

/** A token's colour in light and in dark. */
function themes(token: string): string[] {
  const pair = new RegExp(`--${token}:\\s*light-dark\\((#[0-9a-f]{6}),\\s*(#[0-9a-f]{6})\\)`);
  return pair.exec(TOKENS)?.slice(1) ?? [];
}

/** As WCAG 2 defines it. */
function contrast(a: string, b: string): number {
  const luminance = (hex: string) => dot([0.2126, 0.7152, 0.0722], linearRgb(hex));
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

test.each(["temperature", "humidity"])("the extremes of %s are told apart and read", (measure) => {
  for (const theme of [0, 1]) {
    const colour = (token: string) => themes(token)[theme] ?? "";
    const [high, low] = [colour(`${measure}-max`), colour(`${measure}-min`)];
    expect(contrast(high, colour("card"))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(low, colour("card"))).toBeGreaterThanOrEqual(4.5);
    for (const sight of Object.values(SIGHTS)) {
      expect(difference(high, low, sight)).toBeGreaterThan(30);
    }
  }
});

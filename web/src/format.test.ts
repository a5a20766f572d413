// Numbers, dates and ages in both languages.

import { describe, expect, test } from "vitest";
import { ageUnit, formatsFor, localeFor, NOTHING } from "./format.ts";

const en = formatsFor("en-US", "America/Guatemala");
const es = formatsFor("es-GT", "America/Guatemala");
const plain = (text: string) => text.replace(/[\u00a0\u202f\u2009]/g, " ");

describe("numbers", () => {
  test("are grouped as the language does", () => {
    expect(en.integer(1_234_567)).toBe("1,234,567");
    expect(es.integer(1_234_567)).toBe("1,234,567");
    expect(formatsFor("es-ES").integer(1_234_567)).toBe("1.234.567");
  });

  test("have a decimal where it tells something", () => {
    expect(plain(en.temperature(25.14))).toBe("25.1 °C");
    expect(plain(en.temperature(25))).toBe("25 °C");
    expect(plain(formatsFor("es-ES").humidity(60.25))).toBe("60,3 %");
    expect([en.rate(0), en.rate(9.94), en.rate(10.4), en.rate(98_765.4)]).toEqual([
      "0",
      "9.9",
      "10",
      "98,765",
    ]);
  });

  test("never show minus zero", () => {
    expect(plain(en.temperature(-0.04))).toBe("0 °C");
  });

  test("say when nothing is known", () => {
    expect(en.temperature(null)).toBe(NOTHING);
    expect(en.humidityRange(null, 3)).toBe(NOTHING);
  });

  test("make ranges, that of one value being the value", () => {
    expect(plain(en.temperatureRange(15, 35))).toBe("15–35 °C");
    expect(plain(en.temperatureRange(-5, 3))).toBe("-5 … 3 °C");
    expect(plain(en.humidityRange(60, 60))).toBe("60 %");
  });

  test("make shares", () => {
    expect(en.shares([2, 1])).toEqual(["67%", "33%"]);
    expect(formatsFor("es-ES").shares([1, 1]).map(plain)).toEqual(["50 %", "50 %"]);
    expect(en.shares([0, 0])).toEqual(["0%", "0%"]);
    expect(en.shares([5, 0])).toEqual(["100%", "0%"]);
  });

  test("round no share to nothing, nor to all", () => {
    expect(en.shares([999, 1, 0])).toEqual([">99%", "<1%", "0%"]);
    expect(formatsFor("es-ES").shares([999, 1]).map(plain)).toEqual([">99 %", "<1 %"]);
    expect(en.shares([994, 3, 3])).toEqual([">99%", "<1%", "<1%"]);
  });
});

describe("times", () => {
  const time = Date.UTC(2026, 10, 25, 20, 3, 5);

  test("are of the clock with 24 hours", () => {
    expect(en.clock(time)).toBe("14:03:05");
    expect(es.minute(time)).toBe("14:03");
    expect(en.minute(Date.UTC(2026, 10, 25, 6, 0))).toBe("00:00");
    expect(en.moment(time)).toContain("Nov 25");
    expect(es.moment(time)).toContain("nov");
  });

  test("ages are in the largest unit that fills", () => {
    expect(ageUnit(-5)).toEqual([0, "second"]);
    expect(ageUnit(59_999)).toEqual([59, "second"]);
    expect(ageUnit(60_000)).toEqual([1, "minute"]);
    expect(ageUnit(3_600_000)).toEqual([1, "hour"]);
    expect(ageUnit(172_800_000)).toEqual([2, "day"]);
    expect(en.ago(3_000)).toBe("3 sec. ago");
    expect(es.ago(3_000)).toBe("hace 3 s");
    expect([en.ago(0), en.ago(-50), es.ago(999)]).toEqual(["now", "now", "ahora"]);
  });
});

test("the browser's own variant of a language is kept", () => {
  expect(localeFor("es", ["en-GB", "es-MX", "es"])).toBe("es-MX");
  expect(localeFor("en", ["en-GB", "es-MX"])).toBe("en-GB");
  expect(localeFor("es", ["de"])).toBe("es-GT");
  expect(localeFor("en", [])).toBe("en-US");
  expect(localeFor("en", ["enq"])).toBe("en-US");
});

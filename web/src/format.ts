// Numbers, dates and ages as text of one language, by Intl. Made once for a language.

import { percents } from "./shares.ts";

export type Language = "es" | "en";

export interface Formats {
  locale: string;
  /** 12,345 */
  integer(value: number): string;
  /** 12.3 K, for where there is little room. */
  compact(value: number): string;
  /** A rate: a decimal while it is small. */
  rate(value: number): string;
  /** 25.1 °C */
  temperature(value: number | null): string;
  /** 60 % */
  humidity(value: number | null): string;
  /** 15–35 °C; one value where both ends are the same. */
  temperatureRange(low: number | null, high: number | null): string;
  humidityRange(low: number | null, high: number | null): string;
  /** 66%, 34%, <1%, 0%: of each part, adding up to 100; what is less than 1 % or than all is not rounded away. */
  shares(parts: readonly number[]): string[];
  /** 3 sec. ago; now */
  ago(milliseconds: number): string;
  /** 14:03:05 */
  clock(time: number | Date): string;
  /** 14:03 */
  minute(time: number | Date): string;
  /** Nov 25, 14:03 */
  moment(time: number | Date): string;
  /** Nov 25, 13:03 – 14:03 */
  span(from: number | Date, to: number | Date): string;
}

export const NOTHING = "–"; // What is not known.

/** The browser's own variant of a language if it has one, such as es-MX; else ours. */
export function localeFor(language: Language, preferred: readonly string[]): string {
  const own = preferred.find((tag) => new RegExp(`^${language}(-|$)`, "i").test(tag));
  if (own !== undefined && Intl.NumberFormat.supportedLocalesOf(own).length > 0) return own;
  return language === "es" ? "es-GT" : "en-US";
}

/** An age in the largest unit that fills. */
export function ageUnit(milliseconds: number): [number, "second" | "minute" | "hour" | "day"] {
  const seconds = Math.max(Math.floor(milliseconds / 1000), 0);
  if (seconds < 60) return [seconds, "second"];
  if (seconds < 3_600) return [Math.floor(seconds / 60), "minute"];
  if (seconds < 86_400) return [Math.floor(seconds / 3_600), "hour"];
  return [Math.floor(seconds / 86_400), "day"];
}

export function formatsFor(locale: string, timeZone?: string): Formats {
  const zone = timeZone === undefined ? {} : { timeZone };
  const integers = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const compacts = new Intl.NumberFormat(locale, { notation: "compact", maximumFractionDigits: 1 });
  const tenths = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  const percent = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 });
  const ages = new Intl.RelativeTimeFormat(locale, { numeric: "always", style: "short" });
  const now = new Intl.RelativeTimeFormat(locale, { numeric: "auto" }).format(0, "second");
  const hours = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
  const clocks = new Intl.DateTimeFormat(locale, { ...hours, second: "2-digit", ...zone });
  const minutes = new Intl.DateTimeFormat(locale, { ...hours, ...zone });
  const moments = new Intl.DateTimeFormat(locale, {
    month: "short",
    day: "numeric",
    ...hours,
    ...zone,
  });
  // -0.04 rounds to -0, which reads as a mistake.
  const tenth = (value: number) => tenths.format(Math.round(value * 10) / 10 || 0);
  const withUnit = (value: number | null, unit: string) =>
    value === null ? NOTHING : `${tenth(value)}\u00a0${unit}`;
  const range = (low: number | null, high: number | null, unit: string) => {
    if (low === null || high === null) return NOTHING;
    return low === high
      ? withUnit(low, unit)
      : `${tenth(low)}${low < 0 || high < 0 ? "\u2009…\u2009" : "–"}${withUnit(high, unit)}`;
  };
  return {
    locale,
    integer: (value) => integers.format(value),
    compact: (value) => compacts.format(value),
    rate: (value) => (value < 10 ? tenth(value) : integers.format(value)),
    temperature: (value) => withUnit(value, "°C"),
    humidity: (value) => withUnit(value, "%"),
    temperatureRange: (low, high) => range(low, high, "°C"),
    humidityRange: (low, high) => range(low, high, "%"),
    shares: (parts) => {
      const whole = parts.reduce((sum, part) => sum + part, 0);
      return percents(parts).map((points, index) => {
        const part = parts[index] ?? 0;
        if (points === 0 && part > 0) return `<${percent.format(0.01)}`;
        if (points === 100 && part < whole) return `>${percent.format(0.99)}`;
        return percent.format(points / 100);
      });
    },
    ago: (milliseconds) => {
      const [value, unit] = ageUnit(milliseconds);
      return value === 0 ? now : ages.format(-value, unit);
    },
    clock: (time) => clocks.format(time),
    minute: (time) => minutes.format(time),
    moment: (time) => moments.format(time),
    span: (from, to) => moments.formatRange(from, to),
  };
}

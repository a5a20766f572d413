// Takes the pictures of script/screenshots: FOLDER [NAME…]. Fails when the page is wider than its screen or
// the console has an error, so that a picture is of a page that works.

import { join } from "node:path";
import { type BrowserContextOptions, chromium, type Page } from "@playwright/test";
import { LAUNCH } from "./browser.ts";
import { type Report, Stack } from "./stack.ts";

interface Shot {
  name: string;
  size: readonly [width: number, height: number];
  scale?: number;
  dark?: boolean;
  locale?: string;
  address?: string;
  data: "country" | "none";
  fullPage?: boolean;
  before?: (page: Page, stack: Stack) => Promise<void>;
}

const PHONE = [360, 740] as const;
const LAPTOP = [1366, 768] as const;

const SHOTS: Shot[] = [
  { name: "laptop", size: LAPTOP, data: "country" },
  { name: "laptop-dark-es", size: LAPTOP, data: "country", dark: true, locale: "es-GT" },
  {
    name: "laptop-humidity",
    size: LAPTOP,
    data: "country",
    before: (page) => choose(page, "Humidity"),
  },
  {
    name: "laptop-reports",
    size: LAPTOP,
    data: "country",
    dark: true,
    before: (page) => choose(page, "Reports"),
  },
  { name: "laptop-full", size: LAPTOP, data: "country", fullPage: true },
  { name: "phone", size: PHONE, scale: 2, data: "country" },
  { name: "phone-dark-es", size: PHONE, scale: 2, data: "country", dark: true, locale: "es-GT" },
  { name: "phone-full", size: PHONE, data: "country", fullPage: true, locale: "es-GT" },
  { name: "tablet", size: [820, 1180], data: "country" },
  { name: "wall", size: [3840, 2160], data: "country" },
  { name: "wall-dark", size: [3840, 2160], data: "country", dark: true },
  { name: "empty", size: LAPTOP, data: "none" },
  { name: "empty-phone-es", size: PHONE, scale: 2, data: "none", locale: "es-GT" },
  {
    name: "municipality",
    size: LAPTOP,
    data: "country",
    address: "/#/m/chinautla",
    fullPage: true,
  },
  {
    name: "municipality-phone-dark",
    size: PHONE,
    data: "country",
    address: "/#/m/chinautla",
    fullPage: true,
    dark: true,
  },
  { name: "unknown", size: LAPTOP, data: "country", address: "/#/m/chinautle" },
  {
    name: "disconnected",
    size: LAPTOP,
    data: "country",
    before: (page, stack) => disconnect(page, stack),
  },
  {
    name: "disconnected-phone-es",
    size: PHONE,
    scale: 2,
    data: "country",
    locale: "es-GT",
    dark: true,
    before: (page, stack) => disconnect(page, stack),
  },
  { name: "stale", size: LAPTOP, data: "country", before: (page, stack) => away(page, stack) },
  { name: "docs", size: LAPTOP, data: "none", address: "/docs" },
  { name: "docs-phone-dark", size: PHONE, data: "none", address: "/docs", dark: true },
];

const choose = (page: Page, measure: string) => page.getByRole("radio", { name: measure }).check();

async function disconnect(page: Page, stack: Stack): Promise<void> {
  await stack.killServer();
  await page.locator('.state[data-phase="lost"]').waitFor();
}

async function away(page: Page, stack: Stack): Promise<void> {
  await stack.stopValkey();
  await page.locator('.state[data-phase="stale"]').waitFor();
}

const CONDITIONS = ["sunny", "cloudy", "rainy", "foggy", "windy"];

/** Plausible weather: cooler where it is high, in the west; more humid in the north and east. */
function weatherOf(
  place: { slug: string; lat: number | null; lon: number | null },
  draw: number,
): Report {
  const [lat, lon] = [place.lat ?? 15, place.lon ?? -90.5];
  const highland = Math.exp(-(((lat - 15.1) / 0.55) ** 2) - ((lon + 91.2) / 0.8) ** 2);
  const temperature = 29 - 13 * highland + 3 * Math.sin(draw * 2.4);
  const humidity = 55 + 8 * (lat - 14) + 6 * (lon + 91) + 8 * Math.cos(draw * 1.7);
  const round = (value: number) => Math.round(value * 10) / 10;
  return {
    municipality: place.slug,
    temperature: round(temperature),
    humidity: round(Math.min(Math.max(humidity, 20), 98)),
    weather: CONDITIONS[Math.floor(Math.abs(Math.sin(draw * 5.3 + lat)) * 4.99)] ?? "sunny",
  };
}

async function sendCountry(stack: Stack, round: number): Promise<void> {
  const response = await fetch(`${stack.url}/api/municipalities?all=true`);
  const places = (await response.json()) as {
    slug: string;
    lat: number | null;
    lon: number | null;
  }[];
  const reports = places.flatMap((place, index) => {
    const count = 1 + Math.floor(8 * Math.abs(Math.sin(index * 3.7)) ** 4);
    return Array.from({ length: count }, (_, n) => weatherOf(place, round + index + n / 3));
  });
  await stack.send(...reports);
}

async function take(shot: Shot, folder: string): Promise<void> {
  const stack = await Stack.start("--notice", "demo: invented weather");
  const browser = await chromium.launch(LAUNCH);
  try {
    const options: BrowserContextOptions = {
      viewport: { width: shot.size[0], height: shot.size[1] },
      deviceScaleFactor: shot.scale ?? 1,
      locale: shot.locale ?? "en-US",
      timezoneId: "America/Guatemala",
      colorScheme: shot.dark ? "dark" : "light",
    };
    const page = await (await browser.newContext(options)).newPage();
    const errors: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error" && !/ERR_|status of (404|503)/.test(message.text())) {
        errors.push(message.text());
      }
    });
    if (shot.data === "country") await sendCountry(stack, 0);
    await page.goto(`${stack.url}${shot.address ?? "/"}`);
    // Some seconds of reports, so that rate, sparkline and ages have something to tell.
    for (let round = 1; round <= (shot.data === "country" ? 24 : 2); round++) {
      if (shot.data === "country") await sendCountry(stack, round);
      await page.waitForTimeout(500);
    }
    await shot.before?.(page, stack);
    await page.waitForTimeout(700);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (overflow > 0) errors.push(`${overflow} px wider than the screen`);
    if (errors.length > 0) throw new Error(`${shot.name}: ${errors.join("; ")}`);
    await page.screenshot({
      path: join(folder, `${shot.name}.png`),
      fullPage: shot.fullPage ?? false,
    });
    console.log(shot.name);
  } finally {
    await browser.close();
    await stack.end();
  }
}

const [folder = ".", ...names] = process.argv.slice(2);
const unknown = names.filter((name) => !SHOTS.some((shot) => shot.name === name));
if (unknown.length > 0) throw new Error(`no picture is called ${unknown.join(", ")}`);
for (const shot of SHOTS) {
  if (names.length === 0 || names.includes(shot.name)) await take(shot, folder);
}

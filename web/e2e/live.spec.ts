// The figures are those of the server, while they change.

import type { Page } from "@playwright/test";
import { expect, expectLive, figure, test } from "./fixtures.ts";
import { catalogue, Load, type Stats, until } from "./stack.ts";

const MIX = ["chinautla", "mixco", "guatemala", "amatitlan"];

/** The figures of one moment, as the page shows them. */
function shown(page: Page) {
  return page.evaluate(() => {
    const value = (selector: string) =>
      document.querySelector<HTMLDataElement>(selector)?.value ?? "";
    const number = (selector: string) => {
      const text = value(selector);
      return text === "" ? null : Number(text);
    };
    const conditions: Record<string, number> = {};
    for (const row of document.querySelectorAll<HTMLElement>(".conditions tr[data-condition]")) {
      const count = row.querySelector("data")?.value ?? "";
      conditions[row.dataset["condition"] ?? ""] = Number(count);
    }
    const municipalities: Record<string, number> = {};
    for (const row of document.querySelectorAll<HTMLElement>(".rows tr[data-slug]")) {
      const count = row.querySelector<HTMLDataElement>(".c-count data")?.value ?? "";
      municipalities[row.dataset["slug"] ?? ""] = Number(count);
    }
    return {
      total: number(".tile-total .big"),
      conditions,
      municipalities,
      extremes: {
        temperature: {
          min: number(".tile-temperature-min .big"),
          max: number(".tile-temperature-max .big"),
        },
        humidity: {
          min: number(".tile-humidity-min .big"),
          max: number(".tile-humidity-max .big"),
        },
      },
    };
  });
}

const asShown = (stats: Stats) => ({
  total: stats.total_processed,
  conditions: stats.counts_by_weather,
  municipalities: stats.counts_by_municipality,
  extremes: stats.extremes,
});

test("numbers equal those of /stats while load runs", async ({ page, stack }) => {
  await page.goto("/");
  const load = new Load(stack, MIX, 50, 20);
  const served = new Map<number, Stats>();
  let looking = true;
  const look = (async () => {
    while (looking) {
      const stats = await stack.stats();
      served.set(stats.total_processed, stats);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  await expect(figure(page, "total")).not.toHaveAttribute("value", "0");

  let compared = 0;
  await until(async () => {
    const seen = await shown(page);
    const stats = served.get(seen.total ?? -1);
    if (stats !== undefined && stats.total_processed > 0) {
      expect(seen).toEqual(asShown(stats));
      compared += 1;
    }
    return compared >= 20 && served.size >= 5;
  }, "the page has shown what /stats served");
  looking = false;
  await look;
  await load.stop();

  await expect(figure(page, "total")).toHaveAttribute("value", String(load.sent));
  expect(await shown(page)).toEqual(asShown(await stack.stats()));
  const rate = Number(await figure(page, "rate").getAttribute("value"));
  expect(rate).toBeGreaterThan(0);
});

test("averages equal those of /averages", async ({ page, stack }) => {
  await stack.send(
    { municipality: "mixco", temperature: 20, humidity: 40 },
    { municipality: "mixco", temperature: 25.5 },
    { municipality: "chinautla", weather: "rainy" },
  );
  await page.goto("/");
  await expect(figure(page, "total")).toHaveAttribute("value", "3");
  const { averages } = (await (await fetch(`${stack.url}/averages`)).json()) as {
    averages: Record<string, { avg_temperature: number; avg_humidity: number }>;
  };
  const row = page.locator(".rows tr[data-slug=mixco]");
  const [temperature, humidity] = [
    row.locator(".c-temperature data"),
    row.locator(".c-humidity data"),
  ];
  await expect(temperature).toHaveAttribute("value", String(averages["mixco"]?.avg_temperature));
  await expect(humidity).toHaveAttribute("value", String(averages["mixco"]?.avg_humidity));
  await expect(temperature).toHaveText("22.8\u00a0°C");
  await expect(page.locator(".tile-reporting .hint")).toHaveText("of 340 have reports");
  await expect(page.locator(".tile-total .hint")).toHaveText(/^as of \d\d:\d\d:\d\d$/);
  const silent = page.locator(".rows tr[data-slug=chinautla]");
  await expect(silent.locator(".c-temperature data")).toHaveText("–");
  await expect(silent.locator(".c-condition")).toHaveText("rainy");
});

test("the ends of a measure are told apart by arrow and colour", async ({ page, stack }) => {
  await stack.send({ municipality: "mixco", temperature: 20, humidity: 40 });
  await page.goto("/");
  await expect(page.locator(".tile-reporting .hint")).toHaveText("of 340 has reports");
  for (const measure of ["temperature", "humidity"]) {
    const colours = await Promise.all(
      ["max", "min"].map((end) =>
        page
          .locator(`.tile-${measure}-${end} .big`)
          .evaluate((figure) => getComputedStyle(figure).color),
      ),
    );
    expect(new Set(colours).size).toBe(2);
    await expect(page.locator(`.tile-${measure}-max .marked .icon-up`)).toBeVisible();
    await expect(page.locator(`.tile-${measure}-min .marked .icon-down`)).toBeVisible();
  }
});

test("shares of the sky's conditions add up to 100 %", async ({ page, stack }) => {
  await stack.send(
    ...Array.from({ length: 400 }, (_, index) => ({
      municipality: "mixco",
      weather: index === 0 ? "foggy" : index < 134 ? "rainy" : index < 267 ? "sunny" : "cloudy",
    })),
  );
  await page.goto("/");
  const share = (condition: string) => page.locator(`tr[data-condition=${condition}] .share`);
  await expect(share("foggy")).toHaveText("<1%"); // 1 of 400; 133 of 400 are 33.25 %.
  await expect(share("snowy")).toHaveText("0%");
  const shown = await page.locator(".conditions .share").allTextContents();
  expect(shown.toSorted()).toEqual(["0%", "0%", "0%", "33%", "33%", "34%", "<1%"]);
});

test("the table sorts, searches and shows all of 340 municipalities", async ({ page, stack }) => {
  const slugs = await catalogue(stack);
  await stack.send(
    ...slugs.slice(1).map((municipality, index) => ({ municipality, temperature: index % 50 })),
  );
  await page.goto("/");
  await expectLive(page);
  const rows = page.locator(".rows tbody tr");
  await expect(rows).toHaveCount(20);
  await page.getByRole("button", { name: `Show all ${slugs.length - 1}` }).click();
  await expect(rows).toHaveCount(slugs.length - 1);

  await page.getByRole("button", { name: "Temperature", exact: true }).click();
  const table = page.getByRole("table", { name: "Municipalities" });
  const head = table.getByRole("columnheader", { name: "Temperature", exact: true });
  await expect(head).toHaveAttribute("aria-sort", "descending");
  // Some rows are written in each frame: the last of them a few frames after the click.
  await expect(async () => {
    const values = await rows
      .locator(".c-temperature data")
      .evaluateAll((figures) =>
        figures.map((element) => Number((element as HTMLDataElement).value)),
      );
    expect(values).toHaveLength(slugs.length - 1);
    expect(values).toEqual(values.toSorted((a, b) => b - a));
  }).toPass();

  const search = page.getByRole("searchbox", { name: "Search" });
  await search.fill("libertad PETEN");
  await expect(rows).toHaveCount(1);
  await expect(rows).toContainText("La Libertad");
  await search.fill(slugs[0] ?? ""); // The one without reports is found too.
  await expect(page.locator(`.rows tr[data-slug="${slugs[0]}"]`)).toBeVisible();
  await search.fill("zzz");
  await expect(page.getByText("No municipality matches “zzz”.")).toBeVisible();
});

test("the map colours, tells what is under the pointer, and leads on", async ({ page, stack }) => {
  await stack.send(
    { municipality: "mixco", temperature: 20, humidity: 40 },
    { municipality: "flores", temperature: 30, humidity: 80 },
  );
  await page.goto("/");
  const land = page.locator(".land path[data-step]");
  await expect(land).toHaveCount(2);
  await expect(page.locator(".points circle")).toHaveCount(2);
  const steps = () =>
    land.evaluateAll((shapes) => shapes.map((shape) => shape.getAttribute("data-step")));
  expect(new Set(await steps()).size).toBe(2);
  const cold = await land.first().evaluate((shape) => getComputedStyle(shape).fill);
  await page.getByRole("radio", { name: "Humidity" }).check();
  await expect(page.locator(".map svg[role=img]")).toHaveAttribute("data-measure", "humidity");
  await expect
    .poll(() => land.first().evaluate((shape) => getComputedStyle(shape).fill))
    .not.toBe(cold);

  await page.getByRole("button", { name: "As a table" }).last().click();
  await expect(page.getByRole("region", { name: "Map, table" }).getByRole("row")).toHaveCount(3);
  await page.getByRole("button", { name: "As a map" }).click();
  const box = await page.locator(".points circle").last().boundingBox();
  if (box === null) throw new Error("the point is nowhere");
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await expect(page.locator(".tip")).toContainText(/Mixco|Flores/);
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  await expect(page).toHaveURL(/#\/m\/(mixco|flores)$/);
});

test("rows do not move under the pointer, nor under the keyboard's focus", async ({
  page,
  stack,
}) => {
  await stack.send(
    { municipality: "mixco", temperature: 20 },
    { municipality: "mixco", temperature: 20 },
  );
  await stack.send({ municipality: "flores", temperature: 20 });
  await page.goto("/");
  const rows = page.locator(".rows tbody tr");
  const order = () =>
    rows.evaluateAll((all) => all.map((row) => (row as HTMLElement).dataset["slug"]));
  await expect.poll(order).toEqual(["mixco", "flores"]);
  await rows.first().getByRole("link").focus();
  await stack.send(
    ...Array.from({ length: 5 }, () => ({ municipality: "flores", temperature: 20 })),
  );
  const count = page.locator(".rows tr[data-slug=flores] .c-count data");
  await expect(count).toHaveAttribute("value", "6");
  expect(await order()).toEqual(["mixco", "flores"]);
  await expect(rows.first().getByRole("link")).toBeFocused();

  await rows.first().hover();
  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  await stack.send({ municipality: "flores", temperature: 20 });
  await expect(count).toHaveAttribute("value", "7");
  expect(await order()).toEqual(["mixco", "flores"]);
  await page.mouse.move(5, 5);
  await stack.send({ municipality: "flores", temperature: 20 });
  await expect.poll(order).toEqual(["flores", "mixco"]);
});

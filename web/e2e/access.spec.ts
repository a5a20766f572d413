// Phones, keyboards and screen readers.

import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, expectLive, expectNoOverflow, OUTAGE, test } from "./fixtures.ts";
import { catalogue, randomReport, type Stack } from "./stack.ts";

async function fill(stack: Stack): Promise<void> {
  await stack.send(
    ...(await catalogue(stack)).flatMap((slug) => [randomReport(slug), randomReport(slug)]),
  );
}

async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(
    violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join("\n")}`),
  ).toEqual([]);
}

test.describe("on a phone of 360 px", () => {
  test.use({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });

  for (const locale of ["en-US", "es-GT"]) {
    test.describe(locale, () => {
      test.use({ locale });

      test("nothing is wider than the screen", async ({ page, stack, watched }) => {
        watched.allow(OUTAGE);
        await page.goto("/");
        await expectLive(page);
        await expectNoOverflow(page);
        await fill(stack);
        await expect(page.locator(".rows tbody tr")).toHaveCount(20);
        await expectNoOverflow(page);
        await page.goto("/#/m/san-cristobal-acasaguastlan");
        await expect(page.locator(".history canvas")).toHaveCount(2);
        await expect(page.locator(".latest tbody tr")).toHaveCount(2);
        await expectNoOverflow(page);
        await page.goto("/docs");
        await expectNoOverflow(page);
        await page.goto("/");
        await expectLive(page);
        await stack.killServer();
        await expect(page.locator(".state")).toHaveAttribute("data-phase", "lost");
        await expectNoOverflow(page);
      });
    });
  }

  test("what can be touched is large enough", async ({ page, stack }) => {
    await fill(stack);
    await page.goto("/");
    await expect(page.locator(".rows tbody tr")).toHaveCount(20);
    const small = await page
      .locator("button:visible, select:visible, input[type=search]")
      .evaluateAll((controls) =>
        controls
          .map((control) => ({ box: control.getBoundingClientRect(), text: control.outerHTML }))
          .filter(({ box }) => box.width < 24 || box.height < 24)
          .map(({ text }) => text),
      );
    expect(small).toEqual([]); // WCAG 2.2, target size.
  });
});

test("everything works with the keyboard alone", async ({ page, stack }) => {
  await stack.send(
    { municipality: "mixco", temperature: 20, humidity: 40 },
    { municipality: "flores", temperature: 30, humidity: 80 },
  );
  await page.goto("/");
  await expect(page.locator(".rows tbody tr")).toHaveCount(2);
  const press = async (key: string, times = 1) => {
    for (let time = 0; time < times; time++) await page.keyboard.press(key);
  };
  const tabTo = async (reached: () => boolean, what: string) => {
    for (let tabs = 0; tabs < 60; tabs++) {
      await press("Tab");
      if (await page.evaluate(reached)) return;
    }
    throw new Error(`60 tabs did not reach ${what}`);
  };
  await press("Tab");
  await expect(page.locator(".skip")).toBeFocused();
  await expect(page.locator(".skip")).toBeInViewport();
  await press("Enter");
  await expect(page.locator("main")).toBeFocused();

  await tabTo(
    () => document.activeElement?.getAttribute("name") === "map-measure",
    "the map's choice",
  );
  await press("ArrowRight");
  await expect(page.locator(".map svg[role=img]")).toHaveAttribute("data-measure", "humidity");

  await tabTo(() => document.activeElement?.getAttribute("type") === "search", "the search");
  await page.keyboard.type("o");
  await tabTo(
    () => document.activeElement?.closest(".c-name")?.tagName === "TH",
    "a column's head",
  );
  await press("Enter");
  const name = page.locator(".rows").getByRole("columnheader", { name: "Municipality" });
  await expect(name).toHaveAttribute("aria-sort", "ascending");
  await tabTo(() => document.activeElement?.getAttribute("href") === "#/m/mixco", "a municipality");
  await press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "Mixco" })).toBeFocused();

  await tabTo(() => document.activeElement?.getAttribute("name") === "period", "the period");
  await press("ArrowRight", 2);
  await expect(page.getByRole("radio", { name: "24 h" })).toBeChecked();
  await tabTo(() => document.activeElement?.textContent === "As a table", "the table's button");
  await press("Enter");
  await expect(page.locator(".history table")).toBeVisible();
});

for (const colorScheme of ["light", "dark"] as const) {
  for (const locale of ["en-US", "es-GT"]) {
    test.describe(`axe finds nothing: ${colorScheme}, ${locale}`, () => {
      test.use({ colorScheme, locale });

      test("empty, full, one municipality, tables, disconnected", async ({
        page,
        stack,
        watched,
      }) => {
        watched.allow(OUTAGE);
        await page.goto("/");
        await expectLive(page);
        await expectAccessible(page);
        await fill(stack);
        await expect(page.locator(".rows tbody tr")).toHaveCount(20);
        await expectAccessible(page);
        for (const toggle of await page.locator(".toggle:visible").all()) await toggle.click();
        await expectAccessible(page);
        await page.goto("/#/m/chinautla");
        await expect(page.locator(".history canvas")).toHaveCount(2);
        await expect(page.locator(".latest tbody tr")).toHaveCount(2);
        await expectAccessible(page);
        await page.locator(".history .toggle").click();
        await expectAccessible(page);
        await stack.killServer();
        await expect(page.locator(".state")).toHaveAttribute("data-phase", "lost");
        await expectAccessible(page);
      });

      test("the reference", async ({ page }) => {
        await page.goto("/docs");
        await expectAccessible(page);
      });
    });
  }
}

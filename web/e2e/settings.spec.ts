// Language and theme: the browser's, switched, remembered.

import { expect, test } from "./fixtures.ts";

test.describe("a Spanish browser", () => {
  test.use({ locale: "es-GT" });

  test("gets Spanish, may switch, and is remembered", async ({ page }) => {
    await page.goto("/");
    await expect(page.getByRole("heading", { name: "Todavía no hay reportes" })).toBeVisible();
    await expect(page.locator("html")).toHaveAttribute("lang", "es");
    await expect(page).toHaveTitle(/El tiempo|el tiempo/);
    await page.getByRole("button", { name: "English" }).click();
    await expect(page.getByRole("heading", { name: "No reports yet" })).toBeVisible();
    await expect(page.locator("html")).toHaveAttribute("lang", "en");
    await page.reload();
    await expect(page.getByRole("heading", { name: "No reports yet" })).toBeVisible();
    await page.getByRole("button", { name: "Español" }).click();
    await expect(page.getByRole("heading", { name: "Todavía no hay reportes" })).toBeVisible();
  });
});

test.describe("a German browser", () => {
  test.use({ locale: "de-DE" });

  test("gets English", async ({ page }) => {
    await page.goto("/");
    await expect(page.getByRole("heading", { name: "No reports yet" })).toBeVisible();
  });
});

test("the language is switched without losing the search", async ({ page, stack }) => {
  await stack.send(
    { municipality: "mixco", temperature: 20 },
    { municipality: "flores", humidity: 9 },
  );
  await page.goto("/");
  await page.getByRole("searchbox").fill("flor");
  await page.getByRole("button", { name: "Español" }).click();
  await expect(page.getByRole("searchbox", { name: "Buscar" })).toHaveValue("flor");
  await expect(page.locator(".rows tbody tr").first()).toContainText("Flores");
});

const background = (page: import("@playwright/test").Page) =>
  page.evaluate(() => getComputedStyle(document.body).backgroundColor);

test("the theme follows the system, until one is chosen", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "light" });
  await page.goto("/");
  const light = await background(page);
  await page.emulateMedia({ colorScheme: "dark" });
  const dark = await background(page);
  expect(dark).not.toBe(light);

  await page.getByRole("button", { name: "Theme: as the system" }).click();
  await expect(page.getByRole("button", { name: "Theme: light" })).toBeVisible();
  expect(await background(page)).toBe(light);
  await page.reload();
  expect(await background(page)).toBe(light);
  await page.getByRole("button", { name: "Theme: light" }).click();
  await page.emulateMedia({ colorScheme: "light" });
  expect(await background(page)).toBe(dark);
  await page.goto("/docs");
  expect(await background(page)).toBe(dark);
});

test("who asked for less motion gets none", async ({ page, stack }) => {
  await stack.send({ municipality: "mixco", temperature: 20 });
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.goto("/");
  await expect(page.locator(".state")).toHaveAttribute("data-phase", "live");
  const moving = await page.evaluate(
    () =>
      [...document.querySelectorAll("*")].filter((element) => {
        const { animationName, transitionDuration } = getComputedStyle(element);
        return animationName !== "none" || !/^0s(, 0s)*$/.test(transitionDuration);
      }).length,
  );
  expect(moving).toBe(0);
});

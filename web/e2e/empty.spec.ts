// With an empty store: what a newcomer sees, and what happens when they do what it says.

import { execFileSync } from "node:child_process";
import { expect, expectLive, figure, test } from "./fixtures.ts";

test("the first paint with an empty store invites to send a report", async ({ page, stack }) => {
  await page.goto("/");
  await expectLive(page);
  await expect(page.getByRole("heading", { name: "No reports yet" })).toBeVisible();
  await expect(figure(page, "total")).toHaveAttribute("value", "0");
  await expect(page.locator(".curl code")).toContainText(`curl -X POST ${stack.url}/api/weather`);
  await expect(page.locator(".map")).toBeHidden();
});

test("the line can be copied, and works: the report appears", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto("/");
  await page.getByRole("button", { name: "Copy" }).click();
  await expect(page.getByRole("button", { name: "Copied" })).toBeVisible();
  const line = await page.evaluate(() => navigator.clipboard.readText());
  const answer = execFileSync("bash", ["-c", `${line} --silent`], { encoding: "utf8" });
  expect(JSON.parse(answer)).toMatchObject({ status: "success" });
  await expect(figure(page, "total")).toHaveAttribute("value", "1");
  await expect(page.locator(".map")).toBeVisible();
  await expect(page.getByRole("heading", { name: "No reports yet" })).toBeHidden();
  await expect(page.getByRole("table", { name: "Municipalities" })).toContainText("Mixco");
});

test.describe("with a notice", () => {
  test.use({ flags: ["--notice", "demo: <b>New York</b> & co, 2013"] });

  test("the notice is shown, as text", async ({ page }) => {
    await page.goto("/");
    await expect(page.getByRole("note")).toHaveText("demo: <b>New York</b> & co, 2013");
  });
});

test("an address that leads nowhere says so", async ({ page }) => {
  await page.goto("/#/nowhere");
  await expect(page.getByRole("heading", { name: "Nothing is here" })).toBeVisible();
  await page.getByRole("link", { name: "All municipalities" }).click();
  await expect(page.getByRole("heading", { name: "No reports yet" })).toBeVisible();
});

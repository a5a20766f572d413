// The Content-Security-Policy, and that the tests would notice what breaks it; the page's memory.

import { expect, expectLive, figure, test } from "./fixtures.ts";
import { catalogue, Load } from "./stack.ts";

const DEFAULT_SECONDS = 60;
const HEAP_GROWTH_MAX = 2 * 1024 * 1024; // Bytes; noise of one collection is a few hundred KiB.

test("inline code is refused, and the tests see it", async ({ page, watched }) => {
  const policy = (await page.goto("/"))?.headers()["content-security-policy"] ?? "";
  expect(policy).not.toContain("unsafe");
  await expectLive(page);
  expect(watched.errors()).toEqual([]);
  await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "document.title = 'inline'";
    document.body.append(script);
    document.body.setAttribute("style", "color: red");
  });
  await expect.poll(() => watched.errors().length).toBeGreaterThanOrEqual(2);
  expect(await page.title()).not.toBe("inline");
  watched.allow(/Content Security Policy/);
});

test("a request to another host is refused, and the tests see it", async ({ page, watched }) => {
  await page.goto("/");
  await page.evaluate(() => fetch("http://localhost:9/").catch(() => undefined));
  await expect.poll(() => watched.errors().join()).toMatch(/Content Security Policy|another host/);
  watched.allow(/Content Security Policy|another host|Refused to connect|ERR_|violates/);
});

test("the reference names this server, and its lines can be copied", async ({
  page,
  stack,
  context,
}) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const response = await page.goto("/docs");
  expect(response?.headers()["content-security-policy"]).not.toContain("unsafe");
  const article = page.locator("#getStats");
  await expect(article.locator(".curl code")).toHaveText(`curl ${stack.url}/stats`);
  await article.getByRole("button", { name: "Copy" }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(`curl ${stack.url}/stats`);
});

test("memory does not grow under load", async ({ page, stack }) => {
  const seconds = Number(process.env["CHAAC_PAGE_HEAP_SECONDS"] ?? DEFAULT_SECONDS);
  test.setTimeout((seconds + 90) * 1_000);
  const slugs = await catalogue(stack);
  const load = new Load(stack, slugs, 340, 50);
  await page.goto("/");
  await page.getByRole("button", { name: "Show all" }).click();
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Performance.enable");
  const heap = async (): Promise<number> => {
    await devtools.send("HeapProfiler.collectGarbage");
    await devtools.send("HeapProfiler.collectGarbage");
    const { metrics } = await devtools.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "JSHeapUsedSize")?.value ?? Number.NaN;
  };
  const nodes = () => page.evaluate(() => document.querySelectorAll("*").length);
  await page.waitForTimeout(Math.min(seconds / 4, 60) * 1_000); // Until what is bounded is full.
  const [before, nodesBefore] = [await heap(), await nodes()];
  await page.waitForTimeout(seconds * 1_000);
  const [after, nodesAfter] = [await heap(), await nodes()];
  await load.stop();
  const total = Number(await figure(page, "total").getAttribute("value"));
  console.log(
    `heap ${Math.round(before / 1024)} KiB, after ${seconds} s and ${total} reports ${Math.round(after / 1024)} KiB`,
  );
  expect(total).toBeGreaterThan(1_000);
  expect(after - before).toBeLessThan(HEAP_GROWTH_MAX);
  expect(nodesAfter - nodesBefore).toBeLessThan(50);
});

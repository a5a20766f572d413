// One municipality: the deep link, and what is shown when there is little or nothing to show.

import { expect, expectLive, figure, test } from "./fixtures.ts";
import { Load } from "./stack.ts";

test("a deep link shows figures, series and reports, and follows what arrives", async ({
  page,
  stack,
}) => {
  await stack.send(
    { municipality: "chinautla", temperature: 20, humidity: 50, weather: "sunny" },
    { municipality: "chinautla", temperature: 30, humidity: 70, weather: "rainy" },
    { municipality: "chinautla", temperature: 25, weather: "rainy" },
  );
  await page.goto("/#/m/chinautla");
  await expect(page.getByRole("heading", { level: 1, name: "Chinautla" })).toBeVisible();
  await expect(figure(page, "most")).toHaveText("rainy");
  await expect(figure(page, "least")).toHaveText("sunny");
  await expect(figure(page, "temperature")).toHaveAttribute("value", "25");
  await expect(page.locator(".tile-temperature .hint")).toHaveText("range 20–30\u00a0°C");
  await expect(page.locator(".history canvas")).toHaveCount(2);
  await expect(page.locator(".latest tbody tr")).toHaveCount(3);

  await stack.send({
    municipality: "chinautla",
    temperature: 10.5,
    humidity: 91,
    weather: "foggy",
  });
  await expect(page.locator(".latest tbody tr")).toHaveCount(4);
  const newest = page.locator(".latest tbody tr").first();
  await expect(newest).toContainText("10.5\u00a0°C");
  await expect(newest).toContainText("foggy");
  await expect(figure(page, "count")).toHaveAttribute("value", "4");
});

test("the series' table has what the server's history has, for each period", async ({
  page,
  stack,
}) => {
  await stack.send(
    { municipality: "mixco", temperature: 20, humidity: 50 },
    { municipality: "mixco", temperature: 24 },
  );
  await page.goto("/#/m/mixco");
  for (const [label, step] of [
    ["1 h", 60],
    ["6 h", 300],
    ["24 h", 900],
  ] as const) {
    const asked = page.waitForResponse(
      (response) => response.url().includes(`step=${step}`) && response.ok(),
    );
    if (label === "1 h") await page.reload();
    else await page.getByRole("radio", { name: label, exact: true }).check();
    const history = (await (await asked).json()) as { step: number; points: { count: number }[] };
    expect(history.step).toBe(step);
    expect(history.points.reduce((sum, { count }) => sum + count, 0)).toBe(2);
  }
  await page.locator(".history").getByRole("button", { name: "As a table" }).click();
  const row = page.locator(".history tbody tr").first();
  await expect(row).toContainText("22\u00a0°C");
  await expect(row).toContainText("20\u00a0°C");
  await expect(row).toContainText("24\u00a0°C");
  await expect(row).toContainText("50\u00a0%");
});

test("an unknown municipality is said to be unknown, with the nearest names", async ({
  page,
  watched,
}) => {
  watched.allow(/status of 404/);
  await page.goto("/#/m/chinautle");
  await expect(
    page.getByRole("heading", { name: "“chinautle” is not a municipality" }),
  ).toBeVisible();
  await page.getByRole("link", { name: "Chinautla", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Chinautla" })).toBeVisible();
});

test("a name is folded to its slug", async ({ page }) => {
  await page.goto(`/#/m/${encodeURIComponent("Amatitlán")}`);
  await expect(page).toHaveURL(/#\/m\/amatitlan$/);
  await expect(page.getByRole("heading", { level: 1, name: "Amatitlán" })).toBeVisible();
});

test("one without reports invites to send the first", async ({ page, stack }) => {
  await stack.send({ municipality: "mixco", temperature: 20 });
  await page.goto("/#/m/chinautla");
  await expect(page.getByRole("heading", { name: "No reports from Chinautla yet" })).toBeVisible();
  await expect(page.locator(".curl code")).toContainText('"municipality":"chinautla"');
  await stack.send({ municipality: "chinautla", temperature: 20 });
  await expect(page.locator(".latest tbody tr")).toHaveCount(1);
});

test("a single report is shown as one", async ({ page, stack }) => {
  await stack.send({ municipality: "mixco", temperature: 21.5 });
  await page.goto("/#/m/mixco");
  await expect(page.getByText("One report so far")).toBeVisible();
  await expect(figure(page, "temperature")).toHaveText("21.5\u00a0°C");
  await expect(figure(page, "humidity")).toHaveText("–");
  await expect(figure(page, "most")).toHaveText("–");
  await expect(page.getByText("No report has named a sky condition yet.")).toBeVisible();
  await expect(page.locator(".panel.humidity")).toContainText("No report of this period");
  await expect(page.locator(".panel.temperature canvas")).toBeVisible();
});

test("an empty window says why it is empty, and offers a wider one", async ({ page, stack }) => {
  await stack.send({ municipality: "mixco", temperature: 21.5 });
  const element = stack.command("LINDEX", "recent:mixco", "0").trim();
  const arrived = new Date(Date.now() - 2 * 3_600_000);
  const aged = element.replace(/"at":"[^"]+"/, `"at":"${arrived.toISOString()}"`);
  expect(aged).not.toBe(element);
  stack.command("LSET", "recent:mixco", "0", aged);
  stack.command("INCR", "count:mixco"); // The store remembers the arrival until another count.
  for (const key of stack.command("KEYS", "series:mixco:*").split("\n")) stack.command("DEL", key);
  await page.goto("/#/m/mixco");
  const minute = arrived.toLocaleTimeString("en-US", {
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    timeZone: "America/Guatemala",
  });
  const message = page.locator(".history .message");
  await expect(message).toHaveText(
    /^No reports in the last hour \(\w+ \d+, \d\d:\d\d.+\d\d:\d\d\)\. The newest report from Mixco arrived on /,
  );
  await expect(message).toContainText(`, ${minute}.`);
  await page.getByRole("button", { name: "Show 24 hours" }).click();
  await expect(message).toHaveText(/^No reports in the last 24 hours \(.+\)\.$/);
  await expect(page.getByRole("radio", { name: "24 h" })).toBeChecked();
});

test("under load the reports are asked for at most every two seconds", async ({ page, stack }) => {
  const asked: number[] = [];
  page.on("request", (request) => {
    if (request.url().includes("/api/recent")) asked.push(Date.now());
  });
  const load = new Load(stack, ["mixco"], 20, 10);
  await page.goto("/#/m/mixco");
  await expectLive(page);
  await expect.poll(() => asked.length, { timeout: 20_000 }).toBeGreaterThan(3);
  await load.stop();
  const gaps = asked.slice(1).map((time, index) => time - (asked[index] ?? 0));
  expect(Math.min(...gaps)).toBeGreaterThan(1_800);
});

// What happens when the back end stops: the figures stay and are marked, and come back by themselves.

import { expect, expectLive, figure, OUTAGE, test } from "./fixtures.ts";

test("a server that restarts is found again, without a reload", async ({
  page,
  stack,
  watched,
}) => {
  watched.allow(OUTAGE);
  await stack.send({ municipality: "mixco", temperature: 20 });
  await page.goto("/");
  await expect(figure(page, "total")).toHaveAttribute("value", "1");
  await page.evaluate(() => {
    document.body.dataset["same"] = "page";
  });

  await stack.killServer();
  await expect(page.locator(".state")).toHaveText("Disconnected");
  await expect(page.locator(".banner.warning")).toContainText(
    "The connection to the server is interrupted",
  );
  await expect(page.locator("main")).toHaveClass(/dated/);
  await expect(figure(page, "total")).toHaveAttribute("value", "1");
  await expect(page.locator("p[role=status]").last()).toContainText("Disconnected");

  await stack.startServer();
  await stack.send({ municipality: "mixco", temperature: 21 });
  await expectLive(page);
  await expect(figure(page, "total")).toHaveAttribute("value", "2");
  await expect(page.locator(".banner.warning")).toBeHidden();
  await expect(page.locator("main")).not.toHaveClass(/dated/);
  expect(await page.evaluate(() => document.body.dataset["same"])).toBe("page");
});

test("a server that drains ends the stream, and its successor is found", async ({
  page,
  stack,
  watched,
}) => {
  watched.allow(OUTAGE);
  await page.goto("/");
  await expectLive(page);
  await stack.stopServer();
  await expect(page.locator(".state")).toHaveText("Disconnected");
  await stack.startServer();
  await expectLive(page);
});

test("a store that is away is told, and found again", async ({ page, stack, watched }) => {
  watched.allow(OUTAGE);
  await stack.send({ municipality: "mixco", temperature: 20 });
  await page.goto("/");
  await expect(figure(page, "total")).toHaveAttribute("value", "1");
  await stack.stopValkey();
  await expect(page.locator(".state")).toHaveText("Not current");
  await expect(page.locator(".banner.warning")).toContainText("cannot read its store");
  await expect(figure(page, "total")).toHaveAttribute("value", "1");

  await page.goto("/#/m/mixco");
  await expect(page.locator(".history")).toContainText("cannot be read at present");
  await expect(page.locator(".latest")).toContainText("cannot be read at present");

  await stack.startValkey();
  await expectLive(page);
  await expect(page.locator(".latest tbody tr")).toHaveCount(1);
  await expect(page.locator(".history canvas").first()).toBeVisible();
});

test("a page that is opened during an outage says so, and fills later", async ({
  page,
  stack,
  watched,
}) => {
  watched.allow(OUTAGE);
  await stack.send({ municipality: "mixco", temperature: 20 });
  await stack.stopValkey();
  await page.goto("/");
  await expect(page.locator(".banner.warning")).toBeVisible();
  await stack.startValkey();
  await expectLive(page);
  await expect(figure(page, "total")).toHaveAttribute("value", "1");
});

test("nothing is rendered while nobody looks", async ({ page, context, stack }) => {
  await page.goto("/");
  await expectLive(page);
  // Playwright cannot hide a page for real, so what the page goes by is set: document.hidden.
  await page.evaluate(() => {
    Object.defineProperty(document, "hidden", {
      get: () => document.body.dataset["hidden"] === "1",
    });
    document.body.dataset["hidden"] = "1";
    document.dispatchEvent(new Event("visibilitychange"));
  });
  const changes = await page.evaluateHandle(() => {
    const counter = { count: 0 };
    const root = document.querySelector("#app") as Element;
    new MutationObserver((records) => {
      counter.count += records.length;
    }).observe(root, { subtree: true, childList: true, characterData: true, attributes: true });
    return counter;
  });
  await stack.send({ municipality: "mixco", temperature: 20 });
  await expect.poll(async () => (await stack.stats()).total_processed).toBe(1);
  await page.waitForTimeout(2_500); // Two snapshots' time.
  expect(await changes.evaluate(({ count }) => count)).toBe(0);
  await page.evaluate(() => {
    document.body.dataset["hidden"] = "0";
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await expect(figure(page, "total")).toHaveAttribute("value", "1");
  expect(context.pages()).toHaveLength(1);
});

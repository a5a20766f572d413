// What every end-to-end test has: a stack of its own, and a page whose every error fails the test.

import { test as base, expect, type Page } from "@playwright/test";
import { Stack } from "./stack.ts";

export interface Watch {
  /** Errors of this kind are what the test is about. */
  allow(pattern: RegExp): void;
  /** What was seen and not allowed. */
  errors(): string[];
}

export function watch(page: Page): Watch {
  const seen: string[] = [];
  const allowed: RegExp[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) seen.push(message.text());
  });
  page.on("pageerror", (error) => seen.push(String(error)));
  page.on("request", (request) => {
    const host = new URL(request.url()).hostname;
    if (host !== "127.0.0.1") seen.push(`a request to another host: ${request.url()}`);
  });
  return {
    allow: (pattern) => allowed.push(pattern),
    errors: () => seen.filter((text) => !allowed.some((pattern) => pattern.test(text))),
  };
}

/** What a browser says of a server that is away, or of a store that is. */
export const OUTAGE = /ERR_|status of 503|net::/;

interface Fixtures {
  flags: string[];
  stack: Stack;
  watched: Watch;
}

export const test = base.extend<Fixtures>({
  flags: [[], { option: true }],
  stack: async ({ flags }, use) => {
    const stack = await Stack.start(...flags);
    await use(stack);
    await stack.end();
  },
  baseURL: async ({ stack }, use) => use(stack.url),
  watched: [
    async ({ page }, use) => {
      const watched = watch(page);
      await use(watched);
      expect(watched.errors(), "errors in the console, violations of the policy").toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };

export async function expectLive(page: Page): Promise<void> {
  await expect(page.locator(".state")).toHaveAttribute("data-phase", "live");
}

/** The value, for machines, of a tile's figure. */
export const figure = (page: Page, tile: string) => page.locator(`.tile-${tile} data.big`);

export async function expectNoOverflow(page: Page): Promise<void> {
  const overflow = await page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const wide = [...document.querySelectorAll("body *")].filter((element) => {
      if (element.closest(".scroll, .bar, pre, .unseen, .skip, svg, [hidden], thead")) return false;
      const { left, right } = element.getBoundingClientRect();
      return right > width + 1 || left < -1;
    });
    return {
      page: document.documentElement.scrollWidth - width,
      elements: wide.map((element) => element.outerHTML.slice(0, 80)).slice(0, 5),
    };
  });
  expect(overflow).toEqual({ page: 0, elements: [] });
}

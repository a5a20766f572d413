// The end-to-end tests: the real server, a real Valkey, Debian's Chromium. script/test page runs them.

import { defineConfig } from "@playwright/test";
import { LAUNCH } from "./e2e/browser.ts";

export default defineConfig({
  testDir: "e2e",
  outputDir: "../var/page",
  workers: 1, // The machine has two cores, and one test is three programs already.
  fullyParallel: false,
  retries: 0,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [["list"]],
  use: { launchOptions: LAUNCH, locale: "en-US", timezoneId: "America/Guatemala" },
});

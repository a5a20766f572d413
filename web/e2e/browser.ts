// The browser that tests and screenshots use: the distribution's Chromium, kept to this machine.

import { existsSync } from "node:fs";

const CHROMIUM = process.env["CHAAC_CHROMIUM"] ?? "/usr/bin/chromium";
if (!existsSync(CHROMIUM)) {
  throw new Error(`${CHROMIUM} is missing: run script/bootstrap, or let CHAAC_CHROMIUM name one.`);
}

export const LAUNCH = {
  executablePath: CHROMIUM,
  args: [
    ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []), // It refuses to have one as root.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
  ],
};

// Puts src/early.js, a file of its own, before everything else of each document: it sets the theme and the
// language that were chosen before anything is painted. A module would come too late, and the
// Content-Security-Policy allows no inline script.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

export function earlyScript(): Plugin {
  const source = () => readFileSync(join(import.meta.dirname, "../src/early.js"), "utf8");
  return {
    name: "chaac-early",
    apply: "build",
    buildStart() {
      this.emitFile({
        type: "asset",
        name: "early.js",
        source: source().replace(/^\s*\/\/.*\n/gm, ""),
      });
    },
    transformIndexHtml: {
      order: "post",
      handler: (_html, { bundle }) => {
        const file = Object.keys(bundle ?? {}).find((name) => /early-[^/]*\.js$/.test(name));
        if (file === undefined) throw new Error("the early script is not in the bundle");
        return [{ tag: "script", attrs: { src: `/${file}` }, injectTo: "head-prepend" }];
      },
    },
  };
}

// How the page is built: two documents, the live page and the reference of the API, whose scripts
// and styles are files of their own, named by their content. Nothing is inlined, so that the
// strictest Content-Security-Policy holds.

import { defineConfig } from "vite";
import { departmentsModule } from "./build/departments.ts";
import { earlyScript } from "./build/early.ts";
import { reference } from "./build/reference.ts";

export default defineConfig({
  root: import.meta.dirname,
  base: "/",
  plugins: [departmentsModule(), earlyScript(), reference()],
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2022",
    assetsDir: "assets",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: { input: { index: "index.html", docs: "docs.html" } },
  },
});

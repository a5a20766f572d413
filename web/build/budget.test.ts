// What the page may weigh, and what it may not contain. Looks at web/dist: script/build web makes it.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";

const DIST = join(import.meta.dirname, "../dist");
const JAVASCRIPT_MAX = 60_000; // Bytes, gzipped, lazily loaded parts included.

describe("web/dist", () => {
  const assets = () => readdirSync(join(DIST, "assets")).map((name) => join(DIST, "assets", name));
  const documents = () => ["index.html", "docs.html"].map((name) => join(DIST, name));

  test("has no more JavaScript than it may", () => {
    const scripts = assets().filter((path) => path.endsWith(".js"));
    const sizes = scripts.map((path) => gzipSync(readFileSync(path), { level: 9 }).length);
    const sum = sizes.reduce((total, size) => total + size, 0);
    expect(scripts.length).toBeGreaterThan(2);
    expect(sum).toBeLessThanOrEqual(JAVASCRIPT_MAX);
  });

  test("has nothing inline", () => {
    for (const path of documents()) {
      const html = readFileSync(path, "utf8");
      expect(html).not.toMatch(/<style| style="| on\w+="/i);
      for (const [, body] of html.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)) {
        expect(body).toBe("");
      }
    }
  });

  test("loads nothing from another host", () => {
    for (const path of [...documents(), ...assets()]) {
      const text = readFileSync(path, "utf8");
      const loads = text.match(/(?:src=|url\(|@import |import\()["'(]?(?:https?:)?\/\/[^"')]+/g);
      expect(loads, path).toBeNull();
    }
  });

  test("names every asset by its content", () => {
    for (const path of assets()) expect(path).toMatch(/-[\w-]{8}\.(js|css)$/);
  });
});

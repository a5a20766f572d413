// The reference shows the whole contract, escaped, with lines that work.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { escaped, prose } from "./markup.ts";
import { curlOf, DOCUMENT, endpointsOf, type OpenApi, render } from "./reference.ts";
import { typeOf } from "./schema.ts";

const CONTRACT = parse(readFileSync(DOCUMENT, "utf8")) as OpenApi;

function contract(operation: object): OpenApi {
  return {
    info: { title: "T", version: "1" },
    servers: [{ url: "http://localhost:8081" }],
    tags: [{ name: "t" }],
    paths: {
      "/a/{m}": {
        get: { operationId: "getA", summary: "S", tags: ["t"], responses: {}, ...operation },
      },
    },
    components: {},
  } as OpenApi;
}

const curl = (operation: object) =>
  endpointsOf(contract(operation)).map((endpoint) => curlOf(endpoint))[0];

test("every operation and every schema of the contract is there, and can be linked to", () => {
  const html = render(CONTRACT);
  const endpoints = endpointsOf(CONTRACT);
  expect(endpoints.length).toBeGreaterThan(8);
  for (const { operation } of endpoints) {
    expect(html).toContain(`id="${operation.operationId}"`);
    expect(html).toContain(`href="#${operation.operationId}"`);
  }
  for (const name of Object.keys(CONTRACT.components.schemas ?? {})) {
    expect(html).toContain(`id="schema-${name}"`);
  }
});

test("every link within it leads somewhere, and no id is used twice", () => {
  const html = render(CONTRACT);
  const ids = [...html.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]);
  expect(new Set(ids).size).toBe(ids.length);
  for (const [, target] of html.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(target);
});

test("nothing in it is inline code, as the Content-Security-Policy demands", () => {
  expect(render(CONTRACT)).not.toMatch(/<script|<style| style="| on\w+="/i);
});

test("a line for a shell has the path's and the query's examples, quoted", () => {
  const parameters = [
    { name: "m", in: "path", required: true, example: "chinautla" },
    { name: "q", in: "query", example: "a&b:c" },
    { name: "kept", in: "query", schema: { default: 20 } },
    { name: "unset", in: "query" },
    { name: "X-It", in: "header", example: "it's" },
  ];
  expect(curl({ parameters })).toBe(
    "curl 'http://localhost:8081/a/chinautla?q=a%26b:c' \\\n  -H 'X-It: it'\\''s'",
  );
});

test("a stream is not buffered by the shell's line", () => {
  const responses = { "200": { description: "", content: { "text/event-stream": {} } } };
  expect(curl({ responses })).toContain("curl -N ");
});

test("a reference that leads nowhere fails the build", () => {
  const responses = { "400": { $ref: "#/components/responses/Gone" } };
  expect(() => render(contract({ responses }))).toThrow("leads nowhere");
});

test("an operation whose tag is not listed fails the build", () => {
  expect(() => render(contract({ tags: ["other"] }))).toThrow("no listed tag");
});

test("text is escaped", () => {
  expect(escaped(`<a href="x">'&`)).toBe("&lt;a href=&quot;x&quot;&gt;&#39;&amp;");
  expect(prose("one `<b>`\n\ntwo\n\n- a\n- b")).toBe(
    "<p>one <code>&lt;b&gt;</code></p><p>two</p><ul><li>a</li><li>b</li></ul>",
  );
});

test("types say what is allowed", () => {
  expect(typeOf({ type: "number", minimum: 0, maximum: 100 })).toBe("number, 0 to 100");
  expect(typeOf({ type: ["number", "null"] })).toBe("number or null");
  expect(typeOf({ $ref: "#/components/schemas/Id" })).toBe('<a href="#schema-Id">Id</a>');
  expect(typeOf({ $ref: "#/components/schemas/Id/properties/count" })).toBe(
    '<a href="#schema-Id">Id.count</a>',
  );
  expect(typeOf({ type: "array", items: { type: "string" }, description: "X" })).toBe(
    "array of string: X",
  );
});

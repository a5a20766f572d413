// The page /docs: api/openapi.yaml rendered as plain HTML when the page is built. It knows the parts of
// OpenAPI 3.1 that our document uses and refuses a reference that leads nowhere; what a description
// says in Markdown is limited to paragraphs, lists and `code`.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";
import { parse } from "yaml";
import { code, escaped, prose } from "./markup.ts";
import { type Schema, typeOf } from "./schema.ts";

export const DOCUMENT = join(import.meta.dirname, "../../api/openapi.yaml");
const METHODS = ["get", "put", "post", "delete", "patch"] as const;

interface Media {
  schema?: Schema;
  example?: unknown;
  examples?: Record<string, { value: unknown; summary?: string }>;
}
interface Parameter {
  $ref?: string;
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  example?: unknown;
  schema?: Schema;
}
interface Answer {
  $ref?: string;
  description: string;
  headers?: Record<string, { description?: string }>;
  content?: Record<string, Media>;
}
interface Operation {
  operationId: string;
  summary: string;
  description?: string;
  tags?: string[];
  parameters?: Parameter[];
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, Answer>;
}
type Method = (typeof METHODS)[number];
type PathItem = Partial<Record<Method, Operation>> & {
  servers?: { url: string; description?: string }[];
  parameters?: Parameter[];
};
export interface OpenApi {
  info: { title: string; version: string; summary?: string; description?: string };
  servers: { url: string }[];
  tags: { name: string; description?: string }[];
  paths: Record<string, PathItem>;
  components: {
    parameters?: Record<string, Parameter>;
    responses?: Record<string, Answer>;
    schemas?: Record<string, Schema>;
  };
}

interface Endpoint {
  path: string;
  method: Method;
  operation: Operation;
  parameters: Parameter[];
  server: { url: string; description?: string };
}

/** What a reference such as #/components/responses/Problem names. */
function follow<T extends { $ref?: string }>(document: OpenApi, item: T): T {
  if (item.$ref === undefined) return item;
  let found: unknown = document;
  for (const part of item.$ref.replace(/^#\//, "").split("/")) {
    found = (found as Record<string, unknown> | undefined)?.[part];
  }
  if (found === undefined) throw new Error(`api/openapi.yaml: ${item.$ref} leads nowhere`);
  return found as T;
}

export function endpointsOf(document: OpenApi): Endpoint[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method];
      if (operation === undefined) return [];
      const parameters = [...(item.parameters ?? []), ...(operation.parameters ?? [])];
      return {
        path,
        method,
        operation,
        parameters: parameters.map((parameter) => follow(document, parameter)),
        server: item.servers?.[0] ?? document.servers[0] ?? { url: "" },
      };
    }),
  );
}

function exampleOf(parameter: Parameter): string | undefined {
  const value = parameter.example ?? parameter.schema?.examples?.[0];
  return value === undefined ? undefined : String(value);
}

// A colon, as in a time, needs no escape there.
const queryValue = (text: string) => encodeURIComponent(text).replaceAll("%3A", ":");

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** A line for a shell that sends this request: required parameters, and those with an example. */
export function curlOf(endpoint: Endpoint): string {
  let path = endpoint.path;
  const query: string[] = [];
  const words: string[] = [];
  for (const parameter of endpoint.parameters) {
    const value = exampleOf(parameter);
    if (parameter.in === "path")
      path = path.replace(`{${parameter.name}}`, value ?? parameter.name);
    else if (value === undefined) continue;
    else if (parameter.in === "query") query.push(`${parameter.name}=${queryValue(value)}`);
    else if (parameter.in === "header") words.push(`-H ${quoted(`${parameter.name}: ${value}`)}`);
  }
  const url = endpoint.server.url + path + (query.length > 0 ? `?${query.join("&")}` : "");
  const [type, media] = Object.entries(endpoint.operation.requestBody?.content ?? {})[0] ?? [];
  if (type !== undefined && media !== undefined) {
    const body = media.example ?? Object.values(media.examples ?? {})[0]?.value;
    words.unshift(`-H ${quoted(`Content-Type: ${type}`)}`);
    words.push(`-d ${quoted(typeof body === "string" ? body : JSON.stringify(body))}`);
  }
  const method = endpoint.method === "get" ? "" : `-X ${endpoint.method.toUpperCase()} `;
  const streamed = "text/event-stream" in (endpoint.operation.responses["200"]?.content ?? {});
  const start = `curl ${streamed ? "-N " : ""}${method}${/[?&]/.test(url) ? quoted(url) : url}`;
  return [start, ...words].join(" \\\n  ");
}

function sample(value: unknown): string {
  const text = typeof value === "string" ? value.trimEnd() : JSON.stringify(value, null, 2);
  return `<pre tabindex="0"><code>${escaped(text)}</code></pre>`;
}

function samples(media: Media): string {
  const parts = media.example === undefined ? [] : [sample(media.example)];
  for (const [name, { value, summary }] of Object.entries(media.examples ?? {})) {
    parts.push(`<p class="label">${escaped(summary ?? name)}</p>${sample(value)}`);
  }
  return parts.join("");
}

function bodies(content: Record<string, Media> | undefined): string {
  return Object.entries(content ?? {})
    .map(([type, media]) => {
      const schema = media.schema === undefined ? "" : ` ${typeOf(media.schema)}`;
      return `<div class="body"><p>${code(type)}${schema}</p>${samples(media)}</div>`;
    })
    .join("");
}

function parameterTable(parameters: Parameter[], id: string): string {
  if (parameters.length === 0) return "";
  const rows = parameters.map(
    (parameter) =>
      `<tr><th scope="row">${code(parameter.name)}<small>${escaped(parameter.in)}${
        parameter.required ? ", required" : ""
      }</small></th><td>${typeOf(parameter.schema ?? {})}</td><td>${prose(
        parameter.description ?? parameter.schema?.description ?? "",
      )}</td></tr>`,
  );
  return `<h4>Parameters</h4><div class="scroll" tabindex="0" role="region" aria-label="Parameters of ${id}"><table>
<thead><tr><th scope="col">Name</th><th scope="col">Type</th><th scope="col">Meaning</th></tr></thead>
<tbody>${rows.join("\n")}</tbody></table></div>`;
}

function answers(document: OpenApi, responses: Record<string, Answer>): string {
  const rows = Object.entries(responses).map(([status, given]) => {
    const answer = follow(document, given);
    const headers = Object.keys(answer.headers ?? {});
    const named = headers.length > 0 ? `<p>Headers: ${headers.map(code).join(", ")}</p>` : "";
    const kind = status.startsWith("2") || status.startsWith("3") ? "good" : "bad";
    return `<div class="answer ${kind}"><dt>${escaped(status)}</dt><dd>${prose(answer.description)}${named}${bodies(answer.content)}</dd></div>`;
  });
  return `<h4>Answers</h4><dl class="answers">${rows.join("\n")}</dl>`;
}

function article(document: OpenApi, endpoint: Endpoint): string {
  const { operation, method, path } = endpoint;
  const id = escaped(operation.operationId);
  const admin = endpoint.server.description;
  const request = operation.requestBody;
  return `<article id="${id}">
<h3><a href="#${id}"><span class="method ${method}">${method.toUpperCase()}</span> <code>${escaped(path)}</code></a></h3>
<p class="summary">${escaped(operation.summary)}</p>
${admin !== undefined && endpoint.server !== document.servers[0] ? `<p class="note">${escaped(admin)} (${code(endpoint.server.url)})</p>` : ""}
${prose(operation.description ?? "")}
<div class="curl"><pre tabindex="0"><code>${escaped(curlOf(endpoint))}</code></pre></div>
${parameterTable(endpoint.parameters, id)}
${request === undefined ? "" : `<h4>Body</h4>${bodies(request.content)}`}
${answers(document, operation.responses)}
</article>`;
}

function schemaSection(schemas: Record<string, Schema>): string {
  const parts = Object.entries(schemas).map(([name, schema]) => {
    const id = `schema-${escaped(name)}`;
    return `<article id="${id}" class="schema"><h3><a href="#${id}">${escaped(name)}</a></h3>${prose(
      schema.description ?? "",
    )}${typeOf({ ...schema, description: "" }, name)}</article>`;
  });
  return `<section id="schemas"><h2>Schemas</h2>${parts.join("\n")}</section>`;
}

export function render(document: OpenApi): string {
  const endpoints = endpointsOf(document);
  const groups = document.tags.map((tag) => ({
    ...tag,
    endpoints: endpoints.filter(({ operation }) => operation.tags?.includes(tag.name)),
  }));
  const shown = new Set(groups.flatMap((group) => group.endpoints));
  const lost = endpoints.filter((endpoint) => !shown.has(endpoint));
  if (lost.length > 0) throw new Error(`api/openapi.yaml: ${lost[0]?.path} has no listed tag`);
  const links = groups.map(
    (group) =>
      `<li><a href="#${group.name}">${escaped(group.name)}</a><ul>${group.endpoints
        .map(
          ({ operation, method, path }) =>
            `<li><a href="#${escaped(operation.operationId)}"><span class="method ${method}">${method.toUpperCase()}</span> ${escaped(path)}</a></li>`,
        )
        .join("")}</ul></li>`,
  );
  const sections = groups.map(
    (group) => `<section id="${group.name}"><h2>${escaped(group.name)}</h2>
${prose(group.description ?? "")}
${group.endpoints.map((endpoint) => article(document, endpoint)).join("\n")}</section>`,
  );
  const { info } = document;
  return `<a class="skip" href="#content">Skip to the content</a>
<header class="top"><a class="brand" href="/"><img src="/favicon.svg" alt="" width="28" height="28">Chaac</a>
<p><a href="/">Live page</a> · <a href="/openapi.json">openapi.json</a></p></header>
<div class="columns"><nav aria-label="Contents"><ul>${links.join("\n")}<li><a href="#schemas">schemas</a></li></ul></nav>
<main id="content" tabindex="-1"><h1>${escaped(info.title)} API <small>${escaped(info.version)}</small></h1>
<p class="lead">${escaped(info.summary ?? "")}</p>${prose(info.description ?? "")}
${sections.join("\n")}
${schemaSection(document.components.schemas ?? {})}
</main></div>`;
}

export function reference(): Plugin {
  return {
    name: "chaac-reference",
    transformIndexHtml: {
      order: "pre",
      handler: (html) =>
        html.includes("<!--reference-->")
          ? html.replace("<!--reference-->", () =>
              render(parse(readFileSync(DOCUMENT, "utf8")) as OpenApi),
            )
          : html,
    },
  };
}

// A JSON Schema as HTML: a short type, or a table of an object's properties.

import { code, escaped, prose } from "./markup.ts";

export interface Schema {
  $ref?: string;
  type?: string | string[];
  description?: string;
  enum?: unknown[];
  const?: unknown;
  format?: string;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  multipleOf?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  default?: unknown;
  examples?: unknown[];
  required?: string[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  oneOf?: Schema[];
  anyOf?: Schema[];
  allOf?: Schema[];
}

function bounds(low: number | undefined, high: number | undefined, what: string): string {
  if (low === undefined && high === undefined) return "";
  const space = what === "" ? "" : ` ${what}`;
  if (low === undefined) return `at most ${high}${space}`;
  return high === undefined ? `at least ${low}${space}` : `${low} to ${high}${space}`;
}

/** What a value may be besides its type. */
function limits(schema: Schema): string {
  return [
    schema.enum === undefined ? "" : schema.enum.map((value) => code(String(value))).join(" "),
    schema.format === undefined ? "" : escaped(schema.format),
    bounds(schema.minimum, schema.maximum, ""),
    schema.multipleOf === undefined ? "" : `a multiple of ${schema.multipleOf}`,
    bounds(schema.minLength, schema.maxLength, "characters"),
    bounds(schema.minItems, schema.maxItems, "items"),
    schema.pattern === undefined ? "" : `matches ${code(schema.pattern)}`,
    schema.default === undefined ? "" : `default ${code(JSON.stringify(schema.default))}`,
  ]
    .filter((part) => part !== "")
    .join("; ");
}

function properties(schema: Schema, name: string): string {
  const required = new Set(schema.required ?? []);
  const rows = Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const examples = (property.examples ?? []).map((value) => code(JSON.stringify(value)));
    const given = examples.length > 0 ? `<p>For example ${examples.join(", ")}.</p>` : "";
    const about = prose(property.description ?? "");
    return `<tr><th scope="row">${code(name)}${
      required.has(name) ? "<small>required</small>" : ""
    }</th><td>${typeOf({ ...property, description: "" })}</td><td>${about}${given}</td></tr>`;
  });
  return `<div class="scroll" tabindex="0" role="region" aria-label="Properties of ${escaped(name)}"><table>
<thead><tr><th scope="col">Name</th><th scope="col">Type</th><th scope="col">Meaning</th></tr></thead>
<tbody>${rows.join("\n")}</tbody></table></div>`;
}

function alternatives(schemas: Schema[]): string {
  return `<ul class="alternatives">${schemas
    .map((schema) => `<li>${typeOf(schema)}</li>`)
    .join("")}</ul>`;
}

/** A schema with a name shows an object's properties as a table; in a table's cell they are a list. */
export function typeOf(schema: Schema, name?: string): string {
  if (schema.$ref !== undefined) {
    // #/components/schemas/NAME, or /properties/PROPERTY of it.
    const [target = "", , property] = schema.$ref.split("/").slice(3).map(escaped);
    const shown = property === undefined ? target : `${target}.${property}`;
    return `<a href="#schema-${target}">${shown}</a>`;
  }
  if (schema.const !== undefined) {
    const about = schema.description ? ` ${escaped(schema.description)}` : "";
    return `${code(String(schema.const))}${about}`;
  }
  const choices = schema.oneOf ?? schema.allOf;
  if (choices !== undefined) return alternatives(choices);
  if (schema.type === undefined && schema.anyOf !== undefined) return alternatives(schema.anyOf);
  const about = schema.description ? `: ${escaped(schema.description)}` : "";
  const type = [schema.type ?? "any"].flat().join(" or ");
  if (type === "array") return `array of ${typeOf(schema.items ?? {})}${about}`;
  if (schema.properties !== undefined) {
    if (name !== undefined) return properties(schema, name);
    const fields = Object.entries(schema.properties).map(
      ([field, property]) => `<li>${code(field)} ${typeOf(property)}</li>`,
    );
    return `object${about}<ul class="alternatives">${fields.join("")}</ul>`;
  }
  if (typeof schema.additionalProperties === "object") {
    return `object; each value: ${typeOf(schema.additionalProperties)}${about}`;
  }
  const limited = limits(schema);
  return `${escaped(type)}${limited === "" ? "" : `, ${limited}`}${about}`;
}

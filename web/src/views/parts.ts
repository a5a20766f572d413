// Parts that several views use: a value that changes, a bar, a curl line, a choice among few.

import type { Context } from "../context.ts";
import { h, setText, setVariable } from "../dom.ts";
import { icon } from "./icons.ts";

/** A number for people and, in its `value`, for machines. */
export class Figure {
  readonly element: HTMLDataElement;

  constructor(className = "") {
    this.element = h("data", { class: className || null, value: "" });
    this.element.textContent = "–";
  }

  set(text: string, value: number | string | null): void {
    setText(this.element, text);
    const machine = value === null ? "" : String(value);
    if (this.element.value !== machine) this.element.value = machine;
  }
}

/** A large figure under its label, with a hint below. */
export class Tile {
  readonly element: HTMLElement;
  readonly figure = new Figure("big");
  readonly hint = h("span", { class: "hint" });

  constructor(label: string, name: string, ...more: (Node | null)[]) {
    this.element = h(
      "div",
      { class: `tile tile-${name}` },
      h("h3", {}, label),
      this.figure.element,
      this.hint,
      ...more,
    );
  }
}

/** A bar of 0..1 of its room. Decoration: its figure stands beside it. */
export class Bar {
  readonly element: HTMLElement;

  constructor(kind: string) {
    this.element = h("span", { class: `bar ${kind}`, "aria-hidden": "true" }, h("span"));
  }

  set(share: number): void {
    setVariable(this.element, "--share", Math.min(Math.max(share, 0), 1).toFixed(4));
  }
}

export function button(label: string, onClick: () => void, className = ""): HTMLButtonElement {
  return h("button", { type: "button", class: className || null, click: onClick }, label);
}

async function copyText(text: string, element: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Plain HTTP on another host has no clipboard: the line is selected, ready for the keyboard.
    getSelection()?.selectAllChildren(element);
    return document.execCommand("copy");
  }
}

const COPIED_FOR_MS = 2_000;

/** The curl line that sends a report to where this page came from. */
export function curlLine(context: Context, municipality: string): HTMLElement {
  const body = JSON.stringify({ municipality, temperature: 22.5, humidity: 60, weather: "sunny" });
  const lines = [
    `curl -X POST ${location.origin}/api/weather`,
    "-H 'Content-Type: application/json'",
    `-d '${body.replaceAll("'", "'\\''")}'`,
  ];
  const code = h("code", {}, lines.join(" \\\n  "));
  const copy = button(context.t.copy, async () => {
    if (!(await copyText(code.textContent ?? "", code))) return;
    copy.textContent = context.t.copied;
    setTimeout(() => {
      copy.textContent = context.t.copy;
    }, COPIED_FOR_MS);
  });
  copy.setAttribute("aria-live", "polite");
  return h("div", { class: "curl" }, h("pre", { tabindex: 0 }, code), copy);
}

export interface Option<Value> {
  value: Value;
  label: string;
}

/** A choice among few: radio buttons that look like one control. */
export function choice<Value extends string | number>(
  label: string,
  name: string,
  options: readonly Option<Value>[],
  chosen: Value,
  choose: (value: Value) => void,
): HTMLElement {
  return h(
    "fieldset",
    { class: "choice" },
    h("legend", { class: "unseen" }, label),
    ...options.map(({ value, label: text }) =>
      h(
        "label",
        {},
        h("input", {
          type: "radio",
          name,
          value,
          checked: value === chosen,
          change: () => choose(value),
        }),
        h("span", {}, text),
      ),
    ),
  );
}

let counter = 0;

export function uniqueId(prefix: string): string {
  counter += 1;
  return `${prefix}-${counter}`;
}

export interface Card {
  element: HTMLElement;
  head: HTMLElement;
  body: HTMLElement;
}

/** A section with a heading; its head has room for controls. */
export function card(title: string, className: string): Card {
  const id = uniqueId("card");
  const head = h("div", { class: "card-head" }, h("h2", { id }, title));
  const body = h("div", { class: "card-body" });
  const element = h("section", { class: `card ${className}`, "aria-labelledby": id }, head, body);
  return { element, head, body };
}

/** A button that shows a chart's table instead of the chart. Returns whether the table is shown. */
export function tableToggle(
  labels: { table: string; chart: string },
  chart: HTMLElement | SVGElement,
  table: HTMLElement,
  changed: () => void,
): HTMLButtonElement {
  table.hidden = true;
  const toggle = button(
    "",
    () => {
      const tableShown = table.hidden === true;
      table.hidden = !tableShown;
      chart.toggleAttribute("hidden", tableShown);
      show(tableShown);
      changed();
    },
    "quiet toggle",
  );
  const show = (tableShown: boolean) => {
    const label = tableShown ? labels.chart : labels.table;
    toggle.replaceChildren(icon(tableShown ? "chart" : "table"), h("span", {}, label));
    toggle.title = label;
  };
  show(false);
  return toggle;
}

/** A plain table whose rows are reused. */
export class PlainTable {
  readonly element: HTMLElement;
  private readonly body = h("tbody");

  constructor(context: Context, caption: string, columns: readonly string[]) {
    this.element = h(
      "div",
      {
        class: "scroll",
        tabindex: 0,
        role: "region",
        "aria-label": `${caption}, ${context.t.table}`,
      },
      h(
        "table",
        {},
        h("caption", { class: "unseen" }, caption),
        h("thead", {}, h("tr", {}, ...columns.map((text) => h("th", { scope: "col" }, text)))),
        this.body,
      ),
    );
  }

  /** The first cell of a row is its heading. */
  set(rows: readonly (readonly string[])[]): void {
    while (this.body.rows.length > rows.length) this.body.deleteRow(-1);
    rows.forEach((texts, index) => {
      const row = this.body.rows[index] ?? this.body.insertRow();
      texts.forEach((text, column) => {
        const cell =
          row.cells[column] ?? row.appendChild(column === 0 ? h("th", { scope: "row" }) : h("td"));
        setText(cell, text);
      });
    });
  }
}

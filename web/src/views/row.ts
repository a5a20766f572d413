// One row of the table of municipalities; only texts that differ are written.

import type { Context } from "../context.ts";
import { h, setText } from "../dom.ts";
import type { Municipality } from "../merge.ts";
import type { Column } from "../order.ts";
import { hashOf } from "../route.ts";
import { icon } from "./icons.ts";
import { Bar, Figure } from "./parts.ts";

export class Row {
  readonly element: HTMLElement;
  private readonly name: HTMLElement;
  private readonly department = h("small");
  private readonly count = new Figure();
  private readonly temperature = new Figure();
  private readonly temperatureBar = new Bar("temperature");
  private readonly humidity = new Figure();
  private readonly humidityBar = new Bar("humidity");
  private readonly temperatureRange = h("span");
  private readonly humidityRange = h("span");
  private readonly condition = h("span");
  private readonly last = h("span");
  private conditionShown: string | null = null;
  private readonly conditionCell: HTMLElement;

  constructor(slug: string) {
    this.name = h("a", { href: hashOf(slug) });
    // Rows are grids, which takes the meaning of a table from its elements: roles give it back.
    const cell = (column: Column, ...children: Node[]) =>
      h("td", { role: "cell", class: `c-${column}` }, ...children);
    this.conditionCell = cell("condition", this.condition);
    this.element = h(
      "tr",
      { role: "row", "data-slug": slug },
      h("th", { role: "rowheader", scope: "row", class: "c-name" }, this.name, this.department),
      cell("count", this.count.element),
      cell("temperature", this.temperatureBar.element, this.temperature.element),
      cell("humidity", this.humidityBar.element, this.humidity.element),
      cell("temperatureRange", this.temperatureRange),
      cell("humidityRange", this.humidityRange),
      this.conditionCell,
      cell("last", this.last),
    );
  }

  set(one: Municipality, context: Context, serverNow: number): void {
    const { f } = context;
    const { temperature, humidity } = one.extremes;
    setText(this.name, one.label);
    setText(this.department, one.department ?? "");
    this.count.set(f.integer(one.count), one.count);
    this.temperature.set(f.temperature(one.avg_temperature), one.avg_temperature);
    this.temperatureBar.set((one.avg_temperature ?? 0) / 40);
    this.humidity.set(f.humidity(one.avg_humidity), one.avg_humidity);
    this.humidityBar.set((one.avg_humidity ?? 0) / 100);
    setText(this.temperatureRange, f.temperatureRange(temperature.min, temperature.max));
    setText(this.humidityRange, f.humidityRange(humidity.min, humidity.max));
    if (this.conditionShown !== one.most_common) {
      this.conditionShown = one.most_common;
      this.conditionCell.querySelector("svg")?.remove();
      if (one.most_common !== null) this.conditionCell.prepend(icon(one.most_common));
    }
    setText(this.condition, context.weather(one.most_common));
    const age = one.last_report_at === null ? null : serverNow - Date.parse(one.last_report_at);
    setText(this.last, age === null ? "–" : f.ago(age));
  }
}

// All municipalities: sortable, searchable. Rows are kept and reused, and only texts that differ are
// written; rows out of sight cost the browser no layout (content-visibility in table.css). The order
// is that of the newest snapshot.

import type { Context } from "../context.ts";
import { arrange, h, setAttribute, setHidden, setText } from "../dom.ts";
import type { Frame, View } from "../frame.ts";
import { type Municipality, silentOnes } from "../merge.ts";
import {
  COLUMNS,
  type Column,
  firstDirection,
  matching,
  type Order,
  sorted,
  toggled,
} from "../order.ts";
import { hashOf } from "../route.ts";
import { icon } from "./icons.ts";
import { Bar, button, card, Figure, uniqueId } from "./parts.ts";

const FEW = 20; // Rows before "show all".
const ROWS_MAX = 2_000; // Above what a server may know (1,000).

/** What outlives a change of language. */
export interface TableState {
  order: Order;
  query: string;
  all: boolean;
}

export const initialTableState = (): TableState => ({
  order: { column: "count", direction: "descending" },
  query: "",
  all: false,
});

class Row {
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

export class MunicipalityTable implements View {
  readonly element: HTMLElement;
  private readonly rows = new Map<string, Row>();
  private readonly body = h("tbody", { role: "rowgroup" });
  private readonly heads = new Map<Column, HTMLElement>();
  private readonly table: HTMLElement;
  private readonly more: HTMLButtonElement;
  private readonly found = h("p", { class: "hint found", role: "status" });
  private readonly none = h("p", { class: "hint", hidden: true });
  private readonly sortSelect: HTMLSelectElement;
  private readonly search: HTMLInputElement;
  private frame: Frame | undefined;

  constructor(
    private readonly context: Context,
    private readonly state: TableState,
  ) {
    const { t } = context;
    const { element, head, body } = card(t.municipalities, "municipalities");
    this.element = element;
    const searchId = uniqueId("search");
    this.search = h("input", {
      id: searchId,
      type: "search",
      value: state.query,
      placeholder: t.searchHint,
      autocomplete: "off",
      spellcheck: "false",
      input: () => {
        state.query = this.search.value;
        this.refresh();
      },
    });
    this.sortSelect = h("select", {
      change: () => {
        const column = this.sortSelect.value as Column;
        this.order({ column, direction: firstDirection(column) });
      },
    });
    this.sortSelect.append(
      ...COLUMNS.map((column) => h("option", { value: column }, t.column[column])),
    );
    const reverse = h("button", {
      type: "button",
      class: "round",
      "aria-label": t.reverse,
      title: t.reverse,
      click: () => this.order(toggled(state.order, state.order.column)),
    });
    reverse.append("⇅");
    head.append(
      h(
        "div",
        { class: "controls" },
        h("label", { class: "unseen", for: searchId }, t.search),
        this.search,
        h(
          "div",
          { class: "sort" },
          h("label", {}, h("span", {}, t.sortBy), this.sortSelect),
          reverse,
        ),
      ),
    );
    this.more = button("", () => {
      state.all = !state.all;
      this.refresh();
    });
    this.table = h(
      "table",
      { class: "rows", role: "table", "aria-label": t.municipalities },
      h("thead", { role: "rowgroup" }, this.makeHead()),
      this.body,
    );
    body.append(this.table, this.none, h("div", { class: "card-foot" }, this.found, this.more));
    this.markOrder();
  }

  private makeHead(): HTMLElement {
    const cells = COLUMNS.map((column) => {
      const label = this.context.t.column[column];
      const cell = h(
        "th",
        { role: "columnheader", scope: "col", class: `c-${column}` },
        h(
          "button",
          { type: "button", click: () => this.order(toggled(this.state.order, column)) },
          h("span", {}, label),
          icon("up"),
          icon("down"),
        ),
      );
      this.heads.set(column, cell);
      return cell;
    });
    return h("tr", { role: "row" }, ...cells);
  }

  private order(order: Order): void {
    this.state.order = order;
    this.markOrder();
    this.refresh();
  }

  private markOrder(): void {
    const { column, direction } = this.state.order;
    for (const [name, cell] of this.heads) {
      setAttribute(cell, "aria-sort", name === column ? direction : null);
    }
    this.sortSelect.value = column;
  }

  private refresh(): void {
    if (this.frame !== undefined) this.update(this.frame);
  }

  update(frame: Frame): void {
    this.frame = frame;
    const { t, f } = this.context;
    const { query, order, all } = this.state;
    const searching = query.trim() !== "";
    // A search finds municipalities without reports too, which are not listed otherwise.
    const candidates =
      searching && frame.snapshot !== undefined
        ? [...frame.municipalities, ...silentOnes(frame.snapshot, frame.catalogue)]
        : frame.municipalities;
    const found = sorted(matching(candidates, query), order);
    const shown = found.slice(0, all ? ROWS_MAX : FEW);
    const elements = shown.map((one) => {
      let row = this.rows.get(one.slug);
      if (row === undefined) {
        row = new Row(one.slug);
        this.rows.set(one.slug, row);
      }
      row.set(one, this.context, frame.serverNow);
      return row.element;
    });
    this.table.classList.toggle("all", all);
    arrange(this.body, elements);
    if (this.rows.size > ROWS_MAX) this.forget(shown);

    setHidden(this.none, !searching || found.length > 0);
    setText(this.none, searching ? t.noneFound(query.trim()) : "");
    setText(this.found, searching ? t.found(f.integer(found.length)) : "");
    setHidden(this.more, found.length <= FEW);
    setText(this.more, all ? t.showFewer : t.showAll(f.integer(found.length)));
  }

  private forget(shown: readonly Municipality[]): void {
    const kept = new Set(shown.map(({ slug }) => slug));
    for (const slug of this.rows.keys()) if (!kept.has(slug)) this.rows.delete(slug);
  }
}

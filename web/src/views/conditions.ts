// Reports by sky condition: a table whose bars are decoration, so it is its own twin.

import type { Context } from "../context.ts";
import { arrange, h, setText } from "../dom.ts";
import { icon } from "./icons.ts";
import { Bar, Figure } from "./parts.ts";

interface Row {
  element: HTMLElement;
  bar: Bar;
  count: Figure;
  share: HTMLElement;
}

export class Conditions {
  readonly element: HTMLElement;
  private readonly rows = new Map<string, Row>();
  private readonly body = h("tbody");
  private readonly table: HTMLElement;
  private readonly none: HTMLElement;

  constructor(private readonly context: Context) {
    const { t } = context;
    this.table = h(
      "table",
      { class: "bars" },
      h("caption", { class: "unseen" }, t.byCondition),
      h(
        "thead",
        { class: "unseen" },
        h(
          "tr",
          {},
          ...[t.condition, t.reports, t.share].map((text) => h("th", { scope: "col" }, text)),
        ),
      ),
      this.body,
    );
    this.none = h("p", { class: "hint" }, t.noConditions);
    this.element = h("div", {}, this.table, this.none);
  }

  private make(condition: string): Row {
    const bar = new Bar("condition");
    const count = new Figure();
    const share = h("td", { class: "number share" });
    const element = h(
      "tr",
      { "data-condition": condition },
      h("th", { scope: "row" }, icon(condition), this.context.weather(condition)),
      h("td", { class: "bar-cell" }, bar.element, count.element),
      share,
    );
    return { element, bar, count, share };
  }

  /** Most first; those without a report last, in the server's order. */
  set(counts: Record<string, number>): void {
    const { f } = this.context;
    const entries = Object.entries(counts).sort(([, a], [, b]) => b - a);
    const whole = entries.reduce((sum, [, count]) => sum + count, 0);
    const most = entries[0]?.[1] ?? 0;
    const shares = f.shares(entries.map(([, count]) => count));
    const elements = entries.map(([condition, count], index) => {
      let row = this.rows.get(condition);
      if (row === undefined) {
        row = this.make(condition);
        this.rows.set(condition, row);
      }
      row.bar.set(most === 0 ? 0 : count / most);
      row.count.set(f.integer(count), count);
      setText(row.share, shares[index] ?? "");
      return row.element;
    });
    arrange(this.body, elements);
    this.table.hidden = whole === 0;
    this.none.hidden = whole !== 0;
  }
}

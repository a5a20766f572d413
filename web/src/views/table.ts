// All municipalities: sortable, searchable. Rows are kept and reused, and a frame writes at most a few
// dozen, so that a thousand that all change make no pause; rows out of sight cost the browser no layout
// (content-visibility in table.css). The order is that of the newest snapshot, but rows do not move
// while the pointer or the keyboard's focus is among them.

import type { Context } from "../context.ts";
import { arrange, h, setAttribute, setHidden, setText } from "../dom.ts";
import type { Frame, View } from "../frame.ts";
import { type Municipality, silentOnes } from "../merge.ts";
import {
  COLUMNS,
  type Column,
  firstDirection,
  held,
  matching,
  type Order,
  sorted,
  toggled,
} from "../order.ts";
import { icon } from "./icons.ts";
import { button, card, uniqueId } from "./parts.ts";
import { Row } from "./row.ts";

const FEW = 20; // Rows before "show all".
const ROWS_A_FRAME = 40;
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
  private shown: readonly string[] = [];
  /** What is still to be written of the newest snapshot. */
  private pending: Municipality[] = [];
  private asked = false;

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

  /** After the visitor's own doing: the order they asked for, wherever the pointer is. */
  private refresh(): void {
    this.shown = [];
    if (this.frame !== undefined) this.update(this.frame);
  }

  private inUse(): boolean {
    const pointed = matchMedia("(hover: hover)").matches && this.body.matches(":hover");
    return pointed || this.body.contains(document.activeElement);
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
    const ordered = this.inUse() ? held(found, this.shown) : found;
    const shown = ordered.slice(0, all ? ROWS_MAX : FEW);
    this.shown = shown.map(({ slug }) => slug);
    this.table.classList.toggle("all", all);
    arrange(
      this.body,
      shown.map(({ slug }) => this.rowOf(slug).element),
    );
    if (this.rows.size > ROWS_MAX) this.forget(shown);
    this.pending = shown;
    this.write();

    setHidden(this.none, !searching || found.length > 0);
    setText(this.none, searching ? t.noneFound(query.trim()) : "");
    setText(this.found, searching ? t.found(f.integer(found.length)) : "");
    setHidden(this.more, found.length <= FEW);
    setText(this.more, all ? t.showFewer : t.showAll(f.integer(found.length)));
  }

  private rowOf(slug: string): Row {
    let row = this.rows.get(slug);
    if (row === undefined) {
      row = new Row(slug);
      this.rows.set(slug, row);
    }
    return row;
  }

  /** The next rows; the others in the frames to come. What a newer snapshot brings takes their place. */
  private write(): void {
    const serverNow = this.frame?.serverNow ?? Date.now();
    for (const one of this.pending.splice(0, ROWS_A_FRAME)) {
      this.rowOf(one.slug).set(one, this.context, serverNow);
    }
    if (this.pending.length === 0 || this.asked) return;
    this.asked = true;
    requestAnimationFrame(() => {
      this.asked = false;
      this.write();
    });
  }

  private forget(shown: readonly Municipality[]): void {
    const kept = new Set(shown.map(({ slug }) => slug));
    for (const slug of this.rows.keys()) if (!kept.has(slug)) this.rows.delete(slug);
  }
}

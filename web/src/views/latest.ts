// The latest reports of one municipality, as they arrive: asked for when its count has changed, at most
// every two seconds, and only while somebody looks.

import type { Context } from "../context.ts";
import { arrange, h, setHidden, setText } from "../dom.ts";
import { Poller } from "../poll.ts";
import type { Report } from "../wire.ts";
import { icon } from "./icons.ts";
import { card } from "./parts.ts";

const LIMITS = { intervalMs: 2_000, refreshMs: null, retryMs: 3_000 };
const SHOWN = 20;

export class LatestCard {
  readonly element: HTMLElement;
  private readonly body = h("tbody");
  private readonly message: HTMLElement;
  private readonly scroll: HTMLElement;
  private readonly rows = new Map<string, HTMLElement>();
  private readonly poller: Poller<Report[]>;
  private shown = false;

  constructor(
    private readonly context: Context,
    private readonly slug: string,
  ) {
    const { t } = context;
    const { element, body } = card(t.latest, "latest");
    this.element = element;
    this.message = h("p", { class: "hint" }, t.connectingLong);
    this.scroll = h(
      "div",
      {
        class: "scroll",
        hidden: true,
        tabindex: 0,
        role: "region",
        "aria-label": `${t.latest}, ${t.table}`,
      },
      h(
        "table",
        {},
        h("caption", { class: "unseen" }, t.latest),
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            ...[t.time, t.temperature, t.humidity, t.condition].map((text) =>
              h("th", { scope: "col" }, text),
            ),
          ),
        ),
        this.body,
      ),
    );
    body.append(this.scroll, this.message);
    this.poller = new Poller(LIMITS, (answer) => {
      if (answer.outcome === "ok") this.show(answer.value);
      else if (answer.outcome !== "aborted" && !this.shown) setText(this.message, t.unavailable);
    });
  }

  update(version: string): void {
    this.poller.poke(
      performance.now(),
      version,
      () => `/api/recent?municipality=${encodeURIComponent(this.slug)}&limit=${SHOWN}`,
    );
  }

  private show(reports: Report[]): void {
    const { t } = this.context;
    const first = !this.shown;
    this.shown = true;
    const ids = new Set(reports.map(({ id }) => id));
    for (const id of this.rows.keys()) if (!ids.has(id)) this.rows.delete(id);
    const elements = reports.map((report) => {
      let row = this.rows.get(report.id);
      if (row === undefined) {
        row = this.make(report);
        if (!first) row.classList.add("new");
        this.rows.set(report.id, row);
      }
      return row;
    });
    arrange(this.body, elements);
    setHidden(this.scroll, reports.length === 0);
    setText(this.message, reports.length === 0 ? t.noneLatest : t.latestHint);
  }

  private make(report: Report): HTMLElement {
    const { f, weather } = this.context;
    const condition = report.weather ?? null;
    return h(
      "tr",
      {},
      h("th", { scope: "row" }, f.clock(Date.parse(report.at))),
      h("td", {}, f.temperature(report.temperature ?? null)),
      h("td", {}, f.humidity(report.humidity ?? null)),
      h("td", {}, condition === null ? null : icon(condition), weather(condition)),
    );
  }

  dispose(): void {
    this.poller.restart();
  }
}

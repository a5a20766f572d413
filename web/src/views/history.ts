// Temperature and humidity of one municipality over time: period, two charts, their table, and what to say
// when there is nothing to draw.

import type { Answer } from "../api.ts";
import type { Context } from "../context.ts";
import { h, setHidden, setText } from "../dom.ts";
import type { Frame } from "../frame.ts";
import type { Municipality } from "../merge.ts";
import { Poller } from "../poll.ts";
import {
  historyPath,
  PERIODS,
  type Period,
  type SeriesMeasure,
  samplesOf,
  seriesOf,
} from "../series.ts";
import { emptyWindow } from "../window.ts";
import type { History } from "../wire.ts";
import type { Chart } from "./chart.ts";
import { button, card, choice, PlainTable, tableToggle } from "./parts.ts";

const LIMITS = { intervalMs: 5_000, refreshMs: 60_000, retryMs: 3_000 };

/** One measure's chart, with a line that tells what is under the pointer. */
class Panel {
  readonly element: HTMLElement;
  private readonly room: HTMLElement;
  private readonly readout = h("p", { class: "readout", "aria-hidden": "true" });
  private readonly none: HTMLElement;
  private chart: Chart | undefined;
  private loading = false;
  private history: History | undefined;

  constructor(
    private readonly context: Context,
    private readonly measure: SeriesMeasure,
  ) {
    const { t } = context;
    this.room = h("div", { class: "room", role: "img" });
    this.none = h("p", { class: "hint", hidden: true }, t.noSamples);
    this.element = h(
      "div",
      { class: `panel ${measure}` },
      h("div", { class: "panel-head" }, h("h3", {}, t[measure]), this.readout),
      this.room,
      this.none,
    );
  }

  set(history: History, label: string): void {
    this.history = history;
    this.room.setAttribute("aria-label", label);
    const drawn = samplesOf(history, this.measure).length > 0;
    setHidden(this.room, !drawn);
    setHidden(this.none, drawn);
    if (!drawn) return;
    if (this.chart === undefined) void this.load();
    else this.draw();
  }

  private async load(): Promise<void> {
    if (this.loading) return;
    this.loading = true;
    const { Chart } = await import("./chart.ts");
    this.loading = false;
    if (!this.room.isConnected) return;
    this.chart = new Chart(this.room, this.measure, this.context.f, (index) => this.point(index));
    this.draw();
  }

  private draw(): void {
    if (this.history === undefined) return;
    this.chart?.set(seriesOf(this.history, this.measure), {
      from: Date.parse(this.history.from) / 1000,
      to: Date.parse(this.history.to) / 1000,
    });
  }

  private point(index: number | null): void {
    const { f } = this.context;
    let text = "";
    if (index !== null && this.history !== undefined) {
      const { at, mean, min, max } = seriesOf(this.history, this.measure);
      const value = mean[index] ?? null;
      if (value !== null) {
        const range =
          this.measure === "temperature"
            ? f.temperatureRange(min[index] ?? null, max[index] ?? null)
            : f.humidityRange(min[index] ?? null, max[index] ?? null);
        text = `${f.minute((at[index] ?? 0) * 1000)} · ${f[this.measure](value)} (${range})`;
      }
    }
    setText(this.readout, text);
  }

  /** Colours are drawn, not styled: another theme needs another chart. */
  themed(): void {
    if (this.chart === undefined) return;
    this.dispose();
    void this.load();
  }

  dispose(): void {
    this.chart?.dispose();
    this.chart = undefined;
  }
}

export class HistoryCard {
  readonly element: HTMLElement;
  private readonly panels: Record<SeriesMeasure, Panel>;
  private readonly figure: HTMLElement;
  private readonly table: PlainTable;
  private readonly message = h("p", { class: "hint message" });
  private readonly messageBox: HTMLElement;
  private readonly widen: HTMLButtonElement;
  private readonly foot: HTMLElement;
  private readonly poller: Poller<History>;
  private history: History | undefined;
  private last: { frame: Frame; one: Municipality } | undefined;
  private period: Period = 1;

  constructor(
    private readonly context: Context,
    private readonly slug: string,
  ) {
    const { t } = context;
    const { element, head, body } = card(t.series, "history");
    this.element = element;
    this.poller = new Poller(LIMITS, (answer) => this.receive(answer));
    this.panels = {
      temperature: new Panel(context, "temperature"),
      humidity: new Panel(context, "humidity"),
    };
    this.figure = h(
      "div",
      { class: "panels" },
      this.panels.temperature.element,
      this.panels.humidity.element,
    );
    this.table = new PlainTable(context, t.series, [
      t.time,
      t.reports,
      ...[t.temperature, t.humidity].flatMap((measure) =>
        [t.mean, t.lowest, t.highest].map(
          (kind) => `${measure}: ${kind.toLocaleLowerCase(context.language)}`,
        ),
      ),
    ]);
    this.widen = button(t.widen, () => this.choose(24));
    this.messageBox = h("div", { class: "message-box" }, this.message, this.widen);
    this.foot = h(
      "div",
      { class: "card-foot" },
      h("p", { class: "hint" }, t.seriesKey),
      tableToggle({ table: t.asTable, chart: t.asChart }, this.figure, this.table.element, () =>
        this.fillTable(),
      ),
    );
    head.append(this.makeChoice());
    body.append(this.messageBox, this.figure, this.table.element, this.foot);
    this.tell(t.connectingLong);
  }

  private makeChoice(): HTMLElement {
    const { t } = this.context;
    return choice(
      t.period,
      "period",
      PERIODS.map((value) => ({ value, label: t.hours[value] })),
      this.period,
      (value) => this.choose(value),
    );
  }

  private choose(period: Period): void {
    this.period = period;
    for (const input of this.element.querySelectorAll<HTMLInputElement>("input[name=period]")) {
      input.checked = input.value === String(period);
    }
    this.history = undefined;
    this.poller.restart();
    if (this.last !== undefined) this.update(this.last.frame, this.last.one);
  }

  update(frame: Frame, one: Municipality): void {
    this.last = { frame, one };
    this.poller.poke(performance.now(), String(one.count), () =>
      historyPath(this.slug, this.period, frame.serverNow),
    );
  }

  private receive(answer: Answer<History>): void {
    const { t } = this.context;
    if (answer.outcome === "aborted") return;
    if (answer.outcome === "ok") {
      this.history = answer.value;
      this.show(answer.value);
    } else if (this.history === undefined) {
      this.tell(t.unavailable); // What was drawn before stays; the banner tells that it is old.
    }
  }

  private show(history: History): void {
    const { t } = this.context;
    const period = t.hoursLong[this.period];
    const empty = history.points.length === 0;
    const message = empty ? emptyWindow(this.context, this.period, history, this.last?.one) : "";
    this.tell(message, empty && this.period !== 24);
    if (empty) return;
    for (const measure of ["temperature", "humidity"] as const) {
      const label = t.seriesAlt(t[measure], period, this.last?.one.label ?? this.slug);
      this.panels[measure].set(history, label);
    }
    this.fillTable();
  }

  private tell(message: string, widen = false): void {
    setText(this.message, message);
    setHidden(this.messageBox, message === "");
    setHidden(this.widen, !widen);
    this.figure.classList.toggle("unseen-block", message !== "");
    this.table.element.classList.toggle("unseen-block", message !== "");
    setHidden(this.foot, message !== "");
  }

  private fillTable(): void {
    if (this.table.element.hidden || this.history === undefined) return;
    const { f } = this.context;
    this.table.set(
      this.history.points
        .toReversed()
        .map(({ at, count, temperature, humidity }) => [
          f.moment(Date.parse(at)),
          f.integer(count),
          f.temperature(temperature?.mean ?? null),
          f.temperature(temperature?.min ?? null),
          f.temperature(temperature?.max ?? null),
          f.humidity(humidity?.mean ?? null),
          f.humidity(humidity?.min ?? null),
          f.humidity(humidity?.max ?? null),
        ]),
    );
  }

  themed(): void {
    for (const panel of Object.values(this.panels)) panel.themed();
  }

  dispose(): void {
    this.poller.restart();
    for (const panel of Object.values(this.panels)) panel.dispose();
  }
}

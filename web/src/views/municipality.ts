// One municipality (#/m/chinautla): its figures, its course over time, its latest reports. Says what it
// can when the municipality is unknown, silent, or cannot be looked up.

import { type Answer, get } from "../api.ts";
import type { Context } from "../context.ts";
import { h, setHidden, setText } from "../dom.ts";
import type { Frame, View } from "../frame.ts";
import { type Catalogue, type Municipality, silent } from "../merge.ts";
import { hashOf } from "../route.ts";
import type { Figures, Place } from "../wire.ts";
import { Conditions } from "./conditions.ts";
import { invitation } from "./empty.ts";
import { HistoryCard } from "./history.ts";
import { icon } from "./icons.ts";
import { LatestCard } from "./latest.ts";
import { card, Tile, uniqueId } from "./parts.ts";

function tilesOf({ t }: Context) {
  return {
    temperature: new Tile(t.averageTemperature, "temperature"),
    humidity: new Tile(t.averageHumidity, "humidity"),
    most: new Tile(t.mostCommon, "most"),
    least: new Tile(t.leastCommon, "least"),
    count: new Tile(t.reports, "count"),
    last: new Tile(t.lastReport, "last"),
  };
}

/** The figures, charts and reports of a municipality that has reports. */
class Details implements View {
  readonly element: HTMLElement;
  private readonly tiles: ReturnType<typeof tilesOf>;
  private readonly single: HTMLElement;
  private readonly conditions: Conditions;
  private readonly history: HistoryCard;
  private readonly latest: LatestCard;

  constructor(
    private readonly context: Context,
    private readonly slug: string,
  ) {
    const { t } = context;
    this.tiles = tilesOf(context);
    this.single = h("p", { class: "banner single", hidden: true }, icon("info"), t.oneReport);
    this.conditions = new Conditions(context);
    this.history = new HistoryCard(context, slug);
    this.latest = new LatestCard(context, slug);
    const conditions = card(t.byCondition, "conditions");
    conditions.body.append(this.conditions.element);
    const figures = uniqueId("figures");
    this.element = h(
      "div",
      { class: "details" },
      this.single,
      h(
        "section",
        { class: "tiles figures", "aria-labelledby": figures },
        h("h2", { id: figures, class: "unseen" }, t.figures),
        ...Object.values(this.tiles).map((tile) => tile.element),
      ),
      h(
        "div",
        { class: "charts" },
        h("div", { class: "stack" }, this.history.element, conditions.element),
        this.latest.element,
      ),
    );
  }

  update(frame: Frame): void {
    const one = frame.municipalities.find(({ slug }) => slug === this.slug);
    if (one === undefined) return;
    this.showFigures(one, frame.serverNow);
    this.conditions.set(one.by_condition);
    this.history.update(frame, one);
    this.latest.update(String(one.count));
  }

  private showFigures(one: Municipality, serverNow: number): void {
    const { t, f, weather, reports } = this.context;
    const { temperature, humidity, most, least, count, last } = this.tiles;
    const ranges = one.extremes;
    temperature.figure.set(f.temperature(one.avg_temperature), one.avg_temperature);
    humidity.figure.set(f.humidity(one.avg_humidity), one.avg_humidity);
    const between = (range: string, known: boolean) => (known ? t.between(range) : "");
    const { min: coldest, max: hottest } = ranges.temperature;
    const { min: driest, max: dampest } = ranges.humidity;
    setText(
      temperature.hint,
      between(f.temperatureRange(coldest, hottest), coldest !== null && coldest !== hottest),
    );
    setText(
      humidity.hint,
      between(f.humidityRange(driest, dampest), driest !== null && driest !== dampest),
    );
    for (const [tile, condition] of [
      [most, one.most_common],
      [least, one.least_common],
    ] as const) {
      tile.figure.set(weather(condition), condition);
      const times = condition === null ? 0 : (one.by_condition[condition] ?? 0);
      setText(tile.hint, condition === null ? "" : reports(times));
    }
    count.figure.set(f.integer(one.count), one.count);
    const at = one.last_report_at === null ? null : Date.parse(one.last_report_at);
    last.figure.set(at === null ? "–" : f.ago(serverNow - at), at);
    setText(last.hint, at === null ? "" : f.moment(at));
    setHidden(this.single, one.count !== 1);
  }

  themed(): void {
    this.history.themed();
  }

  dispose(): void {
    this.history.dispose();
    this.latest.dispose();
  }
}

type Body =
  | { kind: "waiting" }
  | { kind: "details"; view: Details }
  | { kind: "silent"; name: string }
  | { kind: "unknown" }
  | { kind: "unavailable" };

const LOOK_UP_AGAIN_MS = 3_000;

export class MunicipalityView implements View {
  readonly element: HTMLElement;
  private readonly title = h("h1", { tabindex: -1 });
  private readonly department = h("p", { class: "hint department" });
  private readonly room = h("div");
  private body: Body = { kind: "waiting" };
  /** What the server says of a municipality that neither snapshot nor catalogue has. */
  private lookedUp: Answer<Place & Figures> | undefined;
  private lookedUpAt: number | undefined;
  private catalogue: Catalogue = new Map();

  constructor(
    private readonly context: Context,
    private readonly slug: string,
  ) {
    const { t } = context;
    setText(this.title, slug);
    this.room.append(h("p", { class: "waiting" }, t.checking));
    this.element = h(
      "div",
      { class: "municipality" },
      h("a", { class: "back", href: "#/" }, icon("back"), t.back),
      h("div", { class: "title" }, this.title, this.department),
      this.room,
    );
  }

  update(frame: Frame): void {
    const { snapshot, catalogue } = frame;
    this.catalogue = catalogue;
    const one = frame.municipalities.find(({ slug }) => slug === this.slug);
    const place = catalogue.get(this.slug);
    const known = one ?? (place === undefined ? undefined : silent(place));
    if (known !== undefined) {
      setText(this.title, known.label);
      setText(this.department, known.department ?? "");
    }
    if (one !== undefined) this.showDetails(frame);
    else if (place !== undefined && snapshot !== undefined)
      this.show({ kind: "silent", name: known?.label ?? this.slug });
    else if (snapshot !== undefined && frame.catalogueKnown) this.lookUp();
    else if (frame.link.phase !== "connecting") this.lookUp();
  }

  private showDetails(frame: Frame): void {
    if (this.body.kind !== "details") {
      this.show({ kind: "details", view: new Details(this.context, this.slug) });
    }
    if (this.body.kind === "details") this.body.view.update(frame);
  }

  private lookUp(): void {
    const now = performance.now();
    const settled = this.lookedUp?.outcome === "ok" || this.body.kind === "unknown";
    const early = this.lookedUpAt !== undefined && now - this.lookedUpAt < LOOK_UP_AGAIN_MS;
    if (settled || early) return;
    this.lookedUpAt = now;
    void get<Place & Figures>(`/api/municipalities/${encodeURIComponent(this.slug)}`).then(
      (answer) => {
        if (!this.element.isConnected || this.body.kind === "details") return;
        this.lookedUp = answer;
        if (answer.outcome === "ok") {
          // The server folds names: "Amatitlán" is at amatitlan.
          if (answer.value.slug !== this.slug) location.replace(hashOf(answer.value.slug));
          else this.show({ kind: "silent", name: answer.value.name ?? this.slug });
        } else if (answer.outcome === "problem" && answer.problem.status < 500) {
          this.show({ kind: "unknown" });
        } else {
          this.show({ kind: "unavailable" });
        }
      },
    );
  }

  private show(body: Body): void {
    if (body.kind === this.body.kind) return;
    if (this.body.kind === "details") this.body.view.dispose();
    this.body = body;
    this.room.replaceChildren(this.content(body));
  }

  private content(body: Body): HTMLElement {
    const { t } = this.context;
    switch (body.kind) {
      case "details":
        return body.view.element;
      case "silent":
        return invitation(this.context, t.silentTitle(body.name), t.silentLead, this.slug);
      case "unknown":
        return this.unknown();
      case "unavailable":
        return h("p", { class: "waiting" }, t.unavailable);
      case "waiting":
        return h("p", { class: "waiting" }, t.checking);
    }
  }

  private unknown(): HTMLElement {
    const { t } = this.context;
    const allowed =
      this.lookedUp?.outcome === "problem" ? (this.lookedUp.problem.allowed ?? []) : [];
    const links = allowed.map((slug) =>
      h("li", {}, h("a", { href: hashOf(slug) }, this.catalogue.get(slug)?.name ?? slug)),
    );
    return h(
      "section",
      { class: "card invitation" },
      h("h2", {}, t.noSuchTitle(this.slug)),
      links.length > 0 && h("p", {}, t.didYouMean),
      links.length > 0 && h("ul", { class: "suggestions" }, ...links),
      h("p", {}, h("a", { href: "#/" }, t.back)),
    );
  }

  themed(): void {
    if (this.body.kind === "details") this.body.view.themed();
  }

  dispose(): void {
    if (this.body.kind === "details") this.body.view.dispose();
  }
}

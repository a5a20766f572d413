// "Now" and "extremes": what a glance shall find.

import type { Context } from "../context.ts";
import { h, setAttribute, setHidden, setText } from "../dom.ts";
import type { Frame, View } from "../frame.ts";
import { holder, newestReport } from "../merge.ts";
import { hashOf } from "../route.ts";
import { icon } from "./icons.ts";
import { PlainTable, Tile, tableToggle, uniqueId } from "./parts.ts";
import { Sparkline } from "./sparkline.ts";

export function nowTiles(context: Context): View {
  const { t, f } = context;
  const id = uniqueId("now");
  const spark = new Sparkline(context);
  const table = new PlainTable(context, t.rateChart, [t.time, t.reportsPerSecond]);
  const toggle = tableToggle(
    { table: t.asTable, chart: t.asChart },
    spark.element,
    table.element,
    () => {
      showTable();
    },
  );
  const total = new Tile(t.totalReports, "total");
  const rate = new Tile(t.reportsPerSecond, "rate", spark.element, table.element, toggle);
  const reporting = new Tile(t.reporting, "reporting");
  const last = new Tile(t.lastReport, "last");
  let frame: Frame | undefined;

  // The table is that of the moment at which it was asked for: one that runs cannot be read.
  function showTable(): void {
    if (table.element.hidden || frame === undefined) return;
    const offset = frame.serverNow - performance.now();
    table.set(
      frame.rates.samples
        .toReversed()
        .map(({ at, perSecond }) => [f.clock(at + offset), f.rate(perSecond)]),
    );
  }

  return {
    element: h(
      "section",
      { class: "tiles now", "aria-labelledby": id },
      h("h2", { id, class: "unseen" }, t.now),
      total.element,
      rate.element,
      reporting.element,
      last.element,
    ),
    update(next) {
      frame = next;
      const { snapshot, rates, municipalities, catalogue, serverNow } = next;
      if (snapshot === undefined) return;
      total.figure.set(f.integer(snapshot.total_processed), snapshot.total_processed);
      setText(total.hint, t.asOf(f.clock(snapshot.timestamp * 1000)));
      const perSecond = next.link.phase === "live" ? rates.current() : null;
      rate.figure.set(perSecond === null ? "–" : f.rate(perSecond), perSecond);
      spark.set(rates.samples, performance.now());
      reporting.figure.set(f.integer(municipalities.length), municipalities.length);
      const ofKnown = municipalities.length === 1 ? t.oneOfKnown : t.ofKnown;
      setText(reporting.hint, catalogue.size > 0 ? ofKnown(f.integer(catalogue.size)) : "");
      const newest = newestReport(municipalities);
      last.figure.set(newest === null ? "–" : f.ago(serverNow - newest), newest);
      setText(last.hint, newest === null ? "" : f.moment(newest));
    },
  };
}

export function extremeTiles(context: Context): View {
  const { t, f } = context;
  const id = uniqueId("extremes");
  const ends = [
    { label: t.hottest, measure: "temperature", end: "max" },
    { label: t.coldest, measure: "temperature", end: "min" },
    { label: t.mostHumid, measure: "humidity", end: "max" },
    { label: t.driest, measure: "humidity", end: "min" },
  ] as const;
  const tiles = ends.map(({ label, measure, end }) => {
    const tile = new Tile(label, `${measure}-${end}`);
    const marked = h("span", { class: "marked" }, icon(end === "max" ? "up" : "down"));
    tile.figure.element.replaceWith(marked);
    marked.append(tile.figure.element);
    const where = h("a", { class: "where" });
    tile.hint.append(where);
    return { tile, where, measure, end };
  });
  return {
    element: h(
      "section",
      { class: "tiles extremes", "aria-labelledby": id },
      h("h2", { id, class: "unseen" }, t.extremes),
      ...tiles.map(({ tile }) => tile.element),
    ),
    update({ snapshot, municipalities }) {
      if (snapshot === undefined) return;
      for (const { tile, where, measure, end } of tiles) {
        const value = snapshot.extremes[measure][end];
        tile.figure.set(f[measure](value), value);
        const holding = holder(municipalities, measure, end);
        setHidden(where, holding === null);
        if (holding === null) continue;
        setText(where, holding.municipality.label);
        setAttribute(where, "href", hashOf(holding.municipality.slug));
      }
    },
  };
}

// Average temperature and humidity by municipality as bars, for those with most reports. A table whose
// bars are decoration; the large table below has all municipalities.

import type { Context } from "../context.ts";
import { arrange, h, setText } from "../dom.ts";
import type { View } from "../frame.ts";
import type { Municipality } from "../merge.ts";
import { hashOf } from "../route.ts";
import { Bar, card, Figure } from "./parts.ts";

const SHOWN_MAX = 16; // Where there is little room, charts.css shows half of them.
const SHOWN_FEW = 8;
const TEMPERATURE_FULL = 40; // °C of a full bar; more where it is hotter.

interface Row {
  element: HTMLElement;
  name: HTMLElement;
  temperature: Figure;
  temperatureBar: Bar;
  humidity: Figure;
  humidityBar: Bar;
}

function makeRow(slug: string): Row {
  const name = h("a", { href: hashOf(slug) });
  const [temperature, humidity] = [new Figure(), new Figure()];
  const [temperatureBar, humidityBar] = [new Bar("temperature"), new Bar("humidity")];
  const element = h(
    "tr",
    { "data-slug": slug },
    h("th", { scope: "row" }, name),
    h("td", { class: "bar-cell" }, temperatureBar.element, temperature.element),
    h("td", { class: "bar-cell" }, humidityBar.element, humidity.element),
  );
  return { element, name, temperature, temperatureBar, humidity, humidityBar };
}

function mostReported(municipalities: readonly Municipality[]): Municipality[] {
  return [...municipalities]
    .sort((a, b) => b.count - a.count || (a.slug < b.slug ? -1 : 1))
    .slice(0, SHOWN_MAX);
}

export function averages(context: Context): View {
  const { t, f } = context;
  const { element, body } = card(t.averages, "averages");
  const hint = h("p", { class: "hint" });
  const rowsBody = h("tbody");
  let rows = new Map<string, Row>();
  body.append(
    h(
      "table",
      { class: "bars" },
      h("caption", { class: "unseen" }, t.averages),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          h("th", { scope: "col" }, h("span", { class: "unseen" }, t.column.name)),
          h("th", { scope: "col" }, t.temperature),
          h("th", { scope: "col" }, t.humidity),
        ),
      ),
      rowsBody,
    ),
    hint,
  );
  return {
    element,
    update({ municipalities }) {
      const shown = mostReported(municipalities);
      const warmest = Math.max(...shown.map((one) => one.avg_temperature ?? 0), TEMPERATURE_FULL);
      const kept = new Map<string, Row>();
      for (const one of shown) {
        const row = rows.get(one.slug) ?? makeRow(one.slug);
        kept.set(one.slug, row);
        setText(row.name, one.label);
        row.temperature.set(f.temperature(one.avg_temperature), one.avg_temperature);
        row.temperatureBar.set((one.avg_temperature ?? 0) / warmest);
        row.humidity.set(f.humidity(one.avg_humidity), one.avg_humidity);
        row.humidityBar.set((one.avg_humidity ?? 0) / 100);
      }
      rows = kept;
      arrange(
        rowsBody,
        [...kept.values()].map((row) => row.element),
      );
      setText(hint, municipalities.length > SHOWN_FEW ? t.averagesTop : t.averagesAll);
    },
  };
}

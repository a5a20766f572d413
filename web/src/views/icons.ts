// Icons as SVG, drawn with the text's colour. Decoration: what they mean stands beside them as text.

import { svg } from "../dom.ts";

const CLOUD = "M7 18h10a4 4 0 0 0 .6-7.95A6 6 0 0 0 6.1 11 3.6 3.6 0 0 0 7 18z";
const HIGH_CLOUD = "M7 14.5h10a3.8 3.8 0 0 0 .6-7.55A5.8 5.8 0 0 0 6.3 7.9 3.4 3.4 0 0 0 7 14.5z";

const SHAPES: Record<string, string> = {
  sunny:
    "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4",
  cloudy: CLOUD,
  rainy: `${HIGH_CLOUD}M8.5 17.5l-1 3M12.5 17.5l-1 3M16.5 17.5l-1 3`,
  foggy: "M4 8h11M8 12h12M4 16h12M11 20h7M18 8h2",
  stormy: `${HIGH_CLOUD}M12.5 15l-2.5 3.5h4L11.5 22`,
  windy:
    "M3 9h11a2.7 2.7 0 1 0-2.7-2.7M3 13h15.5a2.7 2.7 0 1 1-2.7 2.7M3 17h7.5a2.2 2.2 0 1 1-2.2 2.2",
  snowy: `${HIGH_CLOUD}M8 18.5v.1M12 18v.1M16 18.5v.1M10 21.5v.1M14 21.5v.1`,
  other: "M12 5.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13z",
  up: "M12 19V5M6 11l6-6 6 6",
  down: "M12 5v14M6 13l6 6 6-6",
  back: "M19 12H5M11 6l-6 6 6 6",
  auto: "M12 3.5a8.5 8.5 0 1 0 0 17zM12 3.5a8.5 8.5 0 0 1 0 17",
  light:
    "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4",
  dark: "M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z",
  info: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 11v5.5M12 7.7v.1",
  table: "M4 5.5h16v13H4zM4 10h16M4 14.3h16M10 5.5v13",
  chart: "M4 4v16h16M7.5 15l3.5-4.5 3 2.5 4.5-6",
  alert: "M12 4 2.8 19.5h18.4zM12 10v4.5M12 17v.1",
};

export function icon(name: string): SVGSVGElement {
  return svg(
    "svg",
    {
      class: `icon icon-${name in SHAPES ? name : "other"}`,
      viewBox: "0 0 24 24",
      "aria-hidden": "true",
      focusable: "false",
    },
    svg("path", { d: SHAPES[name] ?? SHAPES["other"] ?? "" }),
  );
}

export function drop(): SVGSVGElement {
  return svg(
    "svg",
    { class: "drop", viewBox: "0 0 32 32", "aria-hidden": "true", focusable: "false" },
    svg("rect", { width: 32, height: 32, rx: 8 }),
    svg("path", {
      class: "drop-water",
      d: "M16 5c4.6 5.6 7.5 9.4 7.5 13.2a7.5 7.5 0 0 1-15 0C8.5 14.4 11.4 10.6 16 5z",
    }),
    svg("path", { class: "drop-glyph", d: "M12.2 18.6h2.6v2.6h2.4v-2.6h2.6" }),
  );
}

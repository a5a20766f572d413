// The last two minutes' reports per second as an area, drawn anew for each snapshot: at most SAMPLES_MAX
// points. Its table twin is a button away.

import type { Context } from "../context.ts";
import { setAttribute, svg } from "../dom.ts";
import { type RateSample, SAMPLES_MAX } from "../rates.ts";

const WIDTH = 240;
const HEIGHT = 48;
const SPAN_MS = SAMPLES_MAX * 1000;
const SPAN_MIN_MS = 20_000; // A page just opened shows what it has over this time, at least.

export class Sparkline {
  readonly element: SVGSVGElement;
  private readonly line = svg("path", { class: "spark-line" });
  private readonly area = svg("path", { class: "spark-area" });

  constructor(context: Context) {
    this.element = svg(
      "svg",
      {
        class: "spark",
        viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
        preserveAspectRatio: "none",
        role: "img",
        "aria-label": context.t.rateChart,
      },
      this.area,
      this.line,
    );
  }

  set(samples: readonly RateSample[], now: number): void {
    const top = Math.max(...samples.map(({ perSecond }) => perSecond), 1);
    const span = Math.min(Math.max(now - (samples[0]?.at ?? now), SPAN_MIN_MS), SPAN_MS);
    const points = samples.map(({ at, perSecond }) => {
      const x = Math.max(WIDTH * (1 - (now - at) / span), 0);
      return `${x.toFixed(1)},${(HEIGHT - 2 - (perSecond / top) * (HEIGHT - 6)).toFixed(1)}`;
    });
    const first = points[0]?.split(",")[0] ?? "0";
    const last = points.at(-1)?.split(",")[0] ?? "0";
    const drawn = points.length > 1;
    setAttribute(this.line, "d", drawn ? `M${points.join("L")}` : "");
    setAttribute(
      this.area,
      "d",
      drawn ? `M${first},${HEIGHT}L${points.join("L")}L${last},${HEIGHT}z` : "",
    );
  }
}

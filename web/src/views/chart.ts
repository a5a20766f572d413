// One time series with uPlot: the mean as a line, lowest to highest as a band. Loaded when a municipality
// is looked at. A picture; its table twin is beside it.

import uPlot from "uplot";
import type { Formats } from "../format.ts";
import type { Series, SeriesMeasure } from "../series.ts";

const HEIGHT_REM = 11;
const SPAN_MIN = { temperature: 4, humidity: 10 }; // A calm series looks calm.

export interface Window {
  from: number;
  to: number;
}

/** A token of tokens.css as a colour that a canvas understands. */
function colourOf(token: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${token})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

export class Chart {
  private readonly plot: uPlot;
  private readonly resized: ResizeObserver;
  private window: Window = { from: 0, to: 1 };

  constructor(
    private readonly room: HTMLElement,
    measure: SeriesMeasure,
    formats: Formats,
    pointed: (index: number | null) => void,
  ) {
    const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
    const font = `${Math.round(0.75 * rem)}px system-ui, sans-serif`;
    const line = colourOf(`--${measure}`);
    const axis = { stroke: colourOf("--muted"), font, ticks: { show: false } };
    const grid = { stroke: colourOf("--line"), width: 1 };
    const span = SPAN_MIN[measure];
    this.plot = new uPlot(
      {
        width: Math.max(room.clientWidth, 1),
        height: Math.round(HEIGHT_REM * rem),
        legend: { show: false },
        cursor: { y: false, drag: { x: false, y: false } },
        scales: {
          x: { range: () => [this.window.from, this.window.to] },
          y: {
            range: (_plot, low, high) => {
              if (low === null || high === null) return [0, 1];
              const room = Math.max((span - (high - low)) / 2, (high - low) * 0.08);
              return [low - room, high + room];
            },
          },
        },
        axes: [
          {
            ...axis,
            grid: { show: false },
            space: 5 * rem,
            size: 1.75 * rem,
            values: (_plot, ticks) => ticks.map((tick) => formats.minute(tick * 1000)),
          },
          {
            ...axis,
            grid,
            space: 2.5 * rem,
            size: 4 * rem,
            values: (_plot, ticks) => ticks.map((tick) => formats[measure](tick)),
          },
        ],
        series: [
          {},
          { width: 0, points: { show: false } },
          { width: 0, points: { show: false } },
          { stroke: line, width: 2, points: { size: 5, fill: line } },
        ],
        bands: [{ series: [1, 2], fill: colourOf(`--${measure}-band`) }],
        hooks: { setCursor: [({ cursor }) => pointed(cursor.idx ?? null)] },
      },
      [[], [], [], []],
      room,
    );
    this.resized = new ResizeObserver(() => this.resize());
    this.resized.observe(room);
  }

  private resize(): void {
    const width = this.room.clientWidth;
    if (width > 0 && width !== this.plot.width) {
      this.plot.setSize({ width, height: this.plot.height });
    }
  }

  set(series: Series, window: Window): void {
    this.window = window;
    this.plot.setData([series.at, series.max, series.min, series.mean]);
  }

  dispose(): void {
    this.resized.disconnect();
    this.plot.destroy();
  }
}

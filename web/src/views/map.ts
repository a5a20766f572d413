// The map of Guatemala: departments and municipalities coloured by a measure. A picture for the eye
// and the pointer; its table twin, and the table of municipalities, are for the keyboard and for
// screen readers. Only what changed is touched.

import type { Context } from "../context.ts";
import { h, setAttribute, setHidden, setText, setVariable, svg } from "../dom.ts";
import type { Frame, View } from "../frame.ts";
import { type Department, type Municipality, slugOf } from "../merge.ts";
import { hashOf } from "../route.ts";
import { MEASURES, type Measure, type Scale, STEPS, scaleFor, stepOf } from "../scale.ts";
import { atlas, type Box, positionOf, WHOLE, withMargin } from "./atlas.ts";
import { button, card, choice, PlainTable, tableToggle } from "./parts.ts";

const POINT_RADIUS = 9; // Units of the whole country's map.
const REACH_PX = 14; // How far from a point the pointer may be to mean it.

interface Point {
  element: SVGCircleElement;
  x: number;
  y: number;
  municipality: Municipality;
}

export class GuatemalaMap implements View {
  readonly element: HTMLElement;
  private readonly picture: SVGSVGElement;
  private readonly shapes = new Map<string, SVGPathElement>();
  private readonly pointLayer = svg("g", { class: "points" });
  private readonly silent = svg("path", { class: "silent" });
  private readonly points = new Map<string, Point>();
  private readonly tip = h("div", { class: "tip", hidden: true, "aria-hidden": "true" });
  private readonly legend = h("ol", { class: "legend", "aria-hidden": "true" });
  private readonly legendTitle = h("p", { class: "hint" });
  private readonly table: PlainTable;
  private readonly whole: HTMLButtonElement;
  private readonly figure: HTMLElement;
  private measure: Measure = "temperature";
  private view: Box = WHOLE;
  private frame: Frame | undefined;
  private placesDrawn: unknown;

  constructor(private readonly context: Context) {
    const { t } = context;
    const { element, head, body } = card(t.map, "map");
    this.element = element;
    this.picture = this.draw();
    this.table = new PlainTable(context, t.map, [
      t.department,
      t.temperature,
      t.humidity,
      t.reports,
      t.municipalities,
    ]);
    this.whole = button(t.wholeCountry, () => this.show(WHOLE), "quiet whole");
    this.whole.hidden = true;
    this.figure = h(
      "div",
      { class: "map-figure" },
      h("div", { class: "map-frame" }, this.picture, this.tip, this.whole),
      this.legendTitle,
      this.legend,
    );
    const toggle = tableToggle(
      { table: t.asTable, chart: t.asMap },
      this.figure,
      this.table.element,
      () => this.fillTable(),
    );
    head.append(
      choice(
        t.colourBy,
        "map-measure",
        MEASURES.map((value) => ({ value, label: t.measure[value] })),
        this.measure,
        (value) => {
          this.measure = value;
          if (this.frame !== undefined) this.update(this.frame);
        },
      ),
    );
    body.append(
      this.figure,
      this.table.element,
      h("div", { class: "card-foot" }, h("p", { class: "hint" }, t.mapHint), toggle),
    );
  }

  private draw(): SVGSVGElement {
    const land = svg("g", { class: "land" });
    for (const { slug, path } of atlas.departments) {
      const shape = svg("path", { d: path });
      this.shapes.set(slug, shape);
      land.append(shape);
    }
    const picture = svg(
      "svg",
      { viewBox: WHOLE.join(" "), role: "img", "aria-label": this.context.t.map },
      land,
      this.silent,
      this.pointLayer,
    );
    picture.addEventListener("pointermove", (event) => this.point(event));
    picture.addEventListener("pointerleave", () => setHidden(this.tip, true));
    picture.addEventListener("click", (event) => this.click(event));
    return picture;
  }

  private show(box: Box): void {
    this.view = box;
    this.picture.setAttribute("viewBox", box.join(" "));
    setHidden(this.whole, box === WHOLE);
    for (const { element } of this.points.values()) element.setAttribute("r", this.radius());
    setVariable(this.picture as unknown as HTMLElement, "--zoom", (box[2] / WHOLE[2]).toFixed(3));
  }

  /** A point grows while the map does, though less. */
  private radius(): string {
    return (POINT_RADIUS * (this.view[2] / WHOLE[2]) ** 0.8).toFixed(2);
  }

  update(frame: Frame): void {
    this.frame = frame;
    const { municipalities, departments, catalogue } = frame;
    if (this.placesDrawn !== catalogue) {
      this.placesDrawn = catalogue;
      const dots = [...catalogue.values()].map(positionOf).filter((place) => place !== null);
      this.silent.setAttribute("d", dots.map(([x, y]) => `M${x},${y}h0`).join(""));
    }
    const placed = municipalities.filter((one) => positionOf(one) !== null);
    // Hidden by a class: the overview hides the whole of what needs reports by the attribute.
    const useless = placed.length === 0 && this.nothingToPlace(frame);
    this.element.classList.toggle("unseen-block", useless);

    const values = [
      ...placed.map((one) => this.valueOf(one)),
      ...departments.map((one) => this.valueOf(one)),
    ];
    const scale = scaleFor(
      this.measure,
      values.filter((value) => value !== null),
    );
    this.picture.dataset["measure"] = this.measure;
    this.colourLand(departments, scale);
    this.colourPoints(placed, scale);
    this.fillLegend(scale);
    const { t, f } = this.context;
    setAttribute(
      this.picture,
      "aria-label",
      t.mapAlt(t.measure[this.measure], f.integer(departments.length)),
    );
    this.fillTable();
  }

  /** Another country's catalogue: our map would only be empty. */
  private nothingToPlace({ catalogue, catalogueKnown }: Frame): boolean {
    return catalogueKnown && ![...catalogue.values()].some((place) => positionOf(place) !== null);
  }

  private valueOf(one: Municipality | Department): number | null {
    if (this.measure === "reports") return one.count;
    if ("slug" in one) {
      return this.measure === "temperature" ? one.avg_temperature : one.avg_humidity;
    }
    return one[this.measure];
  }

  private colour(element: SVGElement, value: number | null, scale: Scale | null): void {
    setAttribute(
      element,
      "data-step",
      value === null || scale === null ? null : String(stepOf(scale, value)),
    );
  }

  private colourLand(departments: readonly Department[], scale: Scale | null): void {
    const bySlug = new Map(departments.map((one) => [slugOf(one.name), one]));
    for (const [slug, shape] of this.shapes) {
      const department = bySlug.get(slug);
      this.colour(shape, department === undefined ? null : this.valueOf(department), scale);
    }
  }

  private colourPoints(placed: readonly Municipality[], scale: Scale | null): void {
    const seen = new Set<string>();
    for (const municipality of placed) {
      seen.add(municipality.slug);
      const [x, y] = positionOf(municipality) ?? [0, 0];
      let point = this.points.get(municipality.slug);
      if (point === undefined) {
        const element = svg("circle", { cx: x, cy: y, r: this.radius() });
        point = { element, x, y, municipality };
        this.points.set(municipality.slug, point);
        this.pointLayer.append(element);
      }
      point.municipality = municipality;
      this.colour(point.element, this.valueOf(municipality), scale);
    }
    for (const [slug, { element }] of this.points) {
      if (seen.has(slug)) continue;
      element.remove();
      this.points.delete(slug);
    }
  }

  private fillLegend(scale: Scale | null): void {
    const { t, f } = this.context;
    setText(this.legendTitle, t.legend[this.measure]);
    this.legend.dataset["measure"] = this.measure;
    setHidden(this.legend, scale === null);
    if (scale === null) return;
    for (let step = 0; step < STEPS; step++) {
      const item =
        this.legend.children[step] ?? this.legend.appendChild(h("li", { "data-step": step }));
      const bound = scale[step] ?? 0;
      setText(item, this.measure === "reports" ? f.compact(bound) : f.integer(bound));
    }
  }

  private fillTable(): void {
    if (this.table.element.hidden || this.frame === undefined) return;
    const { f } = this.context;
    this.table.set(
      this.frame.departments.map((one) => [
        one.name,
        f.temperature(one.temperature),
        f.humidity(one.humidity),
        f.integer(one.count),
        f.integer(one.municipalities),
      ]),
    );
  }

  /** What is under the pointer: the nearest municipality within reach, else a department. */
  private under(event: MouseEvent): { point?: Point; department?: string } {
    const matrix = this.picture.getScreenCTM();
    if (matrix === null) return {};
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
    let nearest: Point | undefined;
    let distance = (REACH_PX / matrix.a) ** 2;
    for (const point of this.points.values()) {
      const far = (point.x - x) ** 2 + (point.y - y) ** 2;
      if (far < distance) [nearest, distance] = [point, far];
    }
    if (nearest !== undefined) return { point: nearest };
    for (const [slug, shape] of this.shapes)
      if (shape === event.target) return { department: slug };
    return {};
  }

  private point(event: PointerEvent): void {
    const { point, department } = this.under(event);
    const { f, t, reports } = this.context;
    const known = this.frame?.departments.find(({ name }) => slugOf(name) === department);
    let lines: string[] = [];
    if (point !== undefined) {
      const { label, avg_temperature, avg_humidity, count } = point.municipality;
      const figures = `${f.temperature(avg_temperature)} · ${f.humidity(avg_humidity)}`;
      lines = [label, figures, reports(count)];
    } else if (known !== undefined) {
      const figures = `${f.temperature(known.temperature)} · ${f.humidity(known.humidity)}`;
      lines = [known.name, figures, reports(known.count)];
    } else if (department !== undefined) {
      lines = [this.nameOf(department), t.noData];
    }
    this.picture.classList.toggle("aims", point !== undefined);
    setHidden(this.tip, lines.length === 0);
    if (lines.length === 0) return;
    this.tip.replaceChildren(
      ...lines.map((text, index) => h(index === 0 ? "b" : "span", {}, text)),
    );
    const frame = this.picture.getBoundingClientRect();
    const x = event.clientX - frame.left;
    setVariable(this.tip, "--x", `${Math.round(x)}px`);
    setVariable(this.tip, "--y", `${Math.round(event.clientY - frame.top)}px`);
    this.tip.classList.toggle("left", x > frame.width / 2);
  }

  private nameOf(department: string): string {
    for (const place of this.frame?.catalogue.values() ?? []) {
      if (place.department !== null && slugOf(place.department) === department) {
        return place.department;
      }
    }
    return department;
  }

  private click(event: MouseEvent): void {
    const { point, department } = this.under(event);
    if (point !== undefined) {
      location.hash = hashOf(point.municipality.slug);
      return;
    }
    const found = atlas.departments.find(({ slug }) => slug === department);
    if (found === undefined) return;
    const box = withMargin(found.box);
    this.show(box.join() === this.view.join() ? WHOLE : box);
  }
}

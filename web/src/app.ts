// The page as a whole: one stream, one view, one rendering for each snapshot. Nothing is rendered while
// nobody looks; what runs by the clock runs once a second.

import { get } from "./api.ts";
import { type Context, contextFor } from "./context.ts";
import { h, setText } from "./dom.ts";
import { type Frame, Frames, type View } from "./frame.ts";
import type { Phase } from "./link.ts";
import { catalogueOf } from "./merge.ts";
import { Rates } from "./rates.ts";
import { parseRoute } from "./route.ts";
import { applyTheme, storedLanguage, storedTheme, storeLanguage, storeTheme } from "./settings.ts";
import { Stream } from "./stream.ts";
import { banners, warningText } from "./views/banners.ts";
import { header } from "./views/header.ts";
import { MunicipalityView } from "./views/municipality.ts";
import { overview } from "./views/overview.ts";
import { initialTableState } from "./views/table.ts";
import type { Place } from "./wire.ts";

const ANNOUNCE_EVERY_MS = 60_000; // A screen reader hears the figures no more often.
const CATALOGUE_RETRY_MS = 5_000;
const CLOCK_MS = 1_000; // Ages grow, and what was asked in vain is asked again, without snapshots too.
const RECENT_MS = 900;

export class App {
  private context: Context;
  private readonly rates = new Rates();
  private readonly frames = new Frames(this.rates);
  private readonly stream: Stream;
  private readonly tableState = initialTableState();
  private readonly main = h("main", { id: "content", tabindex: -1 });
  private readonly status = h("p", { class: "unseen", role: "status" });
  private top: View[] = [];
  private view: View | undefined;
  private asked = false;
  private renderedAt = 0;
  private announced: { at: number; phase: Phase } = {
    at: Number.NEGATIVE_INFINITY,
    phase: "connecting",
  };

  constructor(private readonly root: HTMLElement) {
    this.context = contextFor(storedLanguage(), navigator.languages);
    this.stream = new Stream((snapshot) => {
      if (snapshot !== undefined) this.rates.add(performance.now(), snapshot.total_processed);
      this.ask();
    });
  }

  start(): void {
    applyTheme(storedTheme());
    this.build();
    this.stream.start();
    void this.loadCatalogue();
    addEventListener("hashchange", () => this.route(true));
    document.addEventListener("visibilitychange", () => this.ask());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.themed());
    setInterval(() => {
      if (performance.now() - this.renderedAt >= RECENT_MS) this.ask();
    }, CLOCK_MS);
  }

  /** One rendering at the next frame, however often it is asked for. */
  private ask(): void {
    if (this.asked || document.hidden) return;
    this.asked = true;
    requestAnimationFrame(() => {
      this.asked = false;
      this.render();
    });
  }

  private render(): void {
    this.renderedAt = performance.now();
    const frame = this.frames.make(this.stream.link, this.stream.latest, this.renderedAt);
    const dated = frame.link.phase === "stale" || frame.link.phase === "lost";
    this.main.classList.toggle("dated", dated);
    for (const view of this.top) view.update(frame);
    this.view?.update(frame);
    this.announce(frame);
  }

  /** A change of the connection at once; the figures at most once a minute. */
  private announce(frame: Frame): void {
    const { link, snapshot, municipalities } = frame;
    const { t, f } = this.context;
    const changed = link.phase !== this.announced.phase;
    const now = performance.now();
    if (!changed && now - this.announced.at < ANNOUNCE_EVERY_MS) return;
    if (link.phase === "connecting") return;
    this.announced = { at: now, phase: link.phase };
    const figures =
      snapshot === undefined
        ? ""
        : t.announce(f.integer(snapshot.total_processed), f.integer(municipalities.length));
    const state = changed ? `${t.phase[link.phase]}. ` : "";
    setText(this.status, state + (warningText(this.context, frame) || figures));
  }

  private async loadCatalogue(): Promise<void> {
    const answer = await get<Place[]>("/api/municipalities?all=true");
    if (answer.outcome === "ok") {
      this.frames.catalogue = catalogueOf(answer.value);
      this.frames.catalogueKnown = true;
      this.ask();
    } else {
      setTimeout(() => void this.loadCatalogue(), CATALOGUE_RETRY_MS);
    }
  }

  private build(): void {
    const { t, language } = this.context;
    document.documentElement.lang = language;
    const bar = header(this.context, {
      theme: storedTheme(),
      switchLanguage: () => this.switchLanguage(),
      setTheme: (theme) => {
        storeTheme(theme);
        applyTheme(theme);
        this.themed();
      },
    });
    const notes = banners(this.context);
    this.top = [bar, notes];
    this.root.replaceChildren(
      h(
        "a",
        { class: "skip", href: "#content", click: (event: Event) => this.skip(event) },
        t.skip,
      ),
      bar.element,
      notes.element,
      this.main,
      this.footer(),
      this.status,
    );
    this.route(false);
  }

  private footer(): HTMLElement {
    const { t } = this.context;
    const data = ["/docs", "/stats", "/averages", "/api/municipalities"];
    return h(
      "footer",
      {},
      h("p", {}, t.forgotten),
      h("p", {}, `${t.raw}: `, ...data.flatMap((path) => [h("a", { href: path }, path), " "])),
      h("p", {}, t.sources),
    );
  }

  /** The address's fragment is the route, so the skip link must not change it. */
  private skip(event: Event): void {
    event.preventDefault();
    this.main.focus();
  }

  private route(moved: boolean): void {
    const { t } = this.context;
    const route = parseRoute(location.hash);
    this.view?.dispose?.();
    if (route.view === "overview") this.view = overview(this.context, this.tableState);
    else if (route.view === "municipality")
      this.view = new MunicipalityView(this.context, route.slug);
    else this.view = this.nowhere();
    document.title = route.view === "municipality" ? `${route.slug} · Chaac` : t.title;
    this.main.replaceChildren(this.view.element);
    this.render();
    if (!moved) return;
    scrollTo(0, 0);
    const heading = this.main.querySelector<HTMLElement>("h1[tabindex]") ?? this.main;
    heading.focus({ preventScroll: true });
  }

  private nowhere(): View {
    const { t } = this.context;
    const element = h(
      "section",
      { class: "card invitation" },
      h("h1", { tabindex: -1 }, t.unknownTitle),
      h("p", {}, t.unknownLead),
      h("p", {}, h("a", { href: "#/" }, t.back)),
    );
    return { element, update: () => {} };
  }

  private switchLanguage(): void {
    const language = this.context.language === "es" ? "en" : "es";
    storeLanguage(language);
    this.context = contextFor(language, navigator.languages);
    this.build();
    this.root.querySelector<HTMLElement>("header button")?.focus();
  }

  private themed(): void {
    if (this.view instanceof MunicipalityView) this.view.themed();
  }
}

// The connection to /api/stream. EventSource reconnects by itself after most failures; this makes
// up for the others (an error status ends it for good, a dead peer is never noticed), and gives the
// connection back while nobody looks.

import { advance, begin, isDead, type Link, type LinkEvent, retryAfterMs } from "./link.ts";
import type { Snapshot, Stale } from "./wire.ts";

const TICK_MS = 1_000;
const LEAVE_AFTER_HIDDEN_MS = 30_000; // Looking elsewhere for a moment costs no reconnection.

export interface Received {
  snapshot: Snapshot;
  /** performance.now() at its arrival. */
  at: number;
}

export class Stream {
  link: Link = begin(performance.now());
  latest: Received | undefined;
  staleDetail = "";
  private source: EventSource | undefined;
  private attempt = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private leave: ReturnType<typeof setTimeout> | undefined;
  /** The newest message that came while nobody looked: one text, read when somebody does. */
  private unread: { data: string; at: number } | undefined;

  /** `changed` is called after a snapshot, and when the state is another. */
  constructor(private readonly changed: (snapshot: Snapshot | undefined) => void) {}

  start(): void {
    setInterval(() => this.tick(), TICK_MS);
    document.addEventListener("visibilitychange", () => this.visibilityChanged());
    this.open();
  }

  private open(): void {
    clearTimeout(this.retry);
    this.source?.close();
    const source = new EventSource("/api/stream");
    this.source = source;
    this.advance({ kind: "opening", at: performance.now() });
    source.addEventListener("snapshot", (event) => this.snapshot(event.data as string));
    source.addEventListener("stale", (event) => {
      this.staleDetail = (JSON.parse(event.data as string) as Stale).detail;
      this.unread = undefined;
      this.advance({ kind: "stale", at: performance.now() });
    });
    source.addEventListener("error", () => this.failed());
  }

  private snapshot(data: string): void {
    const at = performance.now();
    this.attempt = 0;
    this.link = advance(this.link, { kind: "snapshot", at });
    if (document.hidden) this.unread = { data, at };
    else this.take(data, at);
  }

  private take(data: string, at: number): void {
    this.unread = undefined;
    const snapshot = JSON.parse(data) as Snapshot;
    this.latest = { snapshot, at };
    this.changed(snapshot);
  }

  private failed(): void {
    this.advance({ kind: "failed", at: performance.now() });
    if (this.source?.readyState !== EventSource.CLOSED) return; // It tries again by itself.
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.open(), retryAfterMs(this.attempt, Math.random()));
    this.attempt += 1;
  }

  private tick(): void {
    if (document.hidden) return;
    const at = performance.now();
    this.advance({ kind: "tick", at });
    if (this.source !== undefined && isDead(this.link, at)) {
      this.advance({ kind: "failed", at });
      this.open();
    }
  }

  private advance(event: LinkEvent): void {
    const before = this.link.phase;
    this.link = advance(this.link, event);
    if (this.link.phase !== before) this.changed(undefined);
  }

  private visibilityChanged(): void {
    clearTimeout(this.leave);
    if (document.hidden) {
      this.leave = setTimeout(() => {
        clearTimeout(this.retry);
        this.source?.close();
        this.source = undefined;
      }, LEAVE_AFTER_HIDDEN_MS);
    } else if (this.source === undefined || this.source.readyState === EventSource.CLOSED) {
      this.open();
    } else if (this.unread !== undefined) {
      this.take(this.unread.data, this.unread.at);
    }
  }
}

// The state of the connection to the stream: a machine without I/O or clock. Times are milliseconds of
// one monotonic clock, given by the caller.

/** Connecting: nothing yet. Live: figures are current. Stale: the server cannot read its store, or
 * says nothing. Lost: there is no connection; it is being made anew. */
export type Phase = "connecting" | "live" | "stale" | "lost";

export interface Link {
  phase: Phase;
  /** When this phase began. */
  since: number;
  /** The last word of the server, or when the connection was asked for. */
  heardAt: number;
}

export type LinkEvent =
  | { kind: "opening" | "snapshot" | "stale" | "failed"; at: number }
  | { kind: "tick"; at: number };

export const SILENT_AFTER_MS = 5_000; // The server sends something every second.
export const REOPEN_AFTER_MS = 12_000; // Silent for that long: the connection is taken for dead.

export function begin(at: number): Link {
  return { phase: "connecting", since: at, heardAt: at };
}

function enter(link: Link, phase: Phase, at: number, heardAt: number): Link {
  return { phase, since: phase === link.phase ? link.since : at, heardAt };
}

export function advance(link: Link, event: LinkEvent): Link {
  switch (event.kind) {
    case "snapshot":
      return enter(link, "live", event.at, event.at);
    case "stale":
      return enter(link, "stale", event.at, event.at);
    case "failed":
      return enter(link, "lost", event.at, link.heardAt);
    case "opening": // A new attempt gets its time; the phase tells what is known meanwhile.
      return { ...link, heardAt: event.at };
    case "tick":
      if (event.at - link.heardAt >= SILENT_AFTER_MS && link.phase === "live") {
        return enter(link, "stale", event.at, link.heardAt);
      }
      return link;
  }
}

/** Whether the connection says nothing although it seems to be open. */
export function isDead(link: Link, at: number): boolean {
  return at - link.heardAt >= REOPEN_AFTER_MS;
}

const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 10_000;

/** The wait before attempt `attempt` (from 0); `chance` in 0..1 spreads many pages out. */
export function retryAfterMs(attempt: number, chance: number): number {
  const full = Math.min(RETRY_FIRST_MS * 2 ** attempt, RETRY_MAX_MS);
  return full * (0.75 + chance / 2);
}

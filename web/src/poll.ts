// When to ask the server again for what the stream does not carry. The decision is pure; Poller acts on
// it when it is poked, which the page does once a second while somebody looks, so it needs no timer.

import { type Answer, get } from "./api.ts";

export interface PollLimits {
  /** At most one request in this time. */
  intervalMs: number;
  /** Asked again after this time though nothing is new; null: never. */
  refreshMs: number | null;
  retryMs: number;
}

export interface PollState {
  /** When the last request was sent; null before the first. */
  askedAt: number | null;
  /** What was known to be the newest then. */
  version: string | null;
  failed: boolean;
}

export function isDue(state: PollState, limits: PollLimits, now: number, version: string): boolean {
  if (state.askedAt === null) return true;
  const passed = now - state.askedAt;
  if (state.failed) return passed >= limits.retryMs;
  if (state.version !== version) return passed >= limits.intervalMs;
  return limits.refreshMs !== null && passed >= limits.refreshMs;
}

export class Poller<T> {
  private state: PollState = { askedAt: null, version: null, failed: false };
  private request: AbortController | undefined;

  constructor(
    private readonly limits: PollLimits,
    private readonly receive: (answer: Answer<T>) => void,
  ) {}

  poke(now: number, version: string, path: () => string): void {
    if (this.request !== undefined || !isDue(this.state, this.limits, now, version)) return;
    this.state = { ...this.state, askedAt: now, version };
    void this.ask(path());
  }

  private async ask(path: string): Promise<void> {
    const request = new AbortController();
    this.request = request;
    const answer = await get<T>(path, request.signal);
    if (this.request !== request) return; // Begun anew meanwhile.
    this.request = undefined;
    this.state.failed = answer.outcome !== "ok";
    this.receive(answer);
  }

  /** Forgets all; the next poke asks at once. */
  restart(): void {
    this.request?.abort();
    this.request = undefined;
    this.state = { askedAt: null, version: null, failed: false };
  }
}

// Requests to the server. Every outcome is a value; nothing is thrown but bugs.

import type { Problem } from "./wire.ts";

export type Answer<T> =
  | { outcome: "ok"; value: T }
  /** The server refused, and said why. */
  | { outcome: "problem"; problem: Problem }
  /** No answer, or one that is not from Chaac. */
  | { outcome: "unreachable" }
  | { outcome: "aborted" };

const TIMEOUT_MS = 10_000; // Above the server's own limit for its store.

export async function get<T>(path: string, signal?: AbortSignal): Promise<Answer<T>> {
  const limits = [AbortSignal.timeout(TIMEOUT_MS), ...(signal === undefined ? [] : [signal])];
  try {
    const response = await fetch(path, {
      headers: { Accept: "application/json" },
      signal: AbortSignal.any(limits),
    });
    const value: unknown = await response.json();
    if (response.ok) return { outcome: "ok", value: value as T };
    return isProblem(value) ? { outcome: "problem", problem: value } : { outcome: "unreachable" };
  } catch {
    return signal?.aborted ? { outcome: "aborted" } : { outcome: "unreachable" };
  }
}

function isProblem(value: unknown): value is Problem {
  return typeof value === "object" && value !== null && "status" in value && "detail" in value;
}

// What to say of a window of time without reports. Pure.

import type { Context } from "./context.ts";
import type { Municipality } from "./merge.ts";
import type { Period } from "./series.ts";
import type { History } from "./wire.ts";

/**
 * Which window was asked for, and when the newest report arrived, which tells whether a longer one helps. A newest
 * report that is not before the window explains nothing: then the next answer has it.
 */
export function emptyWindow(
  { t, f }: Context,
  period: Period,
  { from, to }: Pick<History, "from" | "to">,
  one: Pick<Municipality, "label" | "last_report_at"> | undefined,
): string {
  const begin = Date.parse(from);
  const empty = t.emptyWindow(t.hoursLong[period], f.span(begin, Date.parse(to)));
  const newest = Date.parse(one?.last_report_at ?? "");
  if (one === undefined || !(newest < begin)) return empty;
  return `${empty} ${t.newestOf(one.label, f.moment(newest))}`;
}

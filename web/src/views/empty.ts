// A line to try where there is nothing to see yet.

import type { Context } from "../context.ts";
import { h } from "../dom.ts";
import { curlLine } from "./parts.ts";

export const FIRST_MUNICIPALITY = "mixco";

export function invitation(
  context: Context,
  title: string,
  lead: string,
  municipality: string,
): HTMLElement {
  return h(
    "section",
    { class: "card invitation" },
    h("h2", {}, title),
    h("p", {}, lead),
    curlLine(context, municipality),
  );
}

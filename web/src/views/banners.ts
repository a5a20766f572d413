// What must be said about the figures: where they come from (the operator's notice), and that they are not
// current.

import type { Context } from "../context.ts";
import { h, setHidden, setText } from "../dom.ts";
import type { Frame, View } from "../frame.ts";
import { icon } from "./icons.ts";

export function warningText(context: Context, frame: Frame): string {
  const { t, f } = context;
  const { snapshot, link } = frame;
  const time = snapshot === undefined ? null : f.clock(snapshot.timestamp * 1000);
  if (link.phase === "stale") return time === null ? t.staleNothing : t.staleLong(time);
  if (link.phase === "lost") return time === null ? t.lostNothing : t.lostLong(time);
  return "";
}

export function banners(context: Context): View {
  const noticeText = h("span");
  const notice = h(
    "p",
    { class: "banner notice", role: "note", hidden: true },
    icon("info"),
    noticeText,
  );
  const warningBody = h("span");
  const warning = h("p", { class: "banner warning", hidden: true }, icon("alert"), warningBody);
  return {
    element: h("section", { class: "banners", "aria-label": context.t.notice }, notice, warning),
    update(frame) {
      const told = frame.snapshot?.notice ?? "";
      setText(noticeText, told);
      setHidden(notice, told === "");
      const warned = warningText(context, frame);
      setText(warningBody, warned);
      setHidden(warning, warned === "");
    },
  };
}

// The first view: now, extremes, map, conditions, averages, all municipalities; or, with an empty store,
// a line to try.

import type { Context } from "../context.ts";
import { h, setHidden } from "../dom.ts";
import type { View } from "../frame.ts";
import { averages } from "./averages.ts";
import { Conditions } from "./conditions.ts";
import { FIRST_MUNICIPALITY, invitation } from "./empty.ts";
import { GuatemalaMap } from "./map.ts";
import { card } from "./parts.ts";
import { MunicipalityTable, type TableState } from "./table.ts";
import { extremeTiles, nowTiles } from "./tiles.ts";

export function overview(context: Context, tableState: TableState): View {
  const { t } = context;
  const now = nowTiles(context);
  const extremes = extremeTiles(context);
  const map = new GuatemalaMap(context);
  const means = averages(context);
  const table = new MunicipalityTable(context, tableState);
  const conditions = new Conditions(context);
  const conditionCard = card(t.byCondition, "conditions");
  conditionCard.body.append(conditions.element);
  const empty = invitation(context, t.emptyTitle, t.emptyLead, FIRST_MUNICIPALITY);
  const waiting = h("p", { class: "waiting" }, t.connectingLong);
  const bars = h("div", { class: "stack" }, conditionCard.element, means.element);
  const withReports = [extremes.element, map.element, bars, table.element];
  const element = h(
    "div",
    { class: "overview single" },
    h("h1", { class: "unseen" }, t.title),
    waiting,
    now.element,
    empty,
    ...withReports,
  );
  return {
    element,
    update(frame) {
      const { snapshot } = frame;
      const isEmpty = snapshot !== undefined && frame.municipalities.length === 0;
      setHidden(waiting, snapshot !== undefined || frame.link.phase !== "connecting");
      setHidden(now.element, snapshot === undefined);
      setHidden(empty, !isEmpty);
      for (const element of withReports) setHidden(element, snapshot === undefined || isEmpty);
      element.classList.toggle("single", snapshot === undefined || isEmpty);
      now.update(frame);
      if (snapshot === undefined || isEmpty) return;
      extremes.update(frame);
      map.update(frame);
      conditions.set(snapshot.counts_by_weather);
      means.update(frame);
      table.update(frame);
    },
  };
}

// The page's top: name, state of the connection, language, theme. The state is a word and a shape, not
// only a colour; changes of it are announced by app.ts.

import type { Context } from "../context.ts";
import { h, setAttribute, setText } from "../dom.ts";
import type { Frame, View } from "../frame.ts";
import type { Theme } from "../settings.ts";
import { drop, icon } from "./icons.ts";

export interface HeaderActions {
  theme: Theme;
  switchLanguage(): void;
  setTheme(theme: Theme): void;
}

const NEXT_THEME: Record<Theme, Theme> = { auto: "light", light: "dark", dark: "auto" };

function themeButton(context: Context, actions: HeaderActions): HTMLButtonElement {
  let theme = actions.theme;
  const element = h("button", { type: "button", class: "round" });
  const show = () => {
    element.replaceChildren(icon(theme));
    element.setAttribute("aria-label", context.t.theme[theme]);
    element.title = context.t.theme[theme];
  };
  element.addEventListener("click", () => {
    theme = NEXT_THEME[theme];
    actions.setTheme(theme);
    show();
  });
  show();
  return element;
}

export function header(context: Context, actions: HeaderActions): View {
  const { t } = context;
  const state = h("span", { class: "state-text" }, t.phase.connecting);
  const pill = h("span", { class: "state", "data-phase": "connecting" }, h("i"), state);
  const other = context.language === "es" ? "en" : "es";
  const element = h(
    "header",
    { class: "top" },
    h(
      "a",
      { class: "brand", href: "#/" },
      drop(),
      h("span", {}, h("b", {}, "Chaac"), h("span", { class: "subtitle" }, t.subtitle)),
    ),
    pill,
    h(
      "nav",
      { class: "tools", "aria-label": "Chaac" },
      h("a", { class: "quiet docs-link", href: "/docs" }, t.docs),
      h(
        "button",
        {
          type: "button",
          class: "round",
          lang: other,
          "aria-label": `${other.toUpperCase()}: ${t.otherLanguage}`,
          title: t.otherLanguage,
          click: () => actions.switchLanguage(),
        },
        other.toUpperCase(),
      ),
      themeButton(context, actions),
    ),
  );
  return {
    element,
    update({ link }: Frame) {
      setAttribute(pill, "data-phase", link.phase);
      setText(state, t.phase[link.phase]);
    },
  };
}

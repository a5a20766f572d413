// Sets the theme and the language that were chosen on an earlier visit, before the first paint.
// Runs in the head of each document; the rest is in settings.ts, which knows the same two names.
(() => {
  const root = document.documentElement;
  try {
    const theme = localStorage.getItem("chaac.theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    const language = localStorage.getItem("chaac.language");
    if (language === "es" || language === "en") root.dataset.language = language;
  } catch {
    // Storage may be forbidden; then nothing was chosen.
  }
})();
